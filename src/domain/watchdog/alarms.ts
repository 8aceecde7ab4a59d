import { type Condition, type Observation, keyOf } from './observation.ts';

/** A condition that has held for its time: people are to be told, until it is not open any more. */
export interface OpenAlarm {
  readonly key: string;
  readonly condition: Condition;
  readonly queue: string;
  /** As it was when it was last seen. */
  readonly text: string;
  readonly sinceMs: number;
  readonly openedAtMs: number;
  /** How often people were to be told, from 1. */
  readonly round: number;
  /** When they were last to be told. */
  readonly pagedAtMs: number;
}

type Watched =
  /** Bad, but not yet for long enough. */
  | { readonly kind: 'suspected'; readonly sinceMs: number }
  | {
      readonly kind: 'open';
      readonly alarm: OpenAlarm;
      /** It looks good since then; `undefined`: at the last look it did not. */
      readonly goodSinceMs: number | undefined;
    };

/** What has been found so far, by the key of the condition. What is not in it is good. */
export type Alarms = Readonly<Record<string, Watched>>;

export interface AlarmTiming {
  /** A condition is told once it was bad for so long, and its end once it was good for so long. */
  readonly forMs: Readonly<Record<Condition, number>>;
  readonly repeatMs: number;
}

/**
 * What follows from one look at `nowMs`, of a clock that never goes back.
 *
 * A condition that is bad at every look is open from the first look on that is `forMs` after the
 * first bad one; while it is bad, its round grows at the first look that is `repeatMs` after the
 * last one. An open one ends at the first look that is `forMs` after the first good one, if all of
 * those between were good. What is unknown, or was not looked at, changes nothing, but that good
 * times begin anew.
 */
export function step(
  before: Alarms,
  observations: readonly Observation[],
  nowMs: number,
  timing: AlarmTiming,
): Alarms {
  const seen = new Map(observations.map((one) => [keyOf(one), one]));
  const after: Record<string, Watched> = {};
  for (const key of new Set([...Object.keys(before), ...seen.keys()])) {
    const watched = next(before[key], seen.get(key), nowMs, timing);
    if (watched !== undefined) after[key] = watched;
  }
  return after;
}

export function openAlarms(alarms: Alarms): readonly OpenAlarm[] {
  return Object.values(alarms).flatMap((one) => (one.kind === 'open' ? [one.alarm] : []));
}

function next(
  before: Watched | undefined,
  seen: Observation | undefined,
  nowMs: number,
  timing: AlarmTiming,
): Watched | undefined {
  if (seen === undefined || seen.state === 'unknown') {
    return before?.kind === 'open' ? { ...before, goodSinceMs: undefined } : before;
  }
  const { state } = seen;
  switch (state) {
    case 'bad':
      return before?.kind === 'open'
        ? stillBad(before.alarm, seen, nowMs, timing)
        : suspected(before?.sinceMs ?? nowMs, seen, nowMs, timing);
    case 'good': {
      if (before?.kind !== 'open') return undefined;
      const goodSinceMs = before.goodSinceMs ?? nowMs;
      const isOver = nowMs - goodSinceMs >= timing.forMs[seen.condition];
      return isOver ? undefined : { ...before, goodSinceMs };
    }
    default:
      return state satisfies never;
  }
}

function suspected(
  sinceMs: number,
  seen: Observation,
  nowMs: number,
  { forMs }: AlarmTiming,
): Watched {
  const { condition, queue, text } = seen;
  if (nowMs - sinceMs < forMs[condition]) return { kind: 'suspected', sinceMs };
  const moments = { sinceMs, openedAtMs: nowMs, pagedAtMs: nowMs };
  const alarm = { key: keyOf(seen), condition, queue, text, round: 1, ...moments };
  return { kind: 'open', alarm, goodSinceMs: undefined };
}

function stillBad(
  alarm: OpenAlarm,
  { text }: Observation,
  nowMs: number,
  { repeatMs }: AlarmTiming,
): Watched {
  const isDue = nowMs - alarm.pagedAtMs >= repeatMs;
  const again = isDue ? { round: alarm.round + 1, pagedAtMs: nowMs } : {};
  return { kind: 'open', alarm: { ...alarm, text, ...again }, goodSinceMs: undefined };
}
