import { describe, expect, test } from 'vitest';
import { received } from '../../../src/domain/alerting/alert.ts';
import type { Configuration } from '../../../src/domain/alerting/alerting-file.ts';
import { ownersOf } from '../../../src/domain/alerting/owners.ts';
import {
  bytesHeld,
  carried,
  carriedBytes,
  restored,
} from '../../../src/domain/alerting/shard-codec.ts';
import type {
  Group,
  Handed,
  Member,
  ShardState,
} from '../../../src/domain/alerting/shard-state.ts';
import { roomOf } from '../../../src/domain/alerting/room.ts';
import { newShard, step } from '../../../src/domain/alerting/shard.ts';
import { changesAt, isIn } from '../../../src/domain/alerting/time-interval.ts';
import { configuration } from './configurations.ts';

const START = Date.parse('2026-11-26T12:00:00Z');
const CLOCKS = { isIn, changesAt };
const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('what a shard carries', () => {
  const text = `
receivers: { r: { channels: [c] } }
route: { receiver: r }
inhibit_rules: [{ source_matchers: [s=1], target_matchers: [t=1] }]`;
  const config: Configuration = configuration(text);

  function shard(bytesLimit: number): ShardState {
    return newShard(
      { shard: 0, shards: 1, version: 1, configuration: config, bytesLimit },
      START,
      CLOCKS,
    );
  }

  function batch(from: number, to: number): readonly Handed[] {
    return Array.from({ length: to - from }, (_, at) => {
      const labels = { alertname: 'A', severity: 'page', instance: `i${from + at}` };
      return { alert: received({ labels }, START, HOUR), groups: null, stays: [] };
    });
  }

  function take(state: ShardState, alerts: readonly Handed[], atMs = START) {
    return step(state, { kind: 'alerts', version: 1, alerts }, atMs, CLOCKS);
  }

  test('ten thousand as Prometheus sends them leave room for more, and come back as they were', () => {
    const alerts = Array.from({ length: 10_000 }, (_, at): Handed => {
      const instance = `host-${String(at).padStart(5, '0')}`;
      const labels = { alertname: 'Down', instance, scene: 'one', team: `team-${at % 100}` };
      const annotations = { summary: `${instance} does not answer` };
      const generatorUrl = 'http://prometheus.example/graph';
      const posted = { labels, annotations, generatorUrl, startsAtMs: START - at };
      return { alert: received(posted, START + at, HOUR), groups: null, stays: [] };
    });
    const { state, outcome } = take(shard(1_000_000), alerts, START + 10 * SECOND);
    expect(outcome.refused).toEqual([]);
    expect(roomOf(state)).toBeGreaterThan(0);
    expect(restored(carried(state), config).alerts).toEqual(state.alerts);
  });

  test('ten thousand alerts of one group fit into a megabyte, paged and all', () => {
    let { state } = take(shard(1_000_000), batch(0, 5000));
    const second = take(state, batch(5000, 10_000));
    expect(second.outcome.refused).toEqual([]);
    const flushed = step(second.state, { kind: 'time' }, START + 30 * SECOND, CLOCKS);
    const page = flushed.outcome.pages[0];
    expect(page?.firing).toHaveLength(10_000);
    ({ state } = step(
      flushed.state,
      { kind: 'paged', pages: [{ key: page?.key ?? '', hasArrived: true }] },
      START + 31 * SECOND,
      CLOCKS,
    ));
    expect(carriedBytes(state)).toBeLessThan(1_000_000);
    expect(restored(JSON.parse(JSON.stringify(carried(state))), config)).toEqual({
      ...state,
      bytesAtMost: bytesHeld(state),
      bytesChanged: 0,
    });
  });

  test('whatever a group knows of its members comes back', () => {
    const { state } = take(shard(1e6), batch(0, 80));
    const [group] = state.groups.values();
    if (group === undefined) throw new RangeError('all of them are in a group');
    const kinds = [null, 'silence', 'inhibition', 'mute'].flatMap((heldBy) =>
      [false, true].flatMap((isOver) =>
        [{}, { mayBeTold: true }, { notBeforeMs: START + 1 }].flatMap((told) =>
          [[0], [0, 3], []].map((routes) => ({ routes, heldBy, isOver, ...told }) as Member),
        ),
      ),
    );
    const names = [...state.alerts.keys()];
    const members = new Map(names.map((name, at) => [name, kinds[at] ?? group.members.get(name)]));
    const groups = new Map([[group.key, { ...group, members: members as Group['members'] }]]);
    const written = JSON.stringify(carried({ ...state, groups }));
    expect(restored(JSON.parse(written), config).groups).toEqual(groups);
    // Those of the usual routes take no more than a digit or two, as a silence may hold back all.
    const held = new Map(names.map((name) => [name, { ...kinds[18], routes: [0] } as Member]));
    const all = new Map([[group.key, { ...group, members: held }]]);
    const more = carriedBytes({ ...state, groups: all }) - carriedBytes(state);
    expect(more).toBeLessThanOrEqual(names.length * 5);
  });

  test('alerts beyond the limit are refused by name, and those held are not lost', () => {
    const full = take(shard(20_000), batch(0, 1000));
    const held = full.state.alerts.size;
    expect(held).toBeGreaterThan(100);
    expect(full.outcome.refused).toHaveLength(1000 - held);
    expect(full.outcome.refused[0]?.why).toBe('this shard holds as much as it may: 20000 bytes');
    expect(carriedBytes(full.state)).toBeLessThanOrEqual(20_000);
    expect(roomOf(full.state)).toBe(0);
    expect(roomOf(shard(20_000))).toBe(15_500);
    const last = full.outcome.refused.slice(-2).map(({ fingerprint }) => fingerprint);
    expect(full.state.refused.map(({ fingerprint }) => fingerprint)).toEqual(last);
    const ended = batch(0, 1).map((one) => ({
      ...one,
      alert: { ...one.alert, endsAtMs: START, isTimeout: false },
    }));
    const after = take(full.state, ended, START + SECOND);
    expect(after.outcome.refused).toEqual([]);
    expect([...after.state.alerts.values()][0]?.isEnded).toBe(true);
  });

  test('an alert that can inhibit others is known to every shard, any other to those of its groups', () => {
    expect(ownersOf(config, { s: '1' }, 4)).toEqual([0, 1, 2, 3]);
    expect(ownersOf(config, { t: '1' }, 4)).toHaveLength(1);
  });

  test('an alert whose end cannot be asked after still fires', () => {
    let { state } = take(shard(1e6), batch(0, 1));
    const fingerprint = [...state.alerts.keys()][0] ?? '';
    const over = step(state, { kind: 'time' }, START + HOUR, CLOCKS);
    expect(over.outcome.ask).toEqual([{ kind: 'alert', fingerprint }]);
    const unknown = {
      kind: 'seen',
      seen: [{ kind: 'alert', fingerprint, endsAtMs: 'unknown' }],
    } as const;
    ({ state } = step(over.state, unknown, START + HOUR, CLOCKS));
    expect(state.alerts.get(fingerprint)).toMatchObject({
      isEnded: false,
      askAtMs: START + HOUR + 30 * SECOND,
    });
  });

  test('a page that failed is due again, with its reason', () => {
    const { state } = take(shard(1e6), batch(0, 1));
    const first = step(state, { kind: 'time' }, START + 30 * SECOND, CLOCKS);
    const key = first.outcome.pages[0]?.key ?? '';
    const held = step(first.state, { kind: 'time' }, START + 20 * MINUTE, CLOCKS);
    expect(held.outcome.pages).toEqual([]);
    const failed = step(
      held.state,
      { kind: 'paged', pages: [{ key, hasArrived: false }] },
      START + 20 * MINUTE,
      CLOCKS,
    );
    const again = step(failed.state, { kind: 'time' }, failed.outcome.wakeAtMs ?? 0, CLOCKS);
    expect(again.outcome.pages).toMatchObject([{ reason: 'first_page' }]);
    expect(again.outcome.pages[0]?.key).not.toBe(key);
  });
});

