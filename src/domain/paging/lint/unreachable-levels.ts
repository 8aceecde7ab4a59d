import { type Roster, planLevel } from '../../escalation/plan-level.ts';
import { SEVERITIES } from '../../escalation/severity.ts';
import type { PolicySnapshot } from '../../escalation/snapshot.ts';
import { shownAt, whenShown } from '../../oncall/zone-clock.ts';
import type { TimeOfDay } from '../../release/gate-time.schema.ts';
import type { Paging } from '../paging-file.ts';
import { rosterOf } from '../roster.ts';
import { snapshotOf } from '../snapshot-of.ts';
import type { Finding } from './finding.ts';

const NO_TURN = { first: 0, taken: {} };

/** A pattern of weekdays has shown all of itself by then. */
const DAYS = 8;

/** Levels and overrides that no round ever goes by, whatever the severity and the hour. */
export function unreachableLevels(paging: Paging, nowMs: number): readonly Finding[] {
  const roster = rosterOf(paging);
  return Object.keys(paging.policies).flatMap((name) => {
    const policy = snapshotOf(paging, name);
    return policy === undefined ? [] : inPolicy(roster, policy, nowMs);
  });
}

function inPolicy(roster: Roster, policy: PolicySnapshot, nowMs: number): readonly Finding[] {
  const { name, overrides } = policy;
  const hours = roster.hoursOf(name) ?? roster.businessHours;
  const times = timesOf(roster, hours, nowMs);
  const held = chosenBy(roster, withoutWaiting(policy), times);
  const begun = chosenBy(roster, policy, times);
  const path = ['policies', name];
  const found: Finding[] = [];
  const tell = (rest: readonly (string | number)[], message: string): void => {
    const place = [...path, ...rest];
    found.push({ severity: 'error', rule: 'unreachable-level', path: place, message });
  };
  const ownLevels = [...begun].some((index) => index === null || !hasLevels(policy, index));
  if (!ownLevels) {
    tell(
      ['levels'],
      'no round goes by these levels: at every severity and hour an override with levels of its ' +
        'own holds: narrow one of the overrides, or move the levels of one here',
    );
  }
  for (const [index, { levels, repeat, hours: when }] of overrides.entries()) {
    if (!held.has(index)) {
      tell(['overrides', index], `never holds: ${whyNever(when, hours.length > 0, times)}`);
    } else if (!begun.has(index) && (levels !== undefined || repeat !== undefined)) {
      tell(
        ['overrides', index, levels === undefined ? 'repeat' : 'levels'],
        'is never used: it waits for business hours, and when they begin, hours: outside does not ' +
          'hold any more: leave hours out, or write an override with hours: inside for it',
      );
    }
  }
  return found;
}

function hasLevels({ overrides }: PolicySnapshot, index: number): boolean {
  return overrides[index]?.levels !== undefined;
}

function withoutWaiting(policy: PolicySnapshot): PolicySnapshot {
  return {
    ...policy,
    overrides: policy.overrides.map((one) => ({ ...one, waitFor: undefined })),
  };
}

interface Times {
  readonly insideMs: number;
  /** Undefined: it is always business. */
  readonly outsideMs: number | undefined;
}

/** What a round goes by depends on nothing but the severity and whether it is business hours. */
function timesOf(roster: Roster, hours: readonly TimeOfDay[], nowMs: number): Times {
  if (hours.length === 0) return { insideMs: nowMs, outsideMs: undefined };
  const opensAt = (atMs: number): number =>
    Math.min(...hours.map((one) => roster.opensAt(one, atMs)));
  const outsideMs = [nowMs, ...hours.flatMap((one) => closings(one, nowMs))].find(
    (atMs) => opensAt(atMs) > atMs,
  );
  return { insideMs: opensAt(nowMs), outsideMs };
}

/** When these hours end, on each of the next days: some of it is outside, or nothing ever is. */
function closings({ toMinuteOfDay, timezone }: TimeOfDay, nowMs: number): readonly number[] {
  const midnight = shownAt(nowMs, timezone).round({ smallestUnit: 'day', roundingMode: 'floor' });
  return Array.from({ length: DAYS }, (_, days) =>
    whenShown(midnight.add({ days, minutes: toMinuteOfDay }), timezone, 'last'),
  );
}

/** The overrides by which some round begins; null, none of them. */
function chosenBy(
  roster: Roster,
  policy: PolicySnapshot,
  { insideMs, outsideMs }: Times,
): ReadonlySet<number | null> {
  const chosen = new Set<number | null>();
  for (const atMs of outsideMs === undefined ? [insideMs] : [insideMs, outsideMs]) {
    for (const severity of SEVERITIES) {
      const request = { policy, severity, round: 1, level: 1, override: null, turn: NO_TURN };
      const planned = planLevel(roster, request, atMs);
      if (planned.kind === 'level') chosen.add(planned.override);
    }
  }
  return chosen;
}

function whyNever(
  when: 'inside' | 'outside' | undefined,
  hasHours: boolean,
  { outsideMs }: Times,
): string {
  if (when === 'outside' && !hasHours) {
    return 'there are no business_hours, so that it is always inside them: write business_hours';
  }
  if (when === 'outside' && outsideMs === undefined) {
    return 'business_hours have no end: shorten them, or take this override out';
  }
  return 'an override before it always holds where this one would: move this one up, or take it out';
}
