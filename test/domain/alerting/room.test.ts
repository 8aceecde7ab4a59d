import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { received } from '../../../src/domain/alerting/alert.ts';
import { fingerprint } from '../../../src/domain/alerting/fingerprint.ts';
import { ownersOf } from '../../../src/domain/alerting/owners.ts';
import { roomOf } from '../../../src/domain/alerting/room.ts';
import {
  bytesHeld,
  carried,
  carriedBytes,
  restored,
} from '../../../src/domain/alerting/shard-codec.ts';
import { bytesOf } from '../../../src/domain/alerting/shard-draft.ts';
import type { Handed, ShardState } from '../../../src/domain/alerting/shard-state.ts';
import { newShard, step } from '../../../src/domain/alerting/shard.ts';
import { type Simulation, newSimulation } from '../../../src/domain/alerting/simulation.ts';
import { configuration } from './configurations.ts';

const START = Date.parse('2026-11-26T12:00:00Z');
const CLOCKS = { isIn: () => false, changesAt: () => Infinity };
const MINUTE = 60_000;
const LIMIT = 20_000;
const TIMES = 'group_wait: 10s, group_interval: 1m';

const FINE = configuration(`
receivers: { r: { channels: [c], policy: p } }
route: { receiver: r, group_by: [id], ${TIMES} }`);
/** All of it belongs to one shard. */
const COARSE = configuration(`
receivers: { r: { channels: [d] } }
route: { receiver: r, ${TIMES} }`);
const STORMY = configuration(`
receivers: { r: { channels: [e] } }
route: { receiver: r, group_by: ['...'], storm: { above: 5, within: 1m }, ${TIMES} }`);
const CONFIGURATIONS = [FINE, COARSE, STORMY];

const labelsOf = (id: number): { readonly alertname: string; readonly id: string } => ({
  ...{ alertname: 'Disk', id: `${id}` },
});

function batch(ids: readonly number[], endsAtMs = START + 1000 * MINUTE): readonly Handed[] {
  return ids.map((id) => {
    const alert = received({ labels: labelsOf(id), endsAtMs }, START, MINUTE);
    return { alert, groups: null, stays: [] };
  });
}

function shard(): ShardState {
  const from = { shard: 0, shards: 1, version: 1, configuration: FINE, bytesLimit: LIMIT };
  return newShard(from, START, CLOCKS);
}

function take(state: ShardState, alerts: readonly Handed[], version = 1) {
  return step(state, { kind: 'alerts', version, alerts }, START, CLOCKS);
}

const ids = (from: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, at) => from + at);

describe('a shard has room for less than it holds at most', () => {
  test('so that what is handed over finds a place when ingest does not', () => {
    let state = shard();
    let sent = 0;
    while (roomOf(state) >= 1000) ({ state } = take(state, batch([(sent += 1)])));
    expect(bytesHeld(state)).toBeGreaterThan(0.7 * LIMIT);
    expect(bytesHeld(state)).toBeLessThanOrEqual(0.8 * LIMIT);
    const handed = take(state, batch([1000]));
    expect(handed.outcome.refused).toEqual([]);
    expect(roomOf(handed.state)).toBeLessThan(roomOf(state));
  });

  test('and has room again when enough of it is over', () => {
    let { state } = take(shard(), batch(ids(0, 300)));
    expect(roomOf(state)).toBe(0);
    const held = [...state.alerts.values()].map(({ alert }) => Number(alert.labels.id));
    ({ state } = take(state, batch(held, START)));
    ({ state } = step(state, { kind: 'time' }, START + MINUTE, CLOCKS));
    expect(state.alerts.size).toBe(0);
    expect(roomOf(state)).toBeGreaterThan(0.7 * LIMIT);
  });

  test('what was refused is known by name until it is taken', () => {
    const full = take(shard(), batch(ids(0, 300)));
    const name = full.state.refused.at(-1)?.fingerprint ?? '';
    expect(name).toBe(fingerprint(labelsOf(299)));
    const held = [...full.state.alerts.values()].map(({ alert }) => Number(alert.labels.id));
    const over = take(full.state, batch(held, START));
    const emptied = step(over.state, { kind: 'time' }, START + MINUTE, CLOCKS);
    const again = take(emptied.state, batch([299]));
    expect(again.state.refused.map((one) => one.fingerprint)).not.toContain(name);
    expect(again.state.alerts.has(name)).toBe(true);
  });

  test('batches of a later configuration are refused by name too, but for ends', () => {
    const early = take(shard(), batch(ids(0, 300)), 2);
    expect(early.outcome.refused.length).toBeGreaterThan(100);
    expect(carriedBytes(early.state)).toBeLessThanOrEqual(LIMIT);
    const kept = early.state.early.flatMap(({ alerts }) => alerts);
    expect(kept.length + early.outcome.refused.length).toBe(300);
    const ends = take(early.state, batch(ids(0, 5), START), 2);
    expect(ends.outcome.refused).toEqual([]);
    expect(ends.state.early.at(-1)?.alerts).toHaveLength(5);
  });

  test('what has waited for its configuration takes no room twice once that is there', () => {
    const { state } = take(shard(), batch(ids(0, 300)), 2);
    const waited = state.early.flatMap(({ alerts }) => alerts).length;
    expect(waited).toBeGreaterThan(30);
    const told = { kind: 'configuration', version: 2, configuration: COARSE } as const;
    const after = step(restored(carried(state), FINE), told, START, CLOCKS);
    expect(after.outcome.refused).toEqual([]);
    expect(after.state.alerts.size).toBe(waited);
  });
});

