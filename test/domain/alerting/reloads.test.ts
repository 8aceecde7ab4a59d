import { describe, expect, test } from 'vitest';
import { haveSignalsChanged } from '../../../src/domain/alerting/heartbeat.ts';
import { received } from '../../../src/domain/alerting/alert.ts';
import type { Configuration } from '../../../src/domain/alerting/alerting-file.ts';
import { formatLabels } from '../../../src/domain/alerting/labels.ts';
import type { Outcome, ShardEvent } from '../../../src/domain/alerting/shard-state.ts';
import { newShard, step } from '../../../src/domain/alerting/shard.ts';
import { type Simulation, newSimulation } from '../../../src/domain/alerting/simulation.ts';
import { configuration } from './configurations.ts';
import { CLOCKS, FAR, HOUR, MINUTE, SECOND, START, TIMES, machines } from './machine.ts';

const SHARDS = [1, 16];

function simulation(text: string, shards: number): Simulation {
  const spec = { configuration: configuration(text), shards, startMs: START, clocks: CLOCKS };
  return newSimulation(spec);
}

const pagesOf = (sim: Simulation): readonly string[] =>
  sim.pages.map(({ atMs, destination, groupLabels, reason }) => {
    const at = `${(atMs - START) / SECOND}s ${destination.kind}/${destination.name}`;
    return `${at}${formatLabels(groupLabels)} ${reason}`;
  });

describe.each(SHARDS)('two routes to one receiver, %i shards', (shards) => {
  const text = (mute: string): string => `
receivers: { root: {}, r: { channels: [c] } }
route:
  receiver: root
  group_wait: 10s
  routes:
    - { matchers: [severity=critical], receiver: r, group_by: [cluster], continue: true }
    - { matchers: [team=db], receiver: r, group_by: [team]${mute} }
time_intervals: { always: [{ times: [{ start_time: '00:00', end_time: '24:00' }] }] }`;

  test('make two groups where they group by other labels, as in Alertmanager', () => {
    const sim = simulation(text(''), shards);
    const labels = { alertname: 'Down', severity: 'critical', cluster: 'eu', team: 'db' };
    sim.post([{ labels, endsAtMs: FAR }]);
    sim.advance(START + HOUR);
    expect(pagesOf(sim).toSorted()).toEqual([
      '10s channel/c{cluster="eu"} first_page',
      '10s channel/c{team="db"} first_page',
    ]);
  });

  test('so that one which is muted does not keep the other quiet', () => {
    for (let at = 0; at < 40; at += 1) {
      const sim = simulation(text(', mute_time_intervals: [always]'), shards);
      const labels = { alertname: 'Down', severity: 'critical', cluster: `eu${at}`, team: 'db' };
      sim.post([{ labels, endsAtMs: FAR }]);
      sim.advance(START + HOUR);
      expect(pagesOf(sim)).toEqual([`10s channel/c{cluster="eu${at}"} first_page`]);
    }
  });
});

describe('a batch that was shared out by the configuration before', () => {
  const ops = `receivers: { r: { channels: [c] }, none: {} }`;
  const plain = configuration(`${ops}\nroute: { receiver: r, group_by: [alertname], ${TIMES} }`);
  const named = Array.from({ length: 30 }, (_, at) => `X${at}`);

  test('is kept where it goes nowhere now, and paged when it goes somewhere again', () => {
    const maintenance = configuration(`${ops}
route: { receiver: r, group_by: [alertname], ${TIMES}, routes: [{ matchers: [a="1"], receiver: none }] }`);
    for (const alertname of named) {
      const world = machines(plain, 16);
      world.configure(2, maintenance);
      world.post(plain, 1, { alertname, a: '1' }, FAR);
      world.advance(START + HOUR);
      expect(world.named).toEqual([]);
      world.configure(3, plain);
      world.advance(START + 2 * HOUR);
      expect(world.named).toEqual([alertname]);
    }
  });

  const rule = configuration(`${ops}
route: { receiver: r, group_by: [alertname], ${TIMES} }
inhibit_rules: [{ source_matchers: [alertname=Source], target_matchers: [alertname=~"X.*"] }]`);

  test('inhibits everywhere by a rule that is new', () => {
    for (const alertname of named) {
      const world = machines(plain, 16);
      world.configure(2, rule);
      world.post(plain, 1, { alertname: 'Source' }, FAR);
      world.advance(START + MINUTE);
      world.post(rule, 2, { alertname }, FAR);
      world.advance(START + HOUR);
      expect(world.named).toEqual(['Source']);
    }
  });

  test('ends everywhere what inhibits by such a rule', () => {
    for (const alertname of named) {
      const world = machines(plain, 16);
      world.post(plain, 1, { alertname: 'Source' }, FAR);
      world.advance(START + MINUTE);
      world.configure(2, rule);
      world.post(plain, 1, { alertname: 'Source' }, START + MINUTE);
      world.advance(START + 2 * MINUTE);
      world.post(rule, 2, { alertname }, FAR);
      world.advance(START + HOUR);
      expect(world.named).toEqual(['Source', alertname]);
    }
  });
});

