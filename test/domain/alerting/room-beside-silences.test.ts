import { describe, expect, test } from 'vitest';
import { received } from '../../../src/domain/alerting/alert.ts';
import { SHARD_BYTES_MAX, bytesForSilences } from '../../../src/domain/alerting/limits.ts';
import { roomOf } from '../../../src/domain/alerting/room.ts';
import { carriedBytes } from '../../../src/domain/alerting/shard-codec.ts';
import type { Handed } from '../../../src/domain/alerting/shard-state.ts';
import type { Silence } from '../../../src/domain/alerting/silence.ts';
import { bytesOfSilences, fullBecause } from '../../../src/domain/alerting/silences-full.ts';
import { configuration } from './configurations.ts';
import { FAR, MINUTE, START, TIMES, machines } from './machine.ts';

const TIMEOUT_MS = 60_000;

const FILE = configuration(
  `receivers: { r: { channels: [c] } }\nroute: { receiver: r, group_by: [alertname], ${TIMES} }`,
);

function silence(at: number, comment: string): Silence {
  return {
    id: `s${at}`,
    matcherSets: [[{ name: 'alertname', operator: '=' as const, value: `${at}` }]],
    ...{ startsAtMs: START, endsAtMs: FAR, createdBy: 'ada', comment },
    updatedAtMs: START,
  };
}

/** As many as the coordinator takes, one after the other. */
function allSilences(comment: string, bytesLimit?: number): ReadonlyMap<string, Silence> {
  const all = new Map<string, Silence>();
  for (let at = 0; ; at += 1) {
    const one = silence(at, comment);
    if (fullBecause(all, [one], START, bytesLimit) !== null) return all;
    all.set(one.id, one);
  }
}

/** Of 20 KB, and each with texts of its own. */
function handed(host: number): Handed {
  const labels = { alertname: 'Down', host: `${host}` };
  const annotations = { summary: `${host}${'x'.repeat(20_000)}` };
  const alert = received({ labels, annotations, endsAtMs: FAR }, START, MINUTE);
  return { alert, groups: null, stays: [] };
}

describe('with all silences that there may be a shard holds no more than it may', () => {
  // Each such character is three bytes.
  const silences = [...allSilences('静'.repeat(1900)).values()];

  test('that ingest has filled', { timeout: TIMEOUT_MS }, () => {
    const world = machines(FILE, 1, SHARD_BYTES_MAX);
    const room = (): number => world.states().map(roomOf)[0] ?? 0;
    for (let host = 0; room() > 22_000; host += 1) {
      world.tell(0, { kind: 'alerts', version: 1, alerts: [handed(host)] });
    }
    world.tell(0, { kind: 'silences', silences });
    world.advance(START + MINUTE);
    const [state] = world.states();
    expect(state?.silences.size).toBe(silences.length);
    expect(state === undefined ? Infinity : carriedBytes(state)).toBeLessThan(SHARD_BYTES_MAX);
  });

  test('that has been handed as much as it takes', { timeout: TIMEOUT_MS }, () => {
    const world = machines(FILE, 1, SHARD_BYTES_MAX);
    const alerts = Array.from({ length: 60 }, (_, host) => handed(host));
    const { refused } = world.only(0, { kind: 'alerts', version: 1, alerts });
    expect(refused.length).toBeGreaterThan(10);
    const before = world.states().map(carriedBytes)[0] ?? 0;
    expect(before).toBeGreaterThan(0.85 * SHARD_BYTES_MAX);
    world.tell(0, { kind: 'silences', silences });
    world.advance(START + MINUTE);
    const bytes = world.states().map(carriedBytes)[0] ?? Infinity;
    expect(bytes).toBeGreaterThan(before + 0.09 * SHARD_BYTES_MAX);
    expect(bytes).toBeLessThanOrEqual(SHARD_BYTES_MAX);
  });

  test('and alerts that are handed over after them', { timeout: TIMEOUT_MS }, () => {
    const world = machines(FILE, 1, SHARD_BYTES_MAX);
    world.tell(0, { kind: 'silences', silences });
    const alerts = Array.from({ length: 60 }, (_, host) => handed(host));
    world.only(0, { kind: 'alerts', version: 1, alerts });
    const [state] = world.states();
    expect(state?.alerts.size).toBeGreaterThan(40);
    expect(state === undefined ? Infinity : carriedBytes(state)).toBeLessThan(SHARD_BYTES_MAX);
  });
});

test('nor does one that holds back as many alerts as one group may have', () => {
  const world = machines(FILE, 1, SHARD_BYTES_MAX);
  const alerts = Array.from({ length: 15_000 }, (_, at): Handed => {
    const alert = received(
      { labels: { alertname: 'Down', host: `${at}` }, endsAtMs: FAR },
      START,
      0,
    );
    return { alert, groups: null, stays: [] };
  });
  world.only(0, { kind: 'alerts', version: 1, alerts });
  world.advance(START + MINUTE);
  expect(world.pages).toHaveLength(1);
  const all = [...allSilences('静'.repeat(1900)).values()];
  const [first] = all;
  if (first === undefined) throw new RangeError('there is room for one');
  const ofAll = { ...first, matcherSets: [[{ name: 'alertname', operator: '=~', value: '.*n' }]] };
  world.tell(0, { kind: 'silences', silences: [ofAll as Silence, ...all.slice(1)] });
  // The group is looked at once more, as one of its alerts is over.
  world.post(FILE, 1, { alertname: 'Down', host: '0' }, START + MINUTE);
  world.advance(START + 5 * MINUTE);
  const [state] = world.states();
  const members = [...(state?.groups.values() ?? [])].flatMap((group) => [
    ...group.members.values(),
  ]);
  expect(members.filter(({ heldBy }) => heldBy === 'silence').length).toBeGreaterThan(10_000);
  expect(state === undefined ? Infinity : carriedBytes(state)).toBeLessThan(SHARD_BYTES_MAX);
});

describe('silences are taken', () => {
  test('as long as their bytes have room, whatever number of characters these are', () => {
    const latin = allSilences('x'.repeat(1900));
    const han = allSilences('静'.repeat(1900));
    for (const all of [latin, han]) {
      expect(bytesOfSilences(all.values())).toBeLessThanOrEqual(bytesForSilences(SHARD_BYTES_MAX));
      expect(bytesOfSilences(all.values())).toBeGreaterThan(90_000);
    }
    expect(latin.size).toBeGreaterThan(2 * han.size);
    const more = silence(1000, 'x'.repeat(1900));
    expect(fullBecause(latin, [more], START)).toMatch(
      /^all silences together have 10\d{4} bytes as JSON; 100000 is the most: expire some first$/,
    );
  });

  test('up to 1,000, where one that is over, or is changed, is none more', () => {
    const limit = 10 * SHARD_BYTES_MAX;
    const all = allSilences('a test', limit);
    expect(all.size).toBe(1000);
    const more = silence(1000, 'a test');
    expect(fullBecause(all, [more], START, limit)).toBe(
      'there are 1000 silences: expire some first',
    );
    const over = { ...silence(0, 'a test'), endsAtMs: START };
    expect(fullBecause(all, [over, more], START, limit)).toBeNull();
    expect(fullBecause(all, [silence(0, 'another')], START, limit)).toBeNull();
  });
});
