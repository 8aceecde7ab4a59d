import { heldBack, mutedUntil } from './held-back.ts';
import {
  type Timing,
  flushForRepeat,
  flushNow,
  flushSoon,
  tickFrom,
  timingOf,
} from './schedule-flush.ts';
import { type Draft, change, changeMember, closeIfEmpty, leave } from './shard-draft.ts';
import type { Group, PageEnd } from './shard-state.ts';
import { steer } from './steer.ts';
import { type PageLog, type PageReason, whyPage } from './why-page.ts';

/** A group as it is now. */
interface Survey {
  readonly firing: Set<string>;
  readonly resolved: Set<string>;
  /** Those of which nobody is told: resolved ones that are held back, and what no route leads here. */
  readonly untold: string[];
  /** What was held back before and is not any more, although it had been paged. */
  ended: 'silence_ended' | 'mute_ended' | null;
  /** When a mute time may end. */
  untilMs: number;
  /** Until when the first of those waits that may be told elsewhere. */
  waitsMs: number;
  /** Of those that are resolved one may have been told as firing. */
  mayBeTold: boolean;
}

/**
 * Looks at a group whose time has come: pages if there is a reason, and forgets the alerts that are
 * over and of which all has been told.
 */
export function flushGroup(draft: Draft, key: string): void {
  const group = draft.groups.get(key);
  if (group === undefined || group.inFlight !== null) return;
  change(draft, key, { flushedAtMs: draft.nowMs, flushAtMs: null });
  const survey = surveyOf(draft, group);
  const timing = timingOf(draft.configuration, group);
  const reason = reasonOf(group, survey, timing, draft.nowMs);
  drop(draft, key, survey.untold);
  if (reason !== null) page(draft, key, reason, survey, timing);
  else drop(draft, key, [...survey.resolved]);
  // While all is held back nothing can be due, and while a page is out it is not known from when.
  if (reason === null && survey.firing.size > 0) flushForRepeat(draft, key);
  const isNew = group.log === null && survey.firing.size === 0;
  const waitsMs = isNew
    ? survey.waitsMs
    : tickFrom(draft.nowMs, timing.groupIntervalMs, survey.waitsMs);
  const soonestMs = Math.min(survey.untilMs, waitsMs);
  const flushAtMs = Math.min(draft.groups.get(key)?.flushAtMs ?? Infinity, soonestMs);
  change(draft, key, { flushAtMs: flushAtMs === Infinity ? null : flushAtMs });
}

function surveyOf(draft: Draft, group: Group): Survey {
  const survey: Survey = {
    ...{ firing: new Set(), resolved: new Set(), untold: [] },
    ...{ ended: null, untilMs: Infinity, waitsMs: Infinity, mayBeTold: false },
  };
  const known = new Set(group.log?.firing);
  for (const [fingerprint, member] of group.members) {
    const held = draft.alerts.get(fingerprint);
    if (held === undefined) continue;
    const mayBeKnown = known.has(fingerprint) || member.mayBeTold === true;
    const heldBy = heldBack(draft, held.alert.labels, member.routes);
    if (heldBy !== member.heldBy) {
      changeMember(draft, group.key, fingerprint, { ...member, heldBy });
    }
    if (held.isEnded || member.isOver) {
      // To end an incident pages nobody: it is told whatever holds pages back.
      const isTold = heldBy === null || (group.destination.kind === 'policy' && mayBeKnown);
      if (isTold) {
        survey.resolved.add(fingerprint);
        survey.mayBeTold ||= member.mayBeTold === true;
      } else survey.untold.push(fingerprint);
    } else if (member.routes.length === 0 && !mayBeKnown) {
      // A page that was on its way as the routes became others has not arrived.
      survey.untold.push(fingerprint);
    } else if ((member.notBeforeMs ?? 0) > draft.nowMs) {
      survey.waitsMs = Math.min(survey.waitsMs, member.notBeforeMs ?? Infinity);
    } else if (heldBy === null) {
      survey.firing.add(fingerprint);
      steer(draft, fingerprint);
      const before = member.heldBy;
      if (known.has(fingerprint) && before === 'silence') survey.ended = 'silence_ended';
      if (known.has(fingerprint) && before === 'mute') survey.ended ??= 'mute_ended';
    } else if (heldBy === 'mute') {
      survey.untilMs = Math.min(survey.untilMs, mutedUntil(draft, member.routes));
    }
  }
  return survey;
}