describe.each(SHARDS)('a heartbeat and a reload, %i shards', (shards) => {
  const file = (heartbeats: string): string => `
receivers: { r: { channels: [c] } }
route: { receiver: r, group_by: [alertname], ${TIMES} }
${heartbeats}`;
  const hb = (more: string): string => `heartbeats: { hb: { within: 10m${more} } }`;

  test('one that is missing, and not watched any more, is over', () => {
    const sim = simulation(file(hb('')), shards);
    sim.advance(START + 15 * MINUTE);
    sim.reload(configuration(file('')));
    sim.advance(START + 20 * HOUR);
    expect(pagesOf(sim).map((page) => page.split(' ').at(-1))).toEqual([
      ...['first_page', 'all_resolved'],
    ]);
  });

  test('one that is missing is told by its new labels, and no more by the old ones', () => {
    const sim = simulation(file(hb(', labels: { severity: warning }')), shards);
    sim.advance(START + 15 * MINUTE);
    sim.reload(configuration(file(hb(', labels: { severity: critical }'))));
    sim.advance(START + 30 * MINUTE);
    const last = sim.pages.at(-1);
    expect(last?.firing.map(({ labels }) => labels.severity)).toEqual(['critical']);
    expect(last?.resolved.map(({ labels }) => labels.severity)).toEqual(['warning']);
  });

  test('what was paged and is a signal now is over', () => {
    const sim = simulation(file(''), shards);
    const watchdog = [{ labels: { alertname: 'Watchdog' }, endsAtMs: FAR }];
    sim.post(watchdog);
    sim.advance(START + 15 * MINUTE);
    sim.reload(configuration(file(hb(', matchers: [alertname=Watchdog]'))));
    for (let minute = 15; minute < 600; minute += 5) {
      sim.advance(START + minute * MINUTE);
      sim.post(watchdog);
    }
    expect(sim.pages.map(({ reason }) => reason)).toEqual(['first_page', 'all_resolved']);
  });

  test('what tells that one is missing keeps no heartbeat alive', () => {
    const labels = ', matchers: [severity=none], labels: { severity: none }';
    const sim = simulation(file(hb(labels)), shards);
    sim.advance(START + HOUR);
    expect(sim.pages.map(({ reason }) => reason)).toEqual(['first_page']);
  });

  test('one that comes again is over at once', () => {
    const sim = simulation(file(hb('')), shards);
    sim.advance(START + 11 * MINUTE + 12 * SECOND);
    sim.beat('hb');
    sim.advance(START + 11 * MINUTE + 30 * SECOND);
    const states = sim.states().flatMap(({ alerts }) => [...alerts.values()]);
    expect(states.map(({ isEnded }) => isEnded)).toEqual([true]);
  });

  test('what was a signal, and is sent again as none, is paged', () => {
    const sim = simulation(file(hb(', matchers: [alertname=Watchdog]')), shards);
    const watchdog = [{ labels: { alertname: 'Watchdog' }, endsAtMs: FAR }];
    sim.post(watchdog);
    sim.advance(START + 5 * MINUTE);
    sim.reload(configuration(file('')));
    sim.post(watchdog);
    sim.advance(START + HOUR);
    expect(pagesOf(sim)).toEqual(['310s channel/c{alertname="Watchdog"} first_page']);
  });

  test('what was a signal may be none once its matchers are others', () => {
    const before = configuration(file(hb(', matchers: [alertname=Watchdog]'))).heartbeats;
    const after = configuration(file(hb(''))).heartbeats;
    expect(haveSignalsChanged(before, after)).toBe(true);
    expect(haveSignalsChanged(before, before)).toBe(false);
    expect(haveSignalsChanged(after, before)).toBe(false);
  });
});