const RESTART = { restart: true } as const;
const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ fire: fc.nat(400), count: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ resolve: fc.nat(400), count: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ reload: fc.nat(CONFIGURATIONS.length - 1) }) },
  { weight: 2, arbitrary: fc.record({ waitMs: fc.constantFrom(1000, MINUTE, 20 * MINUTE) }) },
  { weight: 1, arbitrary: fc.constant(RESTART) },
);
/** Of one alert. */
const silenceOf = fc.record({ silence: fc.nat(400), forMs: fc.constantFrom(MINUTE, 60 * MINUTE) });
type Silencing = typeof silenceOf extends fc.Arbitrary<infer Each> ? Each : never;
type Act = Silencing | (typeof act extends fc.Arbitrary<infer Each> ? Each : never);

/** As ingest does: what there is no room for is not accepted. */
function accept(sim: Simulation, config: (typeof CONFIGURATIONS)[number], id: number): boolean {
  const states = sim.states();
  const labels = labelsOf(id);
  const posted = { labels, endsAtMs: START + 10_000 * MINUTE };
  const bytes = bytesOf(received(posted, START, MINUTE));
  const rooms = ownersOf(config, labels, states.length).map((owner) => states[owner]);
  if (rooms.some((state) => state === undefined || roomOf(state) < bytes)) return false;
  sim.post([posted]);
  return true;
}

function play(
  acts: readonly Act[],
  shards: number,
  after: (sim: Simulation, firing: Set<number>) => void,
): void {
  const spec = { configuration: FINE, shards, startMs: START, clocks: CLOCKS, bytesLimit: LIMIT };
  const sim = newSimulation(spec);
  const firing = new Set<number>();
  let [current, nowMs] = [FINE, START];
  for (const one of acts) {
    if ('fire' in one) {
      for (const id of ids(one.fire, one.count)) if (accept(sim, current, id)) firing.add(id);
    } else if ('resolve' in one) {
      const over = ids(one.resolve, one.count);
      sim.post(over.map((id) => ({ labels: labelsOf(id), endsAtMs: nowMs })));
      for (const id of over) firing.delete(id);
    } else if ('reload' in one) {
      current = CONFIGURATIONS[one.reload] ?? FINE;
      sim.reload(current);
    } else if ('waitMs' in one) {
      sim.advance((nowMs += one.waitMs));
    } else if ('silence' in one) {
      const matcherSets = [[{ name: 'id', operator: '=' as const, value: `${one.silence}` }]];
      const said = { createdBy: 'ada', comment: 'new disks'.repeat(20) };
      const endsAtMs = nowMs + one.forMs;
      sim.silence({ ...said, id: null, matcherSets, startsAtMs: nowMs, endsAtMs });
    } else {
      sim.restart();
    }
    after(sim, firing);
  }
}

