import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Roster } from '../../../src/domain/escalation/plan-level.ts';
import type { Level, Override, Target } from '../../../src/domain/escalation/policy.schema.ts';
import { SEVERITIES, type Severity } from '../../../src/domain/escalation/severity.ts';
import { type SimulatedEvent, simulate } from '../../../src/domain/escalation/simulate.ts';
import type { PolicySnapshot } from '../../../src/domain/escalation/snapshot.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const PEOPLE = {
  ada: { contacts: { chat: { channel: 'chat' } }, notify: [{ contact: 'chat', afterMs: 0 }] },
  bob: {
    contacts: { chat: { channel: 'chat' }, phone: { channel: 'phone' } },
    notify: [
      { contact: 'chat', afterMs: 0 },
      { contact: 'phone', afterMs: 7 * MINUTE },
    ],
  },
  cy: { contacts: {}, notify: [] },
} satisfies Roster['people'];
const MEMBERS = ['bob', 'ada'];

/** Hour by hour: ada, bob, nobody. */
const onDuty = (atMs: number): readonly string[] =>
  [['ada'], ['bob'], []][Math.floor(atMs / HOUR) % 3] ?? [];

/** Open in every sixth hour. */
const opens = (atMs: number): number => {
  const isOpen = Math.floor(atMs / HOUR) % 6 === 0;
  return isOpen ? atMs : Math.ceil(atMs / (6 * HOUR)) * 6 * HOUR;
};

const ALWAYS = { fromMinuteOfDay: 0, toMinuteOfDay: 1440, timezone: 'UTC', days: ['mon'] } as const;

const ROSTER: Roster = {
  people: PEOPLE,
  teams: { core: { members: MEMBERS } },
  channels: { chat: {}, phone: { fallback: 'chat' } },
  businessHours: [{ ...ALWAYS, days: [...ALWAYS.days] }],
  hoursOf: () => undefined,
  onCall: (_, atMs) => onDuty(atMs),
  opensAt: (_, atMs) => opens(atMs),
};

const target = fc.constantFrom<Target>(
  { kind: 'person', name: 'ada' },
  { kind: 'person', name: 'bob' },
  { kind: 'person', name: 'cy' },
  { kind: 'schedule', name: 'duty' },
  { kind: 'team', name: 'core' },
  { kind: 'channel', name: 'chat' },
);
const level: fc.Arbitrary<Level> = fc.record({
  waitMs: fc.integer({ min: 1, max: 90 }).map((minutes) => minutes * MINUTE),
  targets: fc.array(target, { minLength: 1, maxLength: 3 }),
  channels: fc.constantFrom<string[]>([], [], ['phone']),
});
const levels = fc.array(level, { minLength: 1, maxLength: 4 });
const repeat = fc.integer({ min: 0, max: 3 });
const override: fc.Arbitrary<Override> = fc.record({
  severity: fc.option(fc.subarray([...SEVERITIES], { minLength: 1 }), { nil: undefined }),
  hours: fc.constantFrom('inside', 'outside', undefined),
  waitFor: fc.constantFrom('business_hours', undefined),
  levels: fc.option(levels, { nil: undefined }),
  repeat: fc.option(repeat, { nil: undefined }),
});
const policy: fc.Arbitrary<PolicySnapshot> = fc.record({
  name: fc.constant('p'),
  levels,
  repeat,
  onExhausted: fc.constant('fail'),
  lastResort: fc.constant(['chat']),
  ackTimeoutMs: fc.constant(null),
  sendForMs: fc.constant(5 * MINUTE),
  overrides: fc.array(override, { maxLength: 3 }),
});
const asked = fc.record({
  policy,
  severity: fc.constantFrom(...SEVERITIES),
  turn: fc.integer({ min: 0, max: 5 }),
  fromMs: fc.integer({ min: 0, max: 24 * 60 }).map((minutes) => minutes * MINUTE),
});

interface Told {
  readonly atMs: number;
  readonly text: string;
}