describe.each(SHARDS)('what an alert does to a release, %i shards', (shards) => {
  test('does not depend on whether its route pages anybody', () => {
    const sim = simulation(
      `receivers: { r: {} }
route: { receiver: r, on_alert: rollback, ${TIMES} }`,
      shards,
    );
    sim.post([{ labels: { alertname: 'Down', service: 'shop' }, endsAtMs: FAR }]);
    expect(sim.steers).toEqual([{ atMs: START, verb: 'rollback', service: 'shop' }]);
  });

  test('is the strongest of all its routes', () => {
    const sim = simulation(
      `receivers: { r: { channels: [c] }, q: { channels: [d] } }
route:
  receiver: r
  routes:
    - { matchers: [service!=""], receiver: r, on_alert: pause, continue: true }
    - { matchers: [service!=""], receiver: q, on_alert: rollback }`,
      shards,
    );
    sim.post([{ labels: { alertname: 'Down', service: 'shop' }, endsAtMs: FAR }]);
    expect(sim.steers.map(({ verb }) => verb)).toEqual(['rollback']);
  });
});

test('one that may have been told keeps its group in a reload, so that its end is told there', () => {
  const by = (labels: string): Configuration =>
    configuration(
      `receivers: { r: { policy: p } }\nroute: { receiver: r, group_by: [${labels}], ${TIMES} }`,
    );
  let nowMs = START;
  const from = { shard: 0, shards: 1, version: 1, configuration: by('alertname'), bytesLimit: 1e6 };
  let state = newShard(from, nowMs, CLOCKS);
  const tell = (event: ShardEvent): Outcome => {
    const stepped = step(state, event, nowMs, CLOCKS);
    ({ state } = stepped);
    return stepped.outcome;
  };
  const labels = { alertname: 'Down', host: '1' };
  const say = (endsAtMs: number): void => {
    const alert = received({ labels, endsAtMs }, nowMs, MINUTE);
    tell({ kind: 'alerts', version: state.version, alerts: [{ alert, groups: null, stays: [] }] });
  };
  say(FAR);
  nowMs += 10 * SECOND;
  const [page] = tell({ kind: 'time' }).pages;
  const unknown = { hasArrived: false, mayHaveArrived: true };
  tell({ kind: 'paged', pages: [{ key: page?.key ?? '', ...unknown }] });
  tell({ kind: 'configuration', version: 2, configuration: by('alertname, host') });
  nowMs += 5 * SECOND;
  say(nowMs);
  nowMs += 2 * MINUTE;
  expect(tell({ kind: 'time' }).pages).toMatchObject([
    { group: page?.group, reason: 'all_resolved', firing: [] },
  ]);
});

test('what ends and fires again before that is told is in one incident of a policy', () => {
  const before = `receivers: { r: { channels: [c], policy: p } }
route: { receiver: r, group_by: [alertname, host], ${TIMES} }`;
  const after = `receivers: { q: { policy: p }, e: { channels: [d] } }
route:
  receiver: q
  group_wait: 10s
  group_interval: 1m
  routes:
    - { matchers: [host!=""], receiver: e, group_by: [host], continue: true }
    - { matchers: [host!=""], receiver: q, group_by: [alertname] }`;
  for (let at = 0; at < 30; at += 1) {
    const labels = { alertname: 'Down', host: `h${at}` };
    const sim = simulation(before, 16);
    sim.post([{ labels, endsAtMs: FAR }]);
    sim.advance(START + 20 * MINUTE);
    sim.reload(configuration(after));
    const endsAtMs = START + 40 * MINUTE + 7 * SECOND;
    sim.advance(endsAtMs);
    sim.post([{ labels, endsAtMs }]);
    sim.advance(endsAtMs + 2 * SECOND);
    sim.post([{ labels, endsAtMs: FAR }]);
    sim.advance(START + 2 * HOUR);
    const open = sim
      .states()
      .flatMap(({ groups }) => [...groups.values()])
      .filter(({ destination, members }) => destination.kind === 'policy' && members.size > 0);
    expect(open).toHaveLength(1);
  }
});

test('a reload back and forth pages nothing anew, though nobody waits for a group', () => {
  const at = (channel: string, by: string): string => `
receivers: { r: { channels: [${channel}] } }
route: { receiver: r, group_by: [${by}], group_wait: 0s, group_interval: 1m, repeat_interval: 4h }`;
  for (let host = 0; host < 30; host += 1) {
    const sim = simulation(at('d', 'alertname, host'), 16);
    sim.post([{ labels: { alertname: 'Down', host: `h${host}` }, endsAtMs: FAR }]);
    sim.advance(START + 20 * MINUTE);
    sim.reload(configuration(at('c', 'alertname')));
    sim.advance(START + 40 * MINUTE);
    sim.reload(configuration(at('d', 'alertname')));
    sim.advance(START + HOUR);
    expect(sim.pages.filter(({ destination }) => destination.name === 'd')).toHaveLength(1);
  }
});
