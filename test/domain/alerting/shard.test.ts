import { describe, expect, test } from 'vitest';
import { destinationText } from '../../../src/domain/alerting/group-key.ts';
import { formatLabels } from '../../../src/domain/alerting/labels.ts';
import { newShard, step } from '../../../src/domain/alerting/shard.ts';
import { type Simulation, newSimulation } from '../../../src/domain/alerting/simulation.ts';
import { changesAt, isIn } from '../../../src/domain/alerting/time-interval.ts';
import { configuration } from './configurations.ts';

const START = Date.parse('2026-11-26T12:00:00Z');
const CLOCKS = { isIn, changesAt };
const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function simulation(text: string, shards = 1): Simulation {
  const from = { configuration: configuration(text), shards, startMs: START, clocks: CLOCKS };
  return newSimulation(from);
}

/** `31s policy/p{…} first_page 3`: the number of firing and, after a stroke, of resolved alerts. */
function pagesOf({ pages }: Simulation): readonly string[] {
  return pages.map(({ atMs, destination, groupLabels, isStorm, reason, firing, resolved }) => {
    const group = isStorm ? ' storm' : formatLabels(groupLabels);
    const count = resolved.length === 0 ? firing.length : `${firing.length}/${resolved.length}`;
    return `${(atMs - START) / SECOND}s ${destinationText(destination)}${group} ${reason} ${count}`;
  });
}

const fire = (labels: Record<string, string>, forMs = 8 * HOUR) => ({
  labels,
  endsAtMs: START + forMs,
});

describe('a new configuration pages nothing anew and forgets nothing', () => {
  const before = `
receivers: { r: { policy: p }, none: {} }
route: { receiver: r, group_by: [alertname] }`;
  const finer = before.replace('[alertname]', '[alertname, host]');
  const alerts = [fire({ alertname: 'A', host: '1' }), fire({ alertname: 'A', host: '2' })];

  test.each([1, 16])('what waits is paged when it would have been; %i shards', (shards) => {
    const sim = simulation(before, shards);
    sim.post(alerts);
    for (const [at, text] of [finer, before, finer].entries()) {
      sim.advance(START + (at + 1) * 9 * SECOND);
      sim.reload(configuration(text));
    }
    sim.advance(START + HOUR);
    expect(pagesOf(sim).toSorted()).toEqual([
      '30s policy/p{alertname="A", host="1"} first_page 1',
      '30s policy/p{alertname="A", host="2"} first_page 1',
    ]);
  });

  test.each([1, 16])(
    'what has been paged stays in its incident until it ends; %i shards',
    (shards) => {
      const sim = simulation(before, shards);
      sim.post(alerts);
      sim.advance(START + MINUTE);
      sim.reload(configuration(finer));
      sim.post([{ ...fire({ alertname: 'A', host: '1' }), annotations: { now: 'other words' } }]);
      sim.post([fire({ alertname: 'A', host: '3' })]);
      sim.advance(START + HOUR);
      sim.post([{ ...fire({ alertname: 'A', host: '1' }), endsAtMs: START + HOUR }]);
      sim.post([{ ...fire({ alertname: 'A', host: '2' }), endsAtMs: START + HOUR }]);
      sim.advance(START + 2 * HOUR);
      expect(pagesOf(sim).toSorted()).toEqual([
        '30s policy/p{alertname="A"} first_page 2',
        '3630s policy/p{alertname="A"} all_resolved 0/2',
        '90s policy/p{alertname="A", host="3"} first_page 1',
      ]);
    },
  );

  test.each([1, 16])(
    'what waits for its page goes where the new routes lead; %i shards',
    (shards) => {
      const sim = simulation(before, shards);
      sim.post(alerts);
      sim.advance(START + 10 * SECOND);
      sim.reload(configuration(finer));
      sim.advance(START + HOUR);
      expect(pagesOf(sim).toSorted()).toEqual([
        '30s policy/p{alertname="A", host="1"} first_page 1',
        '30s policy/p{alertname="A", host="2"} first_page 1',
      ]);
    },
  );

  test.each([1, 16])(
    'an alert that no receiver took is kept for one that does; %i shards',
    (shards) => {
      const sim = simulation(before.replace('receiver: r', 'receiver: none'), shards);
      sim.post(alerts);
      sim.advance(START + MINUTE);
      sim.reload(configuration(before));
      sim.advance(START + HOUR);
      expect(pagesOf(sim)).toEqual(['90s policy/p{alertname="A"} first_page 2']);
    },
  );

  test.each([1, 16])(
    'another destination is paged once, the old one told of the end; %i shards',
    (shards) => {
      const sim = simulation(before, shards);
      sim.post(alerts);
      sim.advance(START + MINUTE);
      sim.reload(configuration(before.replace('policy: p', 'channels: [c]')));
      sim.advance(START + HOUR);
      for (const { labels } of alerts) sim.post([{ labels, endsAtMs: START + HOUR }]);
      sim.advance(START + 9 * HOUR);
      expect(pagesOf(sim).toSorted()).toEqual([
        '30s policy/p{alertname="A"} first_page 2',
        '3630s policy/p{alertname="A"} all_resolved 0/2',
        '3690s channel/c{alertname="A"} all_resolved 0/2',
        '90s channel/c{alertname="A"} first_page 2',
      ]);
    },
  );
});

