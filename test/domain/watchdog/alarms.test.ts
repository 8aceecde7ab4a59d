import { describe, expect, test } from 'vitest';
import { alarmKey, alarmPage } from '../../../src/domain/watchdog/alarm-page.ts';
import {
  type Alarms,
  type OpenAlarm,
  openAlarms,
  step,
} from '../../../src/domain/watchdog/alarms.ts';
import type { Observation } from '../../../src/domain/watchdog/observation.ts';

const TIMING = {
  forMs: { unreachable: 60, no_pollers: 100, tasks_failing: 100, overdue: 100 },
  repeatMs: 1000,
};
const WATCHING = { namespace: 'default', address: 'localhost:7233' };
const LETTER = { b: 'bad', g: 'good', u: 'unknown' } as const;

const sees = (state: Observation['state'], condition: Observation['condition'] = 'no_pollers') => ({
  ...{ condition, queue: 'belay', state },
  text: `it is ${state}`,
});

/** Looks every 50 ms; of each look, the round that people were told, or `-`. */
function rounds(looks: string): string {
  let alarms: Alarms = {};
  return [...looks]
    .map((letter, at) => {
      const state = LETTER[letter as keyof typeof LETTER];
      alarms = step(alarms, [sees(state)], at * 50, TIMING);
      return openAlarms(alarms)[0]?.round ?? '-';
    })
    .join('');
}

describe('people are told', () => {
  test.each([
    ['bbbb', '--11', 'once it has lasted'],
    ['bgbb', '----', 'of nothing that is gone in between'],
    ['bubb', '--11', 'in spite of a look that could not be taken'],
    ['buuu', '----', 'of nothing that is not known at present'],
    ['bbbggg', '--111-', 'of the end once that has lasted'],
    ['bbbggbggg', '--111111-', 'of no end and no new page while it flaps'],
    ['bbbguggg', '--11111-', 'of no end while it is not known'],
    [`${'b'.repeat(24)}`, `--${'1'.repeat(20)}22`, 'again while it lasts'],
    [`bbb${'u'.repeat(30)}b`, `--${'1'.repeat(31)}2`, 'again only of what is seen'],
    [`bbb${'ggg'}bbb`, '--111---1', 'of a new one after the end'],
  ])('%s: %s, %s', (looks, expected) => {
    expect(rounds(looks)).toBe(expected);
  });

  test('of each condition by its own time', () => {
    const both = [sees('bad', 'unreachable'), sees('bad', 'overdue')];
    const first = step({}, both, 0, TIMING);
    const open = (atMs: number) =>
      openAlarms(step(first, both, atMs, TIMING)).map(({ condition }) => condition);
    expect(open(59)).toEqual([]);
    expect(open(60)).toEqual(['unreachable']);
    expect(open(100)).toEqual(['unreachable', 'overdue']);
  });
});

describe('a page', () => {
  const alarm: OpenAlarm = {
    ...{ key: 'no_pollers/belay-page', condition: 'no_pollers', queue: 'belay-page' },
    ...{ text: 'no worker', sinceMs: 1000, openedAtMs: 91_000, round: 2, pagedAtMs: 181_000 },
  };
  const trigger = { action: 'trigger', maybeRepeated: false } as const;

  test('says what is wrong, where, and since when', () => {
    expect(alarmPage(WATCHING, alarm, trigger)).toMatchObject({
      action: 'trigger',
      round: 2,
      incident: {
        title: 'Belay: no worker takes tasks from belay-page',
        text: 'no worker\nSeen for 3m.',
        severity: 'critical',
        status: 'triggered',
        labels: { condition: 'no_pollers', queue: 'belay-page', namespace: 'default' },
      },
    });
  });

  test('is of the same incident after a restart, at every round, and at its end', () => {
    const later = { ...alarm, openedAtMs: 5_000_000, sinceMs: 4_000_000, round: 1 };
    const end = alarmPage(WATCHING, later, { ...trigger, action: 'resolve' });
    const pages = [alarmPage(WATCHING, alarm, trigger), end];
    expect(pages.map(({ incident }) => incident.key)).toEqual(
      pages.map(() => alarmKey(WATCHING, alarm)),
    );
    expect(end.incident).toMatchObject({ status: 'resolved', by: 'belay watchdog' });
  });

  test('has a key of its own, so that nothing new is taken for a repeat', () => {
    const keys = [
      alarmPage(WATCHING, alarm, trigger),
      alarmPage(WATCHING, { ...alarm, round: 3 }, trigger),
      alarmPage(WATCHING, { ...alarm, openedAtMs: 92_000 }, trigger),
      alarmPage(WATCHING, alarm, { ...trigger, action: 'resolve' }),
      alarmPage({ ...WATCHING, namespace: 'other' }, alarm, trigger),
    ].map(({ dedupKey }) => dedupKey);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9._/-]{1,255}$/);
  });
});
