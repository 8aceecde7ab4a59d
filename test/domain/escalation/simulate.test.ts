import { describe, expect, test } from 'vitest';
import type { Severity } from '../../../src/domain/escalation/severity.ts';
import { type SimulatedEvent, simulate } from '../../../src/domain/escalation/simulate.ts';
import { timeText } from '../../../src/domain/oncall/zone-clock.ts';
import { requirePaging } from '../../../src/domain/paging/paging-file.ts';
import { rosterOf } from '../../../src/domain/paging/roster.ts';
import { snapshotOf } from '../../../src/domain/paging/snapshot-of.ts';
import { zoneOf } from '../../../src/domain/paging/zone-of.ts';

const PEOPLE = `
people:
  ada: { contacts: { chat: { channel: chat, to: ada }, phone: { channel: phone } } }
  bob: { contacts: { phone: { channel: phone } } }
  cy:
    contacts: { chat: { channel: chat }, phone: { channel: phone } }
    notify: [{ contact: chat }, { contact: phone, after: 7m }]
channels:
  chat: { type: log, fallback: phone }
  phone: { type: log }
  room: { type: log }
last_resort: [room]
`;

interface Asked {
  readonly at: string;
  readonly severity?: Severity;
  readonly turn?: number;
  readonly toMs?: number | null;
}

/** Simulates the policy `p`; each event as one line. */
function lines(policies: string, { at, severity = 'critical', turn = 0, toMs = null }: Asked) {
  const paging = requirePaging({
    text: `${PEOPLE}${policies}`,
    file: 'paging.yaml',
    readFile: () => '',
  });
  const policy = snapshotOf(paging, 'p');
  if (policy === undefined) throw new Error('the file has no policy p');
  const zone = zoneOf(paging, policy);
  const fromMs = Date.parse(at);
  const { events, end } = simulate(rosterOf(paging), { policy, severity, turn, fromMs, toMs });
  return [
    ...events.map((event) => `${timeText(event.atMs, zone)} ${lineOf(event, zone)}`),
    `${timeText(end.atMs, zone)} ${end.kind}`,
  ];
}

function lineOf(event: SimulatedEvent, zone: string): string {
  switch (event.kind) {
    case 'level': {
      const { cycle, round, level, override, pages, missing } = event;
      const places = pages.map(({ place }) => place).join(' ');
      const by = override === null ? '' : ` (${override})`;
      return [`${cycle}.${round}.${level}${by} ${places}`, ...missing].join('; ');
    }
    case 'later':
      return `${event.round}.${event.level} later ${event.pages.map(({ place }) => place).join(' ')}`;
    case 'deferred':
      return `nobody before ${timeText(event.untilMs, zone)}`;
    case 'exhausted':
      return `exhausted ${event.lastResort.join(' ')}, ${event.unsent.length} unsent`;
    default:
      return event satisfies never;
  }
}

const rota = (zone: string, every: string, starts: string): string => `
schedules:
  duty:
    time_zone: ${zone}
    layers: [{ rotation: { every: ${every}, starts: ${starts} }, members: [ada, bob] }]
`;

const TWO_LEVELS = `
policies:
  p:
    levels:
      - { wait: 20m, targets: [{ schedule: duty }] }
      - { wait: 15m, targets: [{ person: bob }, { channel: room }] }
    repeat: 1
`;