/** The rules once more, as plain loops. */
function byHand(of: PolicySnapshot, severity: Severity, turn: number, fromMs: number) {
  const told: Told[] = [];
  const held: Told[] = [];
  let now = fromMs;
  let turns = turn;
  const chosen = (): Override | undefined =>
    of.overrides.find(
      (one) =>
        (one.severity?.includes(severity) ?? true) &&
        (one.hours === undefined || (one.hours === 'inside') === (opens(now) === now)),
    );
  for (let round = 1, rounds = 1; round <= rounds; round += 1) {
    if (chosen()?.waitFor !== undefined && opens(now) > now) {
      told.push({ atMs: now, text: 'deferred' });
      now = opens(now);
    }
    const by = chosen();
    rounds = 1 + (by?.repeat ?? of.repeat);
    for (const [index, own] of (by?.levels ?? of.levels).entries()) {
      const ways = waysOf(own, turns, now);
      const at = `${round}.${index + 1}`;
      const first = [...ways].filter(([, afterMs]) => afterMs === 0).map(([place]) => place);
      told.push({ atMs: now, text: `${at} ${first.join(' ')}` });
      for (const [place, afterMs] of ways) {
        if (afterMs > 0) held.push({ atMs: now + afterMs, text: `later ${place}` });
      }
      if (ways.size > 0) now += own.waitMs;
      if (own.targets.some(({ kind }) => kind === 'team')) turns += 1;
    }
  }
  const sent = held.filter(({ atMs }) => atMs <= now);
  // What is held back goes before a level of the same moment.
  const all = [...sent, ...told].toSorted((one, other) => one.atMs - other.atMs);
  return [...all, { atMs: now, text: `exhausted, ${held.length - sent.length} unsent` }];
}

function waysOf(own: Level, turn: number, atMs: number): ReadonlyMap<string, number> {
  const ways = new Map<string, number>();
  const add = (place: string, afterMs: number): void => {
    ways.set(afterMs === 0 ? place : `${place}+${afterMs / 1000}s`, afterMs);
  };
  for (const { kind, name } of own.targets) {
    if (kind === 'channel') add(name, 0);
    const persons = {
      ...{ channel: [], person: [name], schedule: onDuty(atMs) },
      team: [MEMBERS[turn % MEMBERS.length] ?? ''],
    }[kind];
    for (const person of persons) {
      if (own.channels.length > 0) add(`phone/${person}.${person === 'bob' ? 'phone' : ''}`, 0);
      else if (person !== 'cy') add(`chat/${person}.chat`, 0);
      if (own.channels.length === 0 && person === 'bob') add('phone/bob.phone', 7 * MINUTE);
    }
  }
  return ways;
}

function toldOf(event: SimulatedEvent): readonly Told[] {
  const { atMs } = event;
  switch (event.kind) {
    case 'level': {
      const { round, level: at, pages } = event;
      return [{ atMs, text: `${round}.${at} ${pages.map(({ place }) => place).join(' ')}` }];
    }
    case 'later':
      return event.pages.map(({ place }) => ({ atMs, text: `later ${place}` }));
    case 'deferred':
      return [{ atMs, text: 'deferred' }];
    case 'exhausted':
      return [{ atMs, text: `exhausted, ${event.unsent.length} unsent` }];
    default:
      return event satisfies never;
  }
}

describe('any simulated policy', () => {
  test('is what the rules say, told as plain loops', () => {
    fc.assert(
      fc.property(asked, ({ fromMs, ...rest }) => {
        const { events, end } = simulate(ROSTER, { ...rest, fromMs, toMs: null });
        const expected = byHand(rest.policy, rest.severity, rest.turn, fromMs);
        expect(events.flatMap(toldOf)).toEqual(expected);
        expect(end).toEqual({ kind: 'never_acknowledged', atMs: expected.at(-1)?.atMs });
      }),
      { numRuns: 2000 },
    );
  });

  test('skips no level, begins none twice, and never goes back in time', () => {
    fc.assert(
      fc.property(asked, (request) => {
        const { events } = simulate(ROSTER, { ...request, toMs: null });
        const begun = events.filter((event) => event.kind === 'level');
        for (const [index, { round, level: at, levels: of, rounds }] of begun.entries()) {
          const next = begun[index + 1];
          if (at < of) expect([next?.round, next?.level]).toEqual([round, at + 1]);
          else if (round < rounds) expect([next?.round, next?.level]).toEqual([round + 1, 1]);
          else expect(next).toBe(undefined);
        }
        expect([begun[0]?.round, begun[0]?.level]).toEqual([1, 1]);
        const times = events.map(({ atMs }) => atMs);
        expect(times).toEqual(times.toSorted((one, other) => one - other));
      }),
      { numRuns: 500 },
    );
  });

  test('is the same as far as it was asked for, and no more', () => {
    fc.assert(
      fc.property(asked, fc.integer({ min: 0, max: 600 }), (request, minutes) => {
        const toMs = request.fromMs + minutes * MINUTE;
        const whole = simulate(ROSTER, { ...request, toMs: null });
        const part = simulate(ROSTER, { ...request, toMs });
        expect(part.events).toEqual(whole.events.filter(({ atMs }) => atMs <= toMs));
      }),
      { numRuns: 500 },
    );
  });
});