test.each([1, 16])('a destination that comes back pages nothing anew; %i shards', (shards) => {
  const to = (receiver: string, by: string) => `
receivers: { r: { channels: [c] }, s: { channels: [d] } }
route: { receiver: ${receiver}, group_by: ${by} }`;
  const sim = simulation(to('r', '[alertname]'), shards);
  sim.post(Array.from({ length: 20 }, (_, host) => fire({ alertname: 'A', host: `${host}` })));
  sim.advance(START + MINUTE);
  sim.reload(configuration(to('s', '[alertname, host]')));
  sim.advance(START + 10 * MINUTE);
  sim.reload(configuration(to('r', "['...']")));
  sim.advance(START + HOUR);
  const pages = pagesOf(sim);
  expect(pages.filter((page) => page.includes('channel/c'))).toEqual([
    '30s channel/c{alertname="A"} first_page 20',
  ]);
  expect(pages.filter((page) => page.includes('channel/d'))).toHaveLength(20);
});

describe('an alert that fires again before its end was told', () => {
  const before = `
receivers: { r: { policy: p } }
route: { receiver: r, group_by: [alertname] }
inhibit_rules: [{ source_matchers: [alertname=A], target_matchers: [alertname=B] }]`;

  test.each([1, 4])('ends in its old incident and opens the new one; %i shards', (shards) => {
    const labels = { alertname: 'A', host: '3' };
    const sim = simulation(before, shards);
    sim.post([fire(labels)]);
    sim.advance(START + 10 * MINUTE);
    sim.reload(configuration(before.replace('[alertname]', '[alertname, host]')));
    sim.post([{ labels, endsAtMs: START + 10 * MINUTE }]);
    sim.post([fire(labels)]);
    sim.advance(START + HOUR);
    expect(pagesOf(sim)).toEqual([
      '30s policy/p{alertname="A"} first_page 1',
      '630s policy/p{alertname="A"} all_resolved 0/1',
      '630s policy/p{alertname="A", host="3"} first_page 1',
    ]);
  });
});

test('the end of a source is heard in every group that it held back; alone or in 16 shards', () => {
  for (const shards of [1, 16]) {
    const sim = simulation(
      `
receivers: { r: { channels: [c] } }
route: { receiver: r, group_by: [alertname] }
inhibit_rules: [{ source_matchers: [alertname=Up], target_matchers: [alertname=~"Low.*"] }]`,
      shards,
    );
    sim.post([fire({ alertname: 'Up' }), fire({ alertname: 'Low1' }), fire({ alertname: 'Low2' })]);
    sim.advance(START + HOUR);
    sim.post([{ labels: { alertname: 'Up' }, endsAtMs: START + HOUR }]);
    sim.advance(START + 2 * HOUR);
    expect(pagesOf(sim).toSorted()).toEqual([
      '30s channel/c{alertname="Up"} first_page 1',
      '3630s channel/c{alertname="Low1"} first_page 1',
      '3630s channel/c{alertname="Low2"} first_page 1',
      '3630s channel/c{alertname="Up"} all_resolved 0/1',
    ]);
  }
});

test('a look that finds no reason does not put off the repeat', () => {
  const sim = simulation(`
receivers: { r: { channels: [c] } }
route: { receiver: r, repeat_interval: 1h }`);
  sim.post([fire({ alertname: 'A' })]);
  sim.advance(START + 20 * MINUTE);
  sim.post([{ ...fire({ alertname: 'A' }), annotations: { other: 'words' } }]);
  sim.advance(START + 90 * MINUTE);
  expect(pagesOf(sim)).toEqual([
    '30s channel/c{} first_page 1',
    '3930s channel/c{} repeat_interval 1',
  ]);
});

describe('a storm of new groups becomes one page that lists them', () => {
  const text = `
receivers: { r: { policy: p } }
route: { receiver: r, group_by: [alertname], storm: { above: 5, within: 1m } }`;
  const named = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => fire({ alertname: `A${from + at}` }));

  test.each([1, 16])('with all alerts of it, and those that come after; %i shards', (shards) => {
    const sim = simulation(text, shards);
    sim.post(named(0, 3));
    sim.advance(START + 20 * SECOND);
    sim.post(named(3, 100));
    sim.advance(START + 40 * SECOND);
    sim.post(named(100, 120));
    sim.advance(START + 10 * MINUTE);
    sim.post(named(120, 121));
    sim.advance(START + 20 * MINUTE);
    const pages = pagesOf(sim);
    expect(pages).toContain('30s policy/p storm first_page 100');
    expect(pages).toContain('330s policy/p storm new_alerts 120');
    expect(pages).toContain('630s policy/p{alertname="A120"} first_page 1');
    expect(pages).toHaveLength(3);
  });

  test.each([1, 16])('and ends when all of them have; %i shards', (shards) => {
    const sim = simulation(text, shards);
    sim.post(named(0, 40));
    sim.advance(START + 10 * MINUTE);
    for (const { labels } of named(0, 40)) sim.post([{ labels, endsAtMs: START + 10 * MINUTE }]);
    sim.advance(START + HOUR);
    expect(pagesOf(sim)).toEqual([
      '30s policy/p storm first_page 40',
      '630s policy/p storm all_resolved 0/40',
    ]);
    expect(
      sim.states().map(({ alerts, groups, stays }) => alerts.size + groups.size + stays.size),
    ).toEqual(Array.from({ length: shards }, () => 0));
  });
});