describe('a group that nothing happens to costs no more than its repeats', () => {
  const text = `
receivers: { r: { channels: [c] } }
route: { receiver: r }`;

  function looksIn(
    hours: number,
    silenced: boolean,
  ): { readonly looks: number; readonly pages: number } {
    const from = {
      shard: 0,
      shards: 1,
      version: 1,
      configuration: configuration(text),
      bytesLimit: 1e6,
    };
    let now = START;
    let looks = 0;
    let pages = 0;
    const labels = { alertname: 'A' };
    const alert = received({ labels, endsAtMs: START + 1000 * HOUR }, START, HOUR);
    const alerts: readonly Handed[] = [{ alert, groups: null, stays: [] }];
    const shard = newShard(from, now, CLOCKS);
    let next = step(shard, { kind: 'alerts', version: 1, alerts }, now, CLOCKS);
    while (next.outcome.wakeAtMs !== null && next.outcome.wakeAtMs <= START + hours * HOUR) {
      now = next.outcome.wakeAtMs;
      looks += 1;
      next = step(next.state, { kind: 'time' }, now, CLOCKS);
      const sent = next.outcome.pages.map(({ key }) => ({ key, hasArrived: true }));
      pages += sent.length;
      if (sent.length > 0) next = step(next.state, { kind: 'paged', pages: sent }, now, CLOCKS);
      if (!silenced || looks > 1) continue;
      const matcherSets = [[{ name: 'alertname', operator: '=' as const, value: 'A' }]];
      const times = { startsAtMs: now, endsAtMs: START + 1000 * HOUR, updatedAtMs: now };
      const silence = { id: 's', matcherSets, ...times, createdBy: 'ada', comment: 'work' };
      next = step(next.state, { kind: 'silences', silences: [silence] }, now, CLOCKS);
    }
    return { looks, pages };
  }

  test('one look for each page of a day', () => {
    expect(looksIn(24, false)).toEqual({ looks: 6, pages: 6 });
  });

  test('and one more in all while it is silenced', () => {
    expect(looksIn(240, true)).toEqual({ looks: 2, pages: 1 });
  });
});
