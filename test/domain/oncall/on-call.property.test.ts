import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  gapsBetween,
  nextHandOff,
  onCallAt,
  shiftsBetween,
} from '../../../src/domain/oncall/on-call.ts';
import { handOffMs, turnAt } from '../../../src/domain/oncall/rotation.ts';
import type { ScheduleDocument } from '../../../src/domain/oncall/schedule.schema.ts';
import { naiveOnCall, shownMinutes } from './naive-on-call.ts';
import { scheduleOf } from './schedules.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Three weeks around a change of clocks; what is looked at is the one in the middle. */
const CHANGES = [
  ['America/Chicago', '2020-03-08'],
  ['America/Chicago', '2020-11-01'],
  ['Australia/Lord_Howe', '2020-10-04'],
  ['Australia/Lord_Howe', '2021-04-04'],
  ['America/Sao_Paulo', '2018-11-04'],
  ['America/Sao_Paulo', '2019-02-17'],
  ['Asia/Kolkata', '2021-02-28'],
  ['Pacific/Apia', '2011-12-30'],
  ['Europe/Berlin', '2024-03-31'],
] as const;

const PERSONS = ['ada', 'bob', 'cy', 'dee'];
const person = fc.constantFrom(...PERSONS);
const persons = fc.oneof(person, fc.uniqueArray(person, { minLength: 1, maxLength: 2 }));
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '15', '30', '45'))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${minute}`);
/** Where clocks change. */
const nightly = fc.oneof(fc.constantFrom('00:00', '01:30', '02:00', '02:15', '02:30'), clock);
const weekday = fc.constantFrom('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun');

const restriction = fc.oneof(
  fc
    .tuple(nightly, nightly, fc.uniqueArray(weekday, { minLength: 1, maxLength: 7 }))
    .filter(([from, to]) => from !== to)
    .map(([from, to, days]) => ({ between: `${from}-${to}`, days })),
  fc
    .tuple(weekday, nightly, weekday, nightly)
    .filter(([fromDay, from, toDay, to]) => `${fromDay} ${from}` !== `${toDay} ${to}`)
    .map(([fromDay, from, toDay, to]) => ({ from: `${fromDay} ${from}`, to: `${toDay} ${to}` })),
);

const dayText = (dayMs: number): string => new Date(dayMs).toISOString().slice(0, 10);

function rotation(middleMs: number) {
  return fc
    .record({
      every: fc.constantFrom(
        'hourly' as const,
        'daily' as const,
        'weekly' as const,
        'monthly' as const,
      ),
      length: fc.integer({ min: 1, max: 3 }),
      recent: fc.integer({ min: 0, max: 8 }),
      long: fc.integer({ min: 0, max: 2000 }),
      at: nightly,
    })
    .map(({ every, length, recent, long, at }) => {
      // What is elapsed time needs the moment of its start, which only the three weeks have.
      const daysBefore = every === 'hourly' ? recent : Math.min(long, middleMs / DAY_MS - 14_610);
      return { every, length, starts: `${dayText(middleMs - daysBefore * DAY_MS)}T${at}` };
    });
}

function during(middleMs: number) {
  const minute = fc.integer({ min: -3 * 1440, max: 4 * 1440 });
  return fc
    .tuple(minute, minute)
    .filter(([one, other]) => one !== other)
    .map((pair) => {
      const [from, to] = pair
        .toSorted((one, other) => one - other)
        .map((at) => `${new Date(middleMs + at * MINUTE_MS).toISOString().slice(0, 16)}Z`);
      return { from: String(from), to: String(to) };
    });
}

function schedule(zone: string, middleMs: number): fc.Arbitrary<ScheduleDocument> {
  const layer = fc.record(
    {
      rotation: rotation(middleMs),
      members: fc.array(persons, { minLength: 1, maxLength: 4 }),
      restrictions: fc.array(restriction, { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: ['rotation', 'members'] },
  );
  const override = fc
    .tuple(
      during(middleMs),
      fc.oneof(person, fc.constant('nobody')),
      fc.option(fc.oneof(person, fc.constant('nobody')), { nil: undefined }),
    )
    .filter(([, who, replaces]) => who !== replaces)
    .map(([span, who, replaces]) => ({
      ...span,
      person: who,
      ...(replaces === undefined ? {} : { replaces }),
    }));
  const swap = fc
    .tuple(during(middleMs), fc.uniqueArray(person, { minLength: 2, maxLength: 2 }))
    .map(([span, between]) => ({ ...span, between }));
  return fc.record({
    time_zone: fc.constant(zone),
    layers: fc.array(layer, { minLength: 1, maxLength: 3 }),
    overrides: fc.array(override, { maxLength: 3 }),
    swaps: fc.array(swap, { maxLength: 2 }),
  });
}

describe.each(CHANGES)('in %s around %s', { timeout: 60_000 }, (zone, day) => {
  const middleMs = Date.parse(`${day}T00:00Z`);
  const shown = shownMinutes(zone, middleMs - 12 * DAY_MS, 24);
  const [fromMs, toMs] = [middleMs - 3 * DAY_MS, middleMs + 4 * DAY_MS];

  test('who is on call is what a minute by minute simulation says', () => {
    const minutes = fc.array(fc.integer({ min: 0, max: 7 * 1440 - 1 }), {
      minLength: 10,
      maxLength: 10,
    });
    fc.assert(
      fc.property(schedule(zone, middleMs), minutes, (written, sampled) => {
        const read = scheduleOf(written);
        const edges = shiftsBetween(read, fromMs, toMs).flatMap((shift) => [
          shift.fromMs,
          shift.toMs - 1,
        ]);
        const few = edges.filter((_, index) => index % Math.ceil(edges.length / 10) === 0);
        for (const atMs of [...sampled.map((minute) => fromMs + minute * MINUTE_MS), ...few]) {
          expect([new Date(atMs), onCallAt(read, atMs).toSorted()]).toEqual([
            new Date(atMs),
            naiveOnCall(written, shown, atMs),
          ]);
        }
      }),
      { numRuns: 12 },
    );
  });

  test('shifts and gaps are the whole time, without overlap, and agree with every moment', () => {
    fc.assert(
      fc.property(schedule(zone, middleMs), (written) => {
        const read = scheduleOf(written);
        const shifts = shiftsBetween(read, fromMs, toMs);
        const gaps = gapsBetween(read, fromMs, toMs).map((gap) => ({ ...gap, persons: [] }));
        const all = [...shifts, ...gaps].toSorted((one, other) => one.fromMs - other.fromMs);
        expect(all[0]?.fromMs).toBe(fromMs);
        expect(all.at(-1)?.toMs).toBe(toMs);
        expect(all.slice(1).map((span) => span.fromMs)).toEqual(
          all.slice(0, -1).map((span) => span.toMs),
        );
        for (const span of all) {
          expect(span.toMs).toBeGreaterThan(span.fromMs);
          expect(onCallAt(read, span.fromMs)).toEqual(span.persons);
          expect(onCallAt(read, span.toMs - 1)).toEqual(span.persons);
        }
      }),
      { numRuns: 8 },
    );
  });

  test('the next hand-off is the first moment at which others are on call', () => {
    fc.assert(
      fc.property(schedule(zone, middleMs), (written) => {
        const read = scheduleOf(written);
        const next = nextHandOff(read, fromMs);
        if (next === null) return;
        const names = (list: readonly string[]) => list.toSorted();
        expect(names(onCallAt(read, next.atMs))).toEqual(names(next.to));
        expect(names(onCallAt(read, next.atMs - 1))).toEqual(names(next.from));
        const shifts = shiftsBetween(read, fromMs, next.atMs);
        expect(new Set(shifts.map((shift) => names(shift.persons).join()))).toEqual(
          new Set(next.from.length === 0 ? [] : [names(next.from).join()]),
        );
      }),
      { numRuns: 8 },
    );
  });

  test('hand-offs never go back in time, and each begins its turn', () => {
    fc.assert(
      fc.property(rotation(middleMs), ({ every, length, starts }) => {
        const turning = { every, length, startsLocal: starts };
        const first = turnAt(turning, zone, fromMs);
        const hand = [-1, 0, 1, 2, 3, 4, 5, 6].map((at) => handOffMs(turning, zone, first + at));
        expect(hand).toEqual(hand.toSorted((one, other) => one - other));
        expect(hand[1]).toBeLessThanOrEqual(fromMs);
        expect(hand[2]).toBeGreaterThan(fromMs);
        for (const atMs of hand) {
          const turn = turnAt(turning, zone, atMs);
          expect(handOffMs(turning, zone, turn)).toBe(atMs);
          expect(turnAt(turning, zone, atMs - 1)).toBeLessThan(turn);
        }
      }),
      { numRuns: 40 },
    );
  });
});