function reasonOf(
  { log, members, destination }: Group,
  survey: Survey,
  timing: Timing,
  nowMs: number,
): PageReason | null {
  const reason = whyPage(log, survey, timing, nowMs);
  if (reason === 'all_resolved' || reason === 'some_resolved') {
    // All that was paged is held back, and nothing has been resolved: there is nothing to tell.
    return survey.firing.size + survey.resolved.size === 0 ? null : reason;
  }
  // Where no route leads any more, only the end of what was paged is told.
  const isLed = [...survey.firing].some((one) => (members.get(one)?.routes.length ?? 0) > 0);
  const isEndTold = survey.mayBeTold && (timing.sendResolved || destination.kind === 'policy');
  if (!isLed) return isEndTold && survey.firing.size > 0 ? 'some_resolved' : null;
  return reason === 'repeat_interval' ? (survey.ended ?? reason) : (reason ?? survey.ended);
}

function page(
  draft: Draft,
  key: string,
  reason: PageReason,
  { firing, resolved }: Survey,
  { sendResolved }: Timing,
): void {
  const group = draft.groups.get(key);
  if (group === undefined) return;
  const said: PageLog = { firing: [...firing], resolved: [...resolved], atMs: draft.nowMs };
  const { destination, isStorm } = group;
  const tellsResolved = sendResolved || destination.kind === 'policy';
  if (firing.size === 0 && !tellsResolved) return told(draft, key, said);
  draft.pages += 1;
  const pageKey = `${key}/${draft.nowMs}/${draft.pages}`;
  change(draft, key, { inFlight: { ...said, key: pageKey, reason } });
  draft.out.pages.push({
    ...{ key: pageKey, group: key, destination, isStorm, reason, firing: said.firing },
    resolved: tellsResolved ? said.resolved : [],
  });
}

/** What came of a page: it is in the log once it has arrived, and due again if it has not. */
export function paged(
  draft: Draft,
  { key: pageKey, hasArrived, isCalledOff = false, mayHaveArrived = false }: PageEnd,
): void {
  const key = pageKey.split('/')[0] ?? '';
  const inFlight = draft.groups.get(key)?.inFlight ?? null;
  if (inFlight === null || inFlight.key !== pageKey) return;
  change(draft, key, { inFlight: null });
  if (hasArrived || mayHaveArrived) markTold(draft, key, inFlight.firing, !hasArrived);
  if (!hasArrived && mayHaveArrived) doubtFiring(draft, key, inFlight.resolved);
  if (hasArrived) {
    const { firing, resolved, atMs } = inFlight;
    told(draft, key, { firing, resolved, atMs });
    flushForRepeat(draft, key);
  } else if (isCalledOff) {
    flushNow(draft, key);
  } else {
    flushSoon(draft, key);
  }
  closeIfEmpty(draft, key);
}

/** What has arrived is in the log; of what may have, each alert remembers it. */
function markTold(draft: Draft, key: string, firing: readonly string[], mayBeTold: boolean): void {
  for (const fingerprint of firing) {
    const member = draft.groups.get(key)?.members.get(fingerprint);
    if (member === undefined || (member.mayBeTold ?? false) === mayBeTold) continue;
    const { mayBeTold: _, ...rest } = member;
    changeMember(draft, key, fingerprint, mayBeTold ? { ...rest, mayBeTold } : rest);
  }
}

/** Its end may have been told: if one of them fires again, that is news, and if not, its end is. */
function doubtFiring(draft: Draft, key: string, resolved: readonly string[]): void {
  const log = draft.groups.get(key)?.log ?? null;
  if (log === null || resolved.length === 0) return;
  const ended = new Set(resolved);
  const doubted = log.firing.filter((one) => ended.has(one));
  change(draft, key, { log: { ...log, firing: log.firing.filter((one) => !ended.has(one)) } });
  markTold(draft, key, doubted, true);
}

function told(draft: Draft, key: string, log: PageLog): void {
  change(draft, key, { log });
  for (const fingerprint of log.resolved) {
    const held = draft.alerts.get(fingerprint);
    const isOver = draft.groups.get(key)?.members.get(fingerprint)?.isOver === true;
    // It may fire again since.
    if (isOver || held?.isEnded === true) leave(draft, fingerprint, key);
  }
}

/**
 * Forgets alerts that are over and of which nobody is told. They are taken out of the log too: when
 * one fires again, that is news.
 */
function drop(draft: Draft, key: string, fingerprints: readonly string[]): void {
  if (fingerprints.length === 0) return;
  const log = draft.groups.get(key)?.log ?? null;
  if (log !== null) {
    const gone = new Set(fingerprints);
    change(draft, key, { log: { ...log, firing: log.firing.filter((one) => !gone.has(one)) } });
  }
  for (const fingerprint of fingerprints) leave(draft, fingerprint, key);
}