describe('a heartbeat', () => {
  const text = `
receivers: { r: { channels: [c] } }
route: { receiver: r, group_by: [alertname, heartbeat], group_wait: 0s, group_interval: 1m }
heartbeats: { prometheus: { within: 5m, matchers: [alertname=Watchdog], labels: { severity: critical } } }`;

  test.each([1, 16])(
    'that stops coming is paged, and told again when it comes; %i shards',
    (shards) => {
      const sim = simulation(text, shards);
      for (let minute = 0; minute < 20; minute += 1) {
        sim.advance(START + minute * MINUTE);
        sim.post([{ labels: { alertname: 'Watchdog' } }]);
      }
      sim.advance(START + 40 * MINUTE);
      sim.post([{ labels: { alertname: 'Watchdog' } }]);
      sim.advance(START + 44 * MINUTE);
      expect(pagesOf(sim)).toEqual([
        '1440s channel/c{alertname="HeartbeatMissing", heartbeat="prometheus"} first_page 1',
        '2400s channel/c{alertname="HeartbeatMissing", heartbeat="prometheus"} all_resolved 0/1',
      ]);
    },
  );

  test('that never comes is paged too', () => {
    const sim = simulation(text);
    sim.advance(START + 6 * MINUTE);
    expect(pagesOf(sim)).toHaveLength(1);
    expect(sim.pages[0]).toMatchObject({
      atMs: START + 5 * MINUTE,
      firing: [{ labels: { severity: 'critical' } }],
    });
  });

  test('of which nobody can say anything is as good as missing after twice its time', () => {
    let state = newShard(
      { shard: 0, shards: 1, version: 1, configuration: configuration(text), bytesLimit: 1e6 },
      START,
      CLOCKS,
    );
    const unknown = {
      kind: 'seen',
      seen: [{ kind: 'heartbeat', name: 'prometheus', atMs: 'unknown' }],
    } as const;
    const pages: number[] = [];
    for (let atMs = START + 5 * MINUTE; atMs <= START + 11 * MINUTE; atMs += 30 * SECOND) {
      const result = step(state, unknown, atMs, CLOCKS);
      state = result.state;
      pages.push(...result.outcome.pages.map(() => atMs));
    }
    expect(pages).toEqual([START + 10 * MINUTE]);
  });
});

describe('a firing alert steers the release of its service', () => {
  const text = `
receivers: { r: { channels: [c] } }
route:
  receiver: r
  routes:
    - { matchers: [severity=page], on_alert: rollback }
    - { matchers: [severity=warn], on_alert: pause, service_label: app }`;

  test('at once and once, and the next time that it fires', () => {
    const sim = simulation(text);
    const one = { alertname: 'A', severity: 'page', service: 'shop' };
    sim.post([fire(one)]);
    sim.post([{ ...fire(one), annotations: { other: 'words' } }]);
    sim.advance(START + HOUR);
    sim.post([{ labels: one, endsAtMs: START + HOUR }]);
    sim.advance(START + HOUR + 1);
    sim.post([fire(one)]);
    sim.post([
      fire({ alertname: 'B', severity: 'warn', app: 'cart' }),
      fire({ severity: 'warn', service: 'x' }),
    ]);
    expect(sim.steers).toEqual([
      { atMs: START, verb: 'rollback', service: 'shop' },
      { atMs: START + HOUR + 1, verb: 'rollback', service: 'shop' },
      { atMs: START + HOUR + 1, verb: 'pause', service: 'cart' },
    ]);
  });

  test('but not while it is silenced; it does when the silence ends', () => {
    const sim = simulation(text);
    sim.silence({
      id: null,
      matcherSets: [[{ name: 'severity', operator: '=', value: 'page' }]],
      ...{ startsAtMs: START, endsAtMs: START + MINUTE, createdBy: 'ada', comment: 'canary' },
    });
    sim.post([fire({ severity: 'page', service: 'shop' })]);
    expect(sim.steers).toEqual([]);
    sim.advance(START + HOUR);
    expect(sim.steers).toEqual([{ atMs: START + MINUTE, verb: 'rollback', service: 'shop' }]);
  });
});
