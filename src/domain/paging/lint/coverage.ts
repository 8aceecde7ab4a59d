import type { Level } from '../../escalation/policy.schema.ts';
import { gapsBetween } from '../../oncall/on-call.ts';
import { REMARKS_AHEAD_MS, remarksOnSchedule } from '../../oncall/schedule-remarks.ts';
import { type Span, joined, within } from '../../oncall/span.ts';
import { timeText } from '../../oncall/zone-clock.ts';
import { formatDuration } from '../../quantity.ts';
import type { Paging } from '../paging-file.ts';
import type { Finding } from './finding.ts';
import { coursesOf } from './levels-of.ts';

/** When nobody is on call within the next 90 days, and what schedules hold that does nothing. */
export function lintCoverage(paging: Paging, nowMs: number): readonly Finding[] {
  const courses = coursesOf(paging);
  const users = new Map<string, Set<string>>();
  for (const { policy, levels } of courses) {
    for (const name of schedulesOf(levels)) {
      users.set(name, (users.get(name) ?? new Set()).add(policy));
    }
  }
  return [
    ...courses.flatMap(({ levels, path }) => neverCovered(paging, levels, path, nowMs)),
    ...Object.keys(paging.schedules).flatMap((name) =>
      remarked(paging, name, [...(users.get(name) ?? [])], nowMs),
    ),
  ];
}

function schedulesOf(levels: readonly Level[]): readonly string[] {
  return levels.flatMap(({ targets }) =>
    targets.flatMap(({ kind, name }) => (kind === 'schedule' ? [name] : [])),
  );
}

/** Times in which no schedule of a whole policy has anybody, and it has nothing but schedules. */
function neverCovered(
  { schedules }: Paging,
  levels: readonly Level[],
  path: readonly (string | number)[],
  nowMs: number,
): readonly Finding[] {
  const targets = levels.flatMap((level) => level.targets);
  if (targets.some(({ kind }) => kind !== 'schedule')) return [];
  const used = [...new Set(schedulesOf(levels))].flatMap((name) => schedules[name] ?? []);
  const [first, ...others] = used;
  if (first === undefined) return [];
  const toMs = nowMs + REMARKS_AHEAD_MS;
  let gaps: readonly Span[] = gapsBetween(first, nowMs, toMs);
  for (const other of others) {
    const theirs = gapsBetween(other, nowMs, toMs);
    gaps = joined(gaps.flatMap((gap) => within(theirs, gap)));
  }
  if (gaps.length === 0) return [];
  return [
    {
      severity: 'error',
      rule: 'never-covered',
      path,
      message:
        `no level pages anybody for ${spansText(gaps, first.timeZone)}: then last_resort is told at ` +
        'once: close the gap, or add a target that is always there',
    },
  ];
}

function remarked(
  { schedules }: Paging,
  name: string,
  users: readonly string[],
  nowMs: number,
): readonly Finding[] {
  const schedule = schedules[name];
  if (schedule === undefined) return [];
  const finding = (rule: Finding['rule'], place: Pick<Finding, 'path' | 'key'>, message: string) =>
    [{ severity: 'warning', rule, ...place, message }] as const satisfies readonly Finding[];
  return remarksOnSchedule(schedule, nowMs).flatMap((remark): readonly Finding[] => {
    switch (remark.kind) {
      case 'gaps': {
        if (users.length === 0) return [];
        const when = spansText(remark.gaps, schedule.timeZone);
        const message =
          `nobody is on call for ${when}; paged by ${users.join(', ')}: ` +
          `close the gap (belay oncall gaps ${name} shows all)`;
        return finding('schedule-gap', { path: ['schedules'], key: name }, message);
      }
      case 'idle_layer': {
        const path = ['schedules', name, 'layers', remark.index];
        const why =
          'has nobody on call in the next 90 days: others win, or it is over: take it out';
        return finding('idle-part', { path }, `${remark.layer} ${why}`);
      }
      case 'idle_change': {
        const path = ['schedules', name, remark.path, remark.index];
        const why = 'changes nothing, as whom it names is not on call then: correct it';
        return finding('idle-part', { path }, why);
      }
      default:
        return remark satisfies never;
    }
  });
}

/** `3d of the next 90 days, first from 2026-01-05T09:00:00+01:00 to …`. */
function spansText(spans: readonly Span[], timeZone: string): string {
  const totalMs = spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const [first] = spans;
  const when =
    first === undefined
      ? ''
      : `from ${timeText(first.fromMs, timeZone)} to ${timeText(first.toMs, timeZone)}`;
  const total = formatDuration(Math.round(totalMs / 1000) * 1000);
  return `${total} of the next 90 days, ${spans.length > 1 ? 'first ' : ''}${when}`;
}
