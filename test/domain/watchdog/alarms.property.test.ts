import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Alarms,
  type AlarmTiming,
  openAlarms,
  step,
} from '../../../src/domain/watchdog/alarms.ts';
import {
  CONDITIONS,
  type Condition,
  type Observation,
  keyOf,
} from '../../../src/domain/watchdog/observation.ts';

type State = Observation['state'];

interface Told {
  readonly atMs: number;
  readonly kind: 'page' | 'end';
}

interface Looked {
  readonly atMs: number;
  readonly state: State | 'not looked';
}

const timing = fc
  .record({ forMs: fc.integer({ min: 0, max: 300 }), repeatMs: fc.integer({ min: 1, max: 900 }) })
  .map(({ forMs, repeatMs }) => ({ forMs, repeatMs, timing: timingOf(forMs, repeatMs) }));

const looks = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 1, max: 120 }),
    state: fc.oneof(
      { weight: 5, arbitrary: fc.constant<Looked['state']>('bad') },
      { weight: 2, arbitrary: fc.constantFrom<Looked['state']>('good', 'unknown', 'not looked') },
    ),
  }),
  { minLength: 1, maxLength: 60 },
);

function timingOf(forMs: number, repeatMs: number): AlarmTiming {
  const all = Object.fromEntries(CONDITIONS.map((one) => [one, forMs]));
  return { forMs: all as Record<Condition, number>, repeatMs };
}

/** What people are told of one condition that is looked at like this. */
function tell(
  seen: readonly { readonly afterMs: number; readonly state: Looked['state'] }[],
  settings: AlarmTiming,
): { readonly looked: readonly Looked[]; readonly told: readonly Told[] } {
  const subject = { condition: 'no_pollers', queue: 'belay' } as const;
  let alarms: Alarms = {};
  let atMs = 1_000_000;
  const looked: Looked[] = [];
  const told: Told[] = [];
  for (const { afterMs, state } of seen) {
    atMs += afterMs;
    const [before] = openAlarms(alarms);
    const observations = state === 'not looked' ? [] : [{ ...subject, state, text: state }];
    alarms = step(alarms, observations, atMs, settings);
    const [after] = openAlarms(alarms);
    if (after === undefined && before !== undefined) told.push({ atMs, kind: 'end' });
    if (after !== undefined && after.round !== (before?.round ?? 0)) {
      expect(after).toMatchObject({ key: keyOf(subject), pagedAtMs: atMs });
      told.push({ atMs, kind: 'page' });
    }
    looked.push({ atMs, state });
  }
  return { looked, told };
}

test('a condition that lasts longer than its time is always told, at the first look after it', () => {
  fc.assert(
    fc.property(timing, looks, ({ forMs, timing: settings }, seen) => {
      const { looked, told } = tell(seen, settings);
      for (const [from, { state, atMs: sinceMs }] of looked.entries()) {
        if (state !== 'bad') continue;
        const end = looked.findIndex((one, at) => at > from && one.state !== 'bad');
        const lasting = looked.slice(from, end === -1 ? undefined : end);
        const due = lasting.find(({ atMs }) => atMs - sinceMs >= forMs);
        if (due === undefined) continue;
        const last = told.findLast(({ atMs }) => atMs <= due.atMs);
        expect(last?.kind).toBe('page');
      }
    }),
  );
});

test('while it lasts it is told again, at the first look after the repeat and never before', () => {
  fc.assert(
    fc.property(timing, looks, ({ repeatMs, timing: settings }, seen) => {
      const { looked, told } = tell(seen, settings);
      for (const [at, one] of told.entries()) {
        const next = told[at + 1];
        if (one.kind !== 'page') continue;
        if (next?.kind === 'page') expect(next.atMs - one.atMs).toBeGreaterThanOrEqual(repeatMs);
        const due = looked.find(
          ({ atMs, state }) => state === 'bad' && atMs - one.atMs >= repeatMs,
        );
        if (due !== undefined) expect(next?.atMs ?? Infinity).toBeLessThanOrEqual(due.atMs);
      }
    }),
  );
});

test('nothing is told that was bad for less than its time, and no end that was not seen', () => {
  fc.assert(
    fc.property(timing, looks, ({ forMs, timing: settings }, seen) => {
      const { looked, told } = tell(seen, settings);
      for (const [at, { atMs, kind }] of told.entries()) {
        const before = told[at - 1]?.kind ?? 'end';
        if (kind === 'end') expect(before).toBe('page');
        if (kind === 'page' && before === 'page') continue;
        const wanted = kind === 'page' ? 'bad' : 'good';
        const against = kind === 'page' ? 'good' : 'bad';
        const broken = looked.findLast((one) => one.atMs < atMs && one.state === against);
        const since = looked.find(
          (one) => one.state === wanted && one.atMs > (broken?.atMs ?? -Infinity),
        );
        expect(atMs - (since?.atMs ?? Infinity)).toBeGreaterThanOrEqual(forMs);
        expect(looked.find((one) => one.atMs === atMs)?.state).toBe(wanted);
      }
    }),
  );
});
