import { expect, test } from 'vitest';
import { remarksOnSchedule } from '../../../src/domain/oncall/schedule-remarks.ts';
import type { ScheduleDocument } from '../../../src/domain/oncall/schedule.schema.ts';
import { ms, scheduleOf } from './schedules.ts';

const NOW = '2026-03-01T00:00:00Z';

const always = {
  name: 'always',
  rotation: { every: 'weekly' as const, starts: '2026-01-05T09:00' },
  members: ['ada', 'bob'],
};

function remarks(more: Partial<ScheduleDocument>) {
  const schedule = scheduleOf({ time_zone: 'UTC', layers: [always], ...more });
  return remarksOnSchedule(schedule, ms(NOW));
}

test('there is nothing to say of a schedule that has somebody at every moment', () => {
  expect(remarks({})).toEqual([]);
});

test('gaps within 90 days are told, also those far off', () => {
  expect(remarks({ layers: [{ ...always, until: '2026-05-28T00:00' }] })).toEqual([
    {
      kind: 'gaps',
      gaps: [{ fromMs: ms('2026-05-28'), toMs: ms('2026-05-30'), cause: null }],
      totalMs: 2 * 86_400_000,
    },
  ]);
  expect(remarks({ layers: [{ ...always, until: '2026-05-31T00:00' }] })).toEqual([]);
});

test('a layer below one that always has somebody is told, and one that is over', () => {
  const below = { ...always, name: 'below' };
  expect(remarks({ layers: [below, always] })).toEqual([
    { kind: 'idle_layer', index: 0, layer: 'below' },
  ]);
  const over = { ...always, name: 'over', until: '2026-02-01T00:00' };
  expect(remarks({ layers: [always, over] })).toEqual([
    { kind: 'idle_layer', index: 1, layer: 'over' },
  ]);
});

test('a layer that an override hides is not idle', () => {
  const override = { from: '2026-02-01T00:00', to: '2027-01-01T00:00', person: 'eve' };
  expect(remarks({ overrides: [override] })).toEqual([]);
});

test('swaps and overrides that change nothing are told; those that are over are not', () => {
  // From 9 to 16 March Bob is on call, and by the swap Ada.
  const during = { from: '2026-03-10T00:00', to: '2026-03-11T00:00' };
  const past = { from: '2026-02-10T00:00', to: '2026-02-11T00:00' };
  expect(
    remarks({
      overrides: [
        { ...during, person: 'eve', replaces: 'cy' },
        { ...during, person: 'eve', replaces: 'ada' },
        { ...past, person: 'eve', replaces: 'cy' },
      ],
      swaps: [
        { ...during, between: ['cy', 'dee'] },
        { ...during, between: ['ada', 'bob'] },
      ],
    }),
  ).toEqual([
    { kind: 'idle_change', path: 'swaps', index: 0 },
    { kind: 'idle_change', path: 'overrides', index: 0 },
  ]);
});