/** Every alert that was accepted and fires, or its refusal was told. */
function expectAllKnown(sim: Simulation, firing: Set<number>): void {
  const refused = new Set(sim.refused);
  for (const id of firing) {
    const name = fingerprint(labelsOf(id));
    const isHeld = sim.states().some(({ alerts }) => alerts.get(name)?.isEnded === false);
    expect(isHeld || refused.has(name)).toBe(true);
  }
}

test('what was accepted is held whatever is reloaded, or is told to have been refused', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 25 }), fc.constantFrom(1, 8), (acts, shards) => {
      play(acts, shards, expectAllKnown);
    }),
    { numRuns: 150 },
  );
});

test('all that 16 shards accept is too much for one: what it has no room for is told', () => {
  const fill: readonly Act[] = [
    { fire: 0, count: 1000 },
    { waitMs: MINUTE },
    { reload: 1 },
    RESTART,
  ];
  let refusals = 0;
  play(fill, 16, (sim, firing) => {
    expectAllKnown(sim, firing);
    refusals = new Set(sim.refused).size;
    expect(refusals).toBeLessThan(firing.size);
  });
  expect(refusals).toBeGreaterThan(100);
});

test('without another configuration or a storm nothing that was accepted is refused', () => {
  const calm = fc.array(
    act.filter((one) => !('reload' in one)),
    { maxLength: 25 },
  );
  fc.assert(
    fc.property(calm, fc.constantFrom(1, 8), (acts, shards) => {
      play(acts, shards, (sim) => expect(sim.refused).toEqual([]));
    }),
    { numRuns: 150 },
  );
});

function expectWithinLimits(sim: Simulation): void {
  for (const state of sim.states()) {
    const bytes = carriedBytes(state);
    expect(bytes).toBeLessThanOrEqual(state.bytesAtMost);
    expect(bytes).toBeLessThanOrEqual(LIMIT);
  }
}

/** What an empty shard is said to take, and does not. */
const FRAME_BYTES = 500;

test('whatever comes and goes is counted, so that no shard is said to be full that is not', () => {
  const any = fc.oneof({ weight: 4, arbitrary: act }, { weight: 1, arbitrary: silenceOf });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 25 }), fc.constantFrom(1, 8), (acts, shards) => {
      play(acts, shards, (sim) => {
        for (const state of sim.states()) {
          const unknown = state.bytesAtMost - bytesHeld(state);
          expect(unknown).toBeLessThanOrEqual(state.bytesChanged + FRAME_BYTES);
        }
      });
    }),
    { numRuns: 150 },
  );
});

const SEEN: readonly (readonly [what: string, shards: number, acts: readonly Act[]])[] = [
  [
    'one group of many becomes many groups of one',
    1,
    [
      ...[{ reload: 1 }, { fire: 0, count: 48 }, { waitMs: 20 * MINUTE }],
      ...[{ fire: 48, count: 41 }, { fire: 89, count: 30 }, { reload: 0 }],
    ],
  ],
  [
    'a storm that stays elsewhere',
    8,
    [
      ...[{ fire: 0, count: 46 }, { fire: 52, count: 5 }, { waitMs: 20 * MINUTE }],
      ...[{ reload: 2 }, { reload: 1 }],
    ],
  ],
  [
    'a group is paged a second time',
    1,
    [
      ...[{ reload: 1 }, { fire: 0, count: 60 }, RESTART, { waitMs: MINUTE }],
      ...[{ resolve: 0, count: 1 }, { waitMs: MINUTE }, { waitMs: MINUTE }],
    ],
  ],
];

describe('no shard takes more than it says, nor than it may', () => {
  test.each(SEEN)('%s', (_, shards, acts) => {
    play(acts, shards, expectWithinLimits);
  });

  test('whatever comes', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 25 }), fc.constantFrom(1, 8), (acts, shards) => {
        play(acts, shards, expectWithinLimits);
      }),
      { numRuns: 150 },
    );
  });
});
