import { expect, test } from 'vitest';
import {
  type LevelRequest,
  type Roster,
  planAssigned,
  planLevel,
} from '../../../src/domain/escalation/plan-level.ts';
import { ROSTER, levels, snapshot } from './snapshots.ts';

const turnOf = (first: number) => ({ first, taken: {} });
const AT = Date.parse('2026-11-25T03:00:00Z');

function plan(written: object, changes: Partial<LevelRequest> = {}, roster: Roster = ROSTER) {
  const request: LevelRequest = {
    ...{ policy: snapshot(written), severity: 'critical', round: 1, level: 1 },
    ...{ override: null, turn: turnOf(0) },
    ...changes,
  };
  return planLevel(roster, request, AT);
}

/** The places of a level of these targets, and what is missing. */
function reach(
  targets: readonly object[],
  {
    channels = [],
    turn = 0,
  }: { readonly channels?: readonly string[]; readonly turn?: number } = {},
) {
  const planned = plan({ levels: [{ targets, channels }] }, { turn: turnOf(turn) });
  if (planned.kind !== 'level') throw new Error(`not planned: ${planned.kind}`);
  return [planned.pages.map(({ place }) => place), planned.missing];
}

const ADA = ['pager/ada.phone', 'mail/ada.mail', 'pager/ada.phone+600s'];

test.each([
  ['a person by all of their own rules', [{ person: 'ada' }], ADA, []],
  ['a person twice, once', [{ person: 'bob' }, { schedule: 'primary' }], ['pager/bob.phone'], []],
  ['all who are on call together', [{ schedule: 'both' }], [...ADA, 'pager/bob.phone'], []],
  ['a channel as it is', [{ channel: 'siren' }], ['siren'], []],
  ['nobody on call', [{ schedule: 'gap' }], [], ['nobody is on call in gap']],
  ['no schedule', [{ schedule: 'none' }], [], ['there is no schedule none']],
  ['no person', [{ person: 'eve' }], [], ['there is no person eve']],
  ['no team', [{ team: 'none' }], [], ['there is nobody in the team none']],
  ['no channel', [{ channel: 'none' }], [], ['there is no channel none']],
  ['a person without a way', [{ person: 'mute' }], [], ['mute has no way to be paged']],
  ['names of every object', [{ person: 'constructor' }], [], ['there is no person constructor']],
])('%s', (_name, targets, places, missing) => {
  expect(reach(targets)).toEqual([places, missing]);
});

test.each([
  [0, ADA],
  [1, ['pager/bob.phone']],
  [2, []],
  [3, ADA],
])('in turn %d another member of the team is paged', (turn, places) => {
  expect(reach([{ team: 'core' }], { turn })[0]).toEqual(places);
});

test('channels of a level go before the rules of a person, and all at once', () => {
  expect(reach([{ person: 'ada' }, { person: 'bob' }], { channels: ['pager', 'mail'] })).toEqual([
    ['pager/ada.phone', 'mail/ada.mail', 'pager/bob.phone', 'mail/bob.'],
    ['bob has no contact in mail'],
  ]);
});

test('of a person who is not there the channels of the level are told', () => {
  expect(reach([{ person: 'eve' }], { channels: ['siren'] })).toEqual([
    ['siren'],
    ['there is no person eve'],
  ]);
});

test('a place that is held back is another page than the same one at once', () => {
  const planned = plan({ levels: levels(5) });
  expect(planned).toMatchObject({ pages: [{ afterMs: 0 }, { afterMs: 0 }, { afterMs: 600_000 }] });
});

test('fallbacks follow each other and never go round', () => {
  const planned = plan({ levels: [{ targets: [{ channel: 'pager' }, { channel: 'ring' }] }] });
  expect(planned).toMatchObject({
    pages: [{ fallbacks: ['mail', 'siren'] }, { fallbacks: ['gnir', 'ring'] }],
  });
});

