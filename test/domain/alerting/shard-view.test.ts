import { describe, expect, test } from 'vitest';
import { received } from '../../../src/domain/alerting/alert.ts';
import { carriedBytes } from '../../../src/domain/alerting/shard-codec.ts';
import type { ShardEvent, ShardState } from '../../../src/domain/alerting/shard-state.ts';
import { type StateView, shardView } from '../../../src/domain/alerting/shard-view.ts';
import { newShard, step } from '../../../src/domain/alerting/shard.ts';
import type { Silence } from '../../../src/domain/alerting/silence.ts';
import { changesAt, isIn } from '../../../src/domain/alerting/time-interval.ts';
import { configuration } from './configurations.ts';

const START = Date.parse('2026-11-26T12:00:00Z');
const CLOCKS = { isIn, changesAt };
const SECOND = 1000;
const HOUR = 3_600_000;

const CONFIGURATION = configuration(`
receivers: { r: { channels: [c] } }
time_intervals: { always: [{ times: [{ start_time: "00:00", end_time: "24:00" }] }] }
route:
  receiver: r
  group_by: [alertname]
  routes: [{ matchers: [alertname=Muted], mute_time_intervals: [always] }]
inhibit_rules: [{ source_matchers: [alertname=Source], target_matchers: [alertname=Target] }]`);

function shard(): ShardState {
  const from = { shard: 0, shards: 1, version: 1, configuration: CONFIGURATION, bytesLimit: 1e6 };
  return newShard(from, START, CLOCKS);
}

function after(state: ShardState, event: ShardEvent, atMs = START): ShardState {
  return step(state, event, atMs, CLOCKS).state;
}

/** `A`, or `A 7` for one of several. */
function fire(state: ShardState, names: readonly string[], atMs = START, endsAtMs = START + HOUR) {
  const alerts = names.map((name) => {
    const [alertname = '', id = ''] = name.split(' ');
    const alert = received({ labels: { alertname, id }, startsAtMs: START, endsAtMs }, atMs, HOUR);
    return { alert, groups: null, stays: [] };
  });
  return after(state, { kind: 'alerts', version: 1, alerts }, atMs);
}

function view(state: ShardState, limit = 100, bytesMax = 1e6, nowMs = START): StateView {
  return shardView(state, { limit, bytesMax, nowMs, clocks: CLOCKS });
}

test('a shard tells its groups in the order of their opening, and what it takes', () => {
  const state = fire(shard(), ['B', 'A 1', 'A 2']);
  const seen = view(state);
  expect(seen).toMatchObject({
    ...{ shard: 0, shards: 1, version: 1, alerts: 3, firing: 3, moreGroups: 0 },
    ...{ bytes: carriedBytes(state), bytesLimit: 1e6 },
    groups: [
      { labels: { alertname: 'B' }, destination: { kind: 'channel', name: 'c' }, isStorm: false },
      { labels: { alertname: 'A' }, openedAtMs: START, nextFlushAtMs: START + 30 * SECOND },
    ],
  });
  expect(seen.groups[1]?.alerts.map(({ labels }) => labels.id)).toEqual(['1', '2']);
  expect(JSON.parse(JSON.stringify(seen))).toEqual(seen);
});

test('a group is seen from its first look until its end', () => {
  const waiting = fire(shard(), ['A 1', 'A 2']);
  const now = START + 30 * SECOND;
  const paging = step(waiting, { kind: 'time' }, now, CLOCKS);
  const [page] = paging.outcome.pages;
  const pages = [{ key: page?.key ?? '', hasArrived: true }];
  const paged = fire(after(paging.state, { kind: 'paged', pages }, now), ['A 3'], now);
  const over = fire(paged, ['A 1'], now + SECOND, now + SECOND);
  const rows = [waiting, paging.state, paged, over].map((state) => {
    const [group] = view(state).groups;
    return [
      group?.isUnderWay,
      group?.lastPagedAtMs ?? null,
      group?.nextFlushAtMs ?? null,
      group?.alerts
        .map(
          (one) =>
            `${one.labels.id}${one.isEnded ? ' over' : ''}${one.hasBeenPaged ? ' paged' : ''}`,
        )
        .join(),
    ];
  });
  const next = now + 300 * SECOND;
  expect(rows).toEqual([
    [false, null, now, '1,2'],
    [true, null, null, '1,2'],
    [false, now, next, '1 paged,2 paged,3'],
    [false, now, next, '2 paged,3,1 over paged'],
  ]);
});

describe('an alert is seen with what holds it back now, before its group is looked at', () => {
  const silence: Silence = {
    ...{ id: 's', matcherSets: [[{ name: 'alertname', operator: '=', value: 'Silenced' }]] },
    ...{ startsAtMs: START, endsAtMs: START + HOUR, updatedAtMs: START },
    ...{ createdBy: 'ada', comment: 'work' },
  };

  test.each([
    ['Free', null],
    ['Silenced', 'silence'],
    ['Target', 'inhibition'],
    ['Source', null],
    ['Muted', 'mute'],
  ])('%s: %s', (name, heldBy) => {
    const fired = fire(shard(), [...new Set(['Source', name])]);
    const state = after(fired, { kind: 'silences', silences: [silence] });
    const group = view(state).groups.find(({ labels }) => labels.alertname === name);
    expect(group?.alerts.map((one) => one.heldBy)).toEqual([heldBy]);
  });

  test('and free once that has ended', () => {
    const fired = fire(shard(), ['Silenced', 'Source', 'Target']);
    const held = after(fired, { kind: 'silences', silences: [silence] });
    const ended = fire(held, ['Source'], START + SECOND, START + SECOND);
    const expired = { ...silence, endsAtMs: START + SECOND, updatedAtMs: START + SECOND };
    const state = after(ended, { kind: 'silences', silences: [expired] }, START + SECOND);
    const { groups } = view(state, 100, 1e6, START + SECOND);
    expect(groups.flatMap(({ alerts }) => alerts.map((one) => one.heldBy))).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe('what is too much for one answer is counted', () => {
  const names = Array.from({ length: 20 }, (_, at) => [`A${at} 1`, `A${at} 2`, `A${at} 3`]).flat();
  const state = fire(shard(), names);

  test('groups and alerts beyond the limit', () => {
    const seen = view(state, 2);
    expect(seen.groups.map(({ alerts, more }) => [alerts.length, more])).toEqual([
      [2, 1],
      [2, 1],
    ]);
    expect(seen.moreGroups).toBe(18);
  });

  test.each([0, 1000, 2500, 5000, 10_000, 1e6])('and what %i bytes do not hold', (bytesMax) => {
    const { groups, moreGroups, alerts } = view(state, 100, bytesMax);
    expect(JSON.stringify(groups).length).toBeLessThanOrEqual(bytesMax + 2);
    expect(groups.length + moreGroups).toBe(20);
    const told = groups.reduce((sum, group) => sum + group.alerts.length + group.more, 0);
    expect(told).toBe(groups.length * 3);
    expect(alerts).toBe(60);
    expect(groups.length === 20).toBe(bytesMax === 1e6);
  });

  test('one group that is larger than all of it is told in part', () => {
    const many = fire(
      shard(),
      Array.from({ length: 1000 }, (_, at) => `A ${at}`),
    );
    const [group] = view(many, 1000, 50_000).groups;
    expect(group?.alerts.length).toBeGreaterThan(50);
    expect((group?.alerts.length ?? 0) + (group?.more ?? 0)).toBe(1000);
  });
});