describe('a simulated escalation', () => {
  test('goes through a night in which clocks skip the hour of the hand-off, in Chicago', () => {
    const file = `${rota('America/Chicago', 'daily', '2020-03-06T02:30')}${TWO_LEVELS}`;
    // 02:00 CST becomes 03:00 CDT, and with it bob, whose turn began the day before, is off.
    expect(lines(file, { at: '2020-03-08T07:45:00Z' })).toEqual([
      '2020-03-08T01:45:00-06:00 1.1.1 phone/bob.phone',
      '2020-03-08T03:05:00-05:00 1.1.2 phone/bob.phone room',
      '2020-03-08T03:20:00-05:00 1.2.1 chat/ada.chat phone/ada.phone',
      '2020-03-08T03:40:00-05:00 1.2.2 phone/bob.phone room',
      '2020-03-08T03:55:00-05:00 exhausted room, 0 unsent',
      '2020-03-08T03:55:00-05:00 never_acknowledged',
    ]);
  });

  test('goes through a night in which clocks show an hour twice, in Chicago', () => {
    const file = `${rota('America/Chicago', 'daily', '2020-10-30T01:30')}${TWO_LEVELS}`;
    // Handed over at the first 01:30, so the second one changes nothing.
    expect(lines(file, { at: '2020-11-01T06:20:00Z' })).toEqual([
      '2020-11-01T01:20:00-05:00 1.1.1 phone/bob.phone',
      '2020-11-01T01:40:00-05:00 1.1.2 phone/bob.phone room',
      '2020-11-01T01:55:00-05:00 1.2.1 chat/ada.chat phone/ada.phone',
      '2020-11-01T01:15:00-06:00 1.2.2 phone/bob.phone room',
      '2020-11-01T01:30:00-06:00 exhausted room, 0 unsent',
      '2020-11-01T01:30:00-06:00 never_acknowledged',
    ]);
  });

  test('goes through a night in which clocks skip half an hour, on Lord Howe', () => {
    const file = `${rota('Australia/Lord_Howe', 'daily', '2020-10-02T02:15')}${TWO_LEVELS}`;
    expect(lines(file, { at: '2020-10-04T01:50:00+10:30' })).toEqual([
      '2020-10-04T01:50:00+10:30 1.1.1 phone/bob.phone',
      '2020-10-04T02:40:00+11:00 1.1.2 phone/bob.phone room',
      '2020-10-04T02:55:00+11:00 1.2.1 chat/ada.chat phone/ada.phone',
      '2020-10-04T03:15:00+11:00 1.2.2 phone/bob.phone room',
      '2020-10-04T03:30:00+11:00 exhausted room, 0 unsent',
      '2020-10-04T03:30:00+11:00 never_acknowledged',
    ]);
  });

  test('goes over days, and pages whoever is on call by then', () => {
    const file = `${rota('Europe/Berlin', 'weekly', '2026-01-05T09:00')}
policies:
  p:
    levels: [{ wait: 2d12h, targets: [{ schedule: duty }] }]
    repeat: 3
`;
    expect(lines(file, { at: '2026-03-27T20:00:00Z' })).toEqual([
      '2026-03-27T21:00:00+01:00 1.1.1 phone/bob.phone',
      '2026-03-30T10:00:00+02:00 1.2.1 chat/ada.chat phone/ada.phone',
      '2026-04-01T22:00:00+02:00 1.3.1 chat/ada.chat phone/ada.phone',
      '2026-04-04T10:00:00+02:00 1.4.1 chat/ada.chat phone/ada.phone',
      '2026-04-06T22:00:00+02:00 exhausted room, 0 unsent',
      '2026-04-06T22:00:00+02:00 never_acknowledged',
    ]);
  });

  test('pages people by their own rules, also while the next level has begun', () => {
    const file = `
policies:
  p:
    levels:
      - { wait: 5m, targets: [{ person: cy }] }
      - { wait: 5m, targets: [{ person: bob }] }
      - { wait: 3m, targets: [{ person: cy }] }
`;
    expect(lines(file, { at: '2026-01-05T00:00:00Z' })).toEqual([
      '2026-01-05T00:00:00+00:00 1.1.1 chat/cy.chat',
      '2026-01-05T00:05:00+00:00 1.1.2 phone/bob.phone',
      '2026-01-05T00:07:00+00:00 1.1 later phone/cy.phone+420s',
      '2026-01-05T00:10:00+00:00 1.1.3 chat/cy.chat',
      '2026-01-05T00:13:00+00:00 exhausted room, 1 unsent',
      '2026-01-05T00:13:00+00:00 never_acknowledged',
    ]);
  });

  test('pages the members of a team in turns', () => {
    const file = `
teams: { core: { members: [ada, bob] } }
policies:
  p:
    levels: [{ wait: 1m, targets: [{ team: core }], channels: [phone] }]
    repeat: 2
`;
    const told = lines(file, { at: '2026-01-05T00:00:00Z', turn: 1 });
    expect(told.map((line) => line.split(' ').slice(1).join(' '))).toEqual([
      '1.1.1 phone/bob.phone',
      '1.2.1 phone/ada.phone',
      '1.3.1 phone/bob.phone',
      'exhausted room, 0 unsent',
      'never_acknowledged',
    ]);
  });

  test('lets the members of a team take turns, however many other levels there are', () => {
    const file = `
teams: { core: { members: [ada, bob] }, other: { members: [cy, bob, ada] } }
policies:
  p:
    levels:
      - { wait: 1m, targets: [{ team: other }], channels: [phone] }
      - { wait: 1m, targets: [{ team: core }], channels: [phone] }
    repeat: 2
`;
    const told = lines(file, { at: '2026-01-05T00:00:00Z' });
    expect(told.slice(0, 6).map((line) => line.split('/').at(-1))).toEqual([
      ...['cy.phone', 'ada.phone'],
      ...['bob.phone', 'bob.phone'],
      ...['ada.phone', 'ada.phone'],
    ]);
  });

  test('waits for business hours, and goes by an override where it holds', () => {
    const file = `
policies:
  p:
    levels: [{ wait: 10m, targets: [{ person: bob }] }]
    business_hours: [{ between: '09:00-17:00', timezone: Europe/Berlin, days: [mon] }]
    overrides:
      - { severity: [info], hours: outside, wait_for: business_hours }
      - { severity: [critical], levels: [{ wait: 1m, targets: [{ person: ada }] }], repeat: 1 }
`;
    expect(lines(file, { at: '2026-03-29T00:30:00Z', severity: 'info' })).toEqual([
      '2026-03-29T01:30:00+01:00 nobody before 2026-03-30T09:00:00+02:00',
      '2026-03-30T09:00:00+02:00 1.1.1 phone/bob.phone',
      '2026-03-30T09:10:00+02:00 exhausted room, 0 unsent',
      '2026-03-30T09:10:00+02:00 never_acknowledged',
    ]);
    expect(lines(file, { at: '2026-03-29T00:30:00Z' })).toEqual([
      '2026-03-29T01:30:00+01:00 1.1.1 (1) chat/ada.chat phone/ada.phone',
      '2026-03-29T01:31:00+01:00 1.2.1 (1) chat/ada.chat phone/ada.phone',
      '2026-03-29T01:32:00+01:00 exhausted room, 0 unsent',
      '2026-03-29T01:32:00+01:00 never_acknowledged',
    ]);
  });

  test('does not wait for a level that can page nobody, and says so', () => {
    const file = `
schedules:
  duty:
    time_zone: UTC
    layers: [{ rotation: { every: daily, starts: 2030-01-01T00:00 }, members: [ada] }]
policies:
  p:
    levels:
      - { wait: 1h, targets: [{ schedule: duty }] }
      - { wait: 5m, targets: [{ person: bob }] }
`;
    expect(lines(file, { at: '2026-01-05T00:00:00Z' })).toEqual([
      '2026-01-05T00:00:00+00:00 1.1.1 ; nobody is on call in duty',
      '2026-01-05T00:00:00+00:00 1.1.2 phone/bob.phone',
      '2026-01-05T00:05:00+00:00 exhausted room, 0 unsent',
      '2026-01-05T00:05:00+00:00 never_acknowledged',
    ]);
  });

  const GO_ON = `
policies:
  p: { levels: [{ wait: 10m, targets: [{ person: bob }] }], on_exhausted: go_on }
`;

  test('of a policy that goes on ends with its first cycle, unless more is asked for', () => {
    const at = '2026-01-05T00:00:00Z';
    expect(lines(GO_ON, { at })).toEqual([
      '2026-01-05T00:00:00+00:00 1.1.1 phone/bob.phone',
      '2026-01-05T00:10:00+00:00 exhausted room, 0 unsent',
      '2026-01-05T00:10:00+00:00 goes_on',
    ]);
    expect(lines(GO_ON, { at, toMs: Date.parse('2026-01-05T00:15:00Z') })).toEqual([
      '2026-01-05T00:00:00+00:00 1.1.1 phone/bob.phone',
      '2026-01-05T00:10:00+00:00 exhausted room, 0 unsent',
      '2026-01-05T00:10:00+00:00 2.1.1 phone/bob.phone',
      '2026-01-05T00:15:00+00:00 until',
    ]);
  });

  test('ends although it goes on for ever, and although nothing is ever waited for', () => {
    const year = Date.parse('2027-01-05T00:00:00Z');
    const long = lines(GO_ON, { at: '2026-01-05T00:00:00Z', toMs: year });
    expect(long.at(-1)).toMatch(/ cut$/);
    const nobody = GO_ON.replace('person: bob', 'schedule: duty');
    const file = `${rota('UTC', 'daily', '2040-01-01T00:00')}${nobody}`;
    expect(lines(file, { at: '2026-01-05T00:00:00Z', toMs: year }).at(-1)).toMatch(/ goes_on$/);
  });
});