test('where a level has more pages than it may, each of its people is paged by some way', () => {
  const names = Array.from({ length: 20 }, (_, at) => `p${at}`);
  const channels = Object.fromEntries(names.map((name) => [`c-${name}`, {}]));
  const contacts = Object.fromEntries(names.map((name) => [name, { channel: `c-${name}` }]));
  const people = Object.fromEntries(names.map((name) => [name, { contacts, notify: [] }]));
  const planned = plan(
    {
      levels: [
        { targets: names.map((name) => ({ person: name })), channels: Object.keys(channels) },
      ],
    },
    {},
    { ...ROSTER, people, channels },
  );
  if (planned.kind !== 'level') throw new Error('not planned');
  expect(planned.pages).toHaveLength(100);
  expect(new Set(planned.pages.map(({ person }) => person)).size).toBe(20);
  expect(planned.missing).toEqual(['300 more pages than a level has']);
});

const OVERRIDDEN = {
  levels: levels(5, 5, 5),
  repeat: 3,
  overrides: [
    { severity: ['info'], levels: [{ targets: [{ channel: 'mail' }] }], repeat: 0 },
    { hours: 'outside', wait_for: 'business_hours' },
    { severity: ['warning'], hours: 'inside', repeat: 1 },
  ],
};
const OPEN_LATER: Roster = {
  ...ROSTER,
  hoursOf: () => [
    { fromMinuteOfDay: 540, toMinuteOfDay: 1020, timezone: 'UTC', days: ['mon'] },
    { fromMinuteOfDay: 600, toMinuteOfDay: 660, timezone: 'UTC', days: ['tue'] },
  ],
  opensAt: ({ days }, atMs) => atMs + (days[0] === 'mon' ? 7_200_000 : 3_600_000),
};

test.each([
  ['info', ROSTER, { override: 0, levels: 1, rounds: 1 }],
  ['warning', ROSTER, { override: 2, levels: 3, rounds: 2 }],
  ['critical', ROSTER, { override: null, levels: 3, rounds: 4 }],
  ['info', OPEN_LATER, { override: 0, levels: 1, rounds: 1 }],
  ['critical', OPEN_LATER, { kind: 'deferred', untilMs: AT + 3_600_000 }],
] as const)('%s goes by its override (%#)', (severity, roster, is) => {
  expect(plan(OVERRIDDEN, { severity }, roster)).toMatchObject(is);
});

test('a round that a person asks for is not held back, and goes by what it would go by then', () => {
  const opensAtMs = AT + 3_600_000;
  const night: Roster = { ...OPEN_LATER, opensAt: (_hours, atMs) => Math.max(atMs, opensAtMs) };
  const always = {
    levels: levels(5),
    overrides: [{ severity: ['critical'], wait_for: 'business_hours', repeat: 7 }],
  };
  for (const [written, severity, is] of [
    [OVERRIDDEN, 'critical', { kind: 'level', override: null, levels: 3, rounds: 4 }],
    [OVERRIDDEN, 'warning', { kind: 'level', override: 2, levels: 3, rounds: 2 }],
    [always, 'critical', { kind: 'level', override: 0, levels: 1, rounds: 8 }],
  ] as const) {
    expect(plan(written, { severity, isAskedFor: true }, night)).toMatchObject(is);
    const notAsked = plan(written, { severity }, night);
    expect(notAsked).toEqual({ kind: 'deferred', untilMs: opensAtMs });
  }
});

test('a round that has begun goes on by its override, whatever the hours are now', () => {
  expect(plan(OVERRIDDEN, { level: 2, override: 1 }, OPEN_LATER)).toMatchObject({
    ...{ kind: 'level', override: 1, levels: 3 },
  });
});

test('a level that is not there is a fault of Belay', () => {
  expect(() => plan({ levels: levels(5) }, { level: 2 })).toThrow('round 1 has no level 2');
});

test('whom it is assigned to is reached as by a level, for another purpose', () => {
  const targets = [
    { kind: 'person', name: 'bob' },
    { kind: 'person', name: 'eve' },
  ] as const;
  expect(planAssigned(ROSTER, targets, turnOf(0), AT)).toMatchObject({
    pages: [{ place: 'pager/bob.phone', purpose: 'assigned' }],
    missing: ['there is no person eve'],
  });
});
