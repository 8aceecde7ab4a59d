import { describe, expect, test } from 'vitest';
import type { PostedAlert } from '../../../src/domain/alerting/alert.ts';
import { destinationText } from '../../../src/domain/alerting/group-key.ts';
import { readMatchers } from '../../../src/domain/alerting/read-matchers.ts';
import { type Simulation, newSimulation } from '../../../src/domain/alerting/simulation.ts';
import { changesAt, isIn } from '../../../src/domain/alerting/time-interval.ts';
import { configuration } from './configurations.ts';

/** Alertmanager's acceptance scenarios: times are seconds. */
const START = Date.parse('2026-11-26T12:00:00Z');
const CLOCKS = { isIn, changesAt };

const at = (seconds: number): number => START + Math.round(seconds * 1000);

function simulation(text: string, failUntil: Readonly<Record<string, number>> = {}): Simulation {
  return newSimulation({
    configuration: configuration(text),
    shards: 1,
    startMs: START,
    clocks: CLOCKS,
    arrives: ({ name }, atMs) => atMs >= at(failUntil[name] ?? 0),
  });
}

function alert(
  name: string,
  times: { start?: number; end?: number; v?: string } = {},
): PostedAlert {
  return {
    labels: { alertname: name.split(' ')[0] ?? '', ...(name.includes(' ') ? { id: name } : {}) },
    startsAtMs: times.start === undefined ? undefined : at(times.start),
    endsAtMs: times.end === undefined ? undefined : at(times.end),
    annotations: times.v === undefined ? {} : { v: times.v },
  };
}

/** `2 hook first_page firing a(1) resolved b(1-4)`: every page, as seconds. */
function pagesOf({ pages }: Simulation): readonly string[] {
  const seconds = (ms: number): number => (ms - START) / 1000;
  return pages.map(({ atMs, destination, reason, firing, resolved, hasArrived }) =>
    [
      seconds(atMs),
      destinationText(destination).split('/')[1],
      reason,
      ...firing.map(
        (one) =>
          `${one.labels.id ?? one.labels.alertname}(${seconds(one.startsAtMs)})${one.annotations.v ?? ''}`,
      ),
      ...resolved.map(
        (one) =>
          `${one.labels.id ?? one.labels.alertname}(${seconds(one.startsAtMs)}-${seconds(one.endsAtMs)})${one.annotations.v ?? ''}`,
      ),
      ...(hasArrived ? [] : ['failed']),
    ].join(' '),
  );
}

const file = (times: string, more = '') => `
receivers: { hook: { channels: [hook] } }
route: { receiver: hook, group_by: [alertname], ${times} }
${more}`;

/** Does each thing at its time. */
function play(
  sim: Simulation,
  until: number,
  acts: readonly (readonly [number, () => void])[],
): void {
  for (const [seconds, act] of acts) {
    sim.advance(at(seconds));
    act();
  }
  sim.advance(at(until));
}

test('messages about one alert are merged while they overlap', () => {
  const sim = simulation(file('group_wait: 1s, group_interval: 1s, repeat_interval: 1ms'));
  play(sim, 7, [
    [1, () => sim.post([alert('a', { start: 1.1 })])],
    [1.2, () => sim.post([alert('a', { start: 1 })])],
    [2.1, () => sim.post([alert('a', { start: 1, v: 'v1' })])],
    [3.6, () => sim.post([alert('a', { start: 1.5, v: 'v2' })])],
    [4.6, () => sim.post([alert('a', { start: 1, end: 4.5, v: 'v2' })])],
    [4.8, () => sim.post([alert('a', { start: 1, end: 4.8, v: 'v3' })])],
    [4.8, () => sim.post([alert('a', { start: 1, end: 4.1, v: 'v3' })])],
    [5.3, () => sim.post([alert('a', { start: 5 })])],
  ]);
  expect(pagesOf(sim).slice(0, 5)).toEqual([
    '2 hook first_page a(1)',
    '3 hook repeat_interval a(1)v1',
    '4 hook repeat_interval a(1)v2',
    '5 hook all_resolved a(1-4.8)v3',
    '6.3 hook first_page a(5)',
  ]);
});

test('a page is repeated at every interval, until it is resolved', () => {
  const sim = simulation(file('group_wait: 1s, group_interval: 1s, repeat_interval: 1ms'));
  play(sim, 9, [
    [1, () => sim.post([alert('a', { start: 1 })])],
    [3.5, () => sim.post([alert('a', { start: 1, end: 3 })])],
  ]);
  expect(pagesOf(sim)).toEqual([
    '2 hook first_page a(1)',
    '3 hook repeat_interval a(1)',
    '4 hook all_resolved a(1-3)',
  ]);
});

test('a channel that fails gets its page later, and no other waits for it', () => {
  const sim = simulation(
    file('group_wait: 1s, group_interval: 2s, repeat_interval: 3s').replace('[hook]', '[one, two]'),
    { two: 4.5 },
  );
  play(sim, 7, [[1, () => sim.post([alert('a', { start: 1 })])]]);
  expect(pagesOf(sim)).toEqual([
    '2 one first_page a(1)',
    '2 two first_page a(1) failed',
    '4 two first_page a(1) failed',
    '6 one repeat_interval a(1)',
    '6 two first_page a(1)',
  ]);
});

test('what comes together is told together, and repeated together', () => {
  const sim = simulation(
    file('group_wait: 1s, group_interval: 1s, repeat_interval: 4900ms').replace(
      '[alertname]',
      '[]',
    ),
  );
  play(sim, 10, [
    [1.1, () => sim.post([alert('a', { start: 1 })])],
    [1.7, () => sim.post([alert('b', { start: 1 })])],
    [
      3.3,
      () =>
        sim.post([alert('c', { start: 3 }), alert('d', { start: 3 }), alert('e', { start: 3 })]),
    ],
  ]);
  expect(pagesOf(sim)).toEqual([
    '2.1 hook first_page a(1) b(1)',
    '4.1 hook new_alerts a(1) b(1) c(3) d(3) e(3)',
    '9.1 hook repeat_interval a(1) b(1) c(3) d(3) e(3)',
  ]);
});

describe('an alert that is not sent again is resolved by time', () => {
  const text = 'resolve_timeout: 10s';
  const three = [
    alert('a 1', { start: 1 }),
    alert('a 2', { start: 1 }),
    alert('a 3', { start: 1 }),
  ];

  test('and told', () => {
    const sim = simulation(file('group_wait: 1s, group_interval: 5s', text));
    play(sim, 60, [[1, () => sim.post(three)]]);
    expect(pagesOf(sim)).toEqual([
      '2 hook first_page a 1(1) a 2(1) a 3(1)',
      '12 hook all_resolved a 1(1-11) a 2(1-11) a 3(1-11)',
    ]);
  });

  test('not where resolved ones are not sent, but a new one is news then', () => {
    const quiet = file('group_wait: 1s, group_interval: 5s', text).replace(
      '[hook] }',
      '[hook], send_resolved: false }, loud: { channels: [loud] }',
    );
    const sim = simulation(quiet);
    play(sim, 30, [
      [1, () => sim.post(three)],
      [14, () => sim.post([alert('a 1', { start: 14 })])],
    ]);
    expect(pagesOf(sim)).toEqual([
      '2 hook first_page a 1(1) a 2(1) a 3(1)',
      '15 hook first_page a 1(14)',
    ]);
  });

  test('one that is sent again goes on, without an event of a shard', () => {
    const sim = simulation(file('group_wait: 1s, group_interval: 5s', text));
    const again = () => sim.post([alert('a', { start: 1 })]);
    play(
      sim,
      60,
      [5, 12, 20].map((seconds) => [seconds, again] as const).toSpliced(0, 0, [1, again]),
    );
    expect(pagesOf(sim)).toEqual(['2 hook first_page a(1)', '32 hook all_resolved a(1-30)']);
  });

  test('one that ends before anybody is told is never told', () => {
    const sim = simulation(file('group_wait: 3s, group_interval: 5s', text));
    play(sim, 60, [
      [1, () => sim.post([alert('a', { start: 1 })])],
      [2, () => sim.post([alert('a', { start: 1, end: 2 })])],
    ]);
    expect(pagesOf(sim)).toEqual([]);
    expect(sim.states()[0]?.groups.size).toBe(0);
    expect(sim.states()[0]?.alerts.size).toBe(0);
  });

  test('what fires for longer than the wait does not wait', () => {
    const sim = simulation(file('group_wait: 30s', text));
    play(sim, 2, [[1, () => sim.post([alert('a', { start: -30 })])]]);
    expect(pagesOf(sim)).toEqual(['1 hook first_page a(-30)']);
  });
});

describe('inhibition', () => {
  const rules = `inhibit_rules: [{ source_matchers: [alertname=JobDown], target_matchers: [alertname=InstanceDown] }]`;
  const text = file('group_wait: 1s, group_interval: 1s, repeat_interval: 1s', rules).replace(
    '[alertname]',
    '[]',
  );

  test('a source takes its target out of the next page, and its end brings it back', () => {
    const sim = simulation(text);
    play(sim, 6.5, [
      [1, () => sim.post([alert('InstanceDown', { start: 1 })])],
      [2.2, () => sim.post([alert('JobDown', { start: 2.2 })])],
      [3.6, () => sim.post([alert('JobDown', { start: 2.2, end: 3.6 })])],
    ]);
    expect(pagesOf(sim)).toEqual([
      '2 hook first_page InstanceDown(1)',
      '3 hook new_alerts JobDown(2.2)',
      '4 hook new_alerts InstanceDown(1) JobDown(2.2-3.6)',
      '6 hook repeat_interval InstanceDown(1)',
    ]);
  });

  test('a target that came with its source is told when the source has ended', () => {
    const sim = simulation(text);
    play(sim, 5, [
      [1, () => sim.post([alert('JobDown', { start: 1 }), alert('InstanceDown', { start: 1 })])],
      [3.5, () => sim.post([alert('JobDown', { start: 1, end: 3.5 })])],
    ]);
    expect(pagesOf(sim)).toEqual([
      '2 hook first_page JobDown(1)',
      '4 hook new_alerts InstanceDown(1) JobDown(1-3.5)',
    ]);
  });

  test('both resolved together are both told', () => {
    const sim = simulation(text);
    play(sim, 5, [
      [1, () => sim.post([alert('InstanceDown', { start: 1 })])],
      [2.5, () => sim.post([alert('JobDown', { start: 2 })])],
      [
        3.5,
        () =>
          sim.post([
            alert('InstanceDown', { start: 1, end: 3 }),
            alert('JobDown', { start: 2, end: 3 }),
          ]),
      ],
    ]);
    expect(pagesOf(sim).at(-1)).toBe('4 hook all_resolved InstanceDown(1-3) JobDown(2-3)');
  });
});

describe('silences', () => {
  const text = file('group_wait: 1s, group_interval: 1s, repeat_interval: 1ms').replace(
    '[alertname]',
    '[]',
  );

  function silence(sim: Simulation, matcher: string, from: number, to: number): string {
    const read = readMatchers(matcher);
    const answer = sim.silence({
      id: null,
      matcherSets: read.kind === 'valid' ? [read.matchers] : [],
      startsAtMs: at(from),
      endsAtMs: at(to),
      createdBy: 'ada',
      comment: 'work',
    });
    return answer.kind === 'set' ? answer.id : answer.message;
  }

  test('a silenced alert is in no page, and looked at again as the silence ends', () => {
    const sim = simulation(text);
    play(sim, 5.6, [
      [1, () => sim.post([alert('one', { start: 1 }), alert('two', { start: 1 })])],
      [2.2, () => silence(sim, 'alertname=one', 2.5, 4.5)],
    ]);
    expect(pagesOf(sim)).toEqual([
      '2 hook first_page one(1) two(1)',
      '3 hook repeat_interval two(1)',
      '4 hook repeat_interval two(1)',
      '4.5 hook new_alerts one(1) two(1)',
      '5.5 hook repeat_interval one(1) two(1)',
    ]);
  });

  test('a silence that is taken back before its time holds nothing back', () => {
    const sim = simulation(text);
    let id = '';
    play(sim, 4.4, [
      [1, () => sim.post([alert('one', { start: 1 }), alert('two', { start: 1 })])],
      [1.3, () => (id = silence(sim, 'alertname=~".+"', 1.3, 60))],
      [3.5, () => sim.expire(id)],
    ]);
    expect(pagesOf(sim)).toEqual(['3.5 hook first_page one(1) two(1)']);
  });

  test('what was paged before it is paged again after it, with that reason', () => {
    const sim = simulation(file('group_wait: 1s, group_interval: 10s'));
    play(sim, 300, [
      [1, () => sim.post([alert('a', { start: 1, end: 900 })])],
      [5, () => silence(sim, 'alertname=a', 5, 60)],
      [11, () => sim.post([alert('a', { start: 1, end: 900, v: 'still' })])],
    ]);
    expect(pagesOf(sim)).toEqual(['2 hook first_page a(1)', '60 hook silence_ended a(1)still']);
  });

  test('a silenced alert that ends and fires again afterwards is news', () => {
    const sim = simulation(file('group_wait: 1s, group_interval: 10s'));
    play(sim, 300, [
      [1, () => sim.post([alert('a', { start: 1, end: 900 })])],
      [5, () => silence(sim, 'alertname=a', 5, 60)],
      [20, () => sim.post([alert('a', { start: 1, end: 20 })])],
      [70, () => sim.post([alert('a', { start: 70, end: 900 })])],
    ]);
    expect(pagesOf(sim)).toEqual(['2 hook first_page a(1)', '71 hook first_page a(70)']);
  });

  test('an incident ends although its alert is silenced', () => {
    const sim = simulation(
      file('group_wait: 1s, group_interval: 10s').replace('channels: [hook]', 'policy: p'),
    );
    play(sim, 50, [
      [1, () => sim.post([alert('a', { start: 1, end: 900 })])],
      [5, () => silence(sim, 'alertname=a', 5, 60)],
      [20, () => sim.post([alert('a', { start: 1, end: 20 })])],
    ]);
    expect(pagesOf(sim)).toEqual(['2 p first_page a(1)', '22 p all_resolved a(1-20)']);
  });
});

test('a muted route tells when its mute time ends what still fires', () => {
  const sim = simulation(`
receivers: { hook: { channels: [hook] } }
time_intervals: { noon: [{ times: [{ start_time: "12:00", end_time: "12:10" }] }] }
route:
  receiver: hook
  group_wait: 1s
  routes: [{ mute_time_intervals: [noon] }]
`);
  play(sim, 3000, [[1, () => sim.post([alert('a', { start: 1, end: 9000 })])]]);
  expect(pagesOf(sim)).toEqual(['600 hook first_page a(1)']);
});

test('what would have been repeated in a mute time is told at its end, with that reason', () => {
  const sim = simulation(`
receivers: { hook: { channels: [hook] } }
time_intervals:
  always: [{}]
  five: [{ times: [{ start_time: "12:05", end_time: "12:10" }] }]
route:
  receiver: hook
  group_wait: 1s
  group_interval: 1m
  repeat_interval: 6m
  routes: [{ active_time_intervals: [always], mute_time_intervals: [five] }]
`);
  play(sim, 1100, [[1, () => sim.post([alert('a', { start: 1, end: 9000 })])]]);
  expect(pagesOf(sim)).toEqual([
    '2 hook first_page a(1)',
    '600 hook mute_ended a(1)',
    '1020 hook repeat_interval a(1)',
  ]);
});

test('of one receiver each channel is told what it is to be told, whatever the other is', () => {
  const sim = simulation(`
resolve_timeout: 10s
receivers: { loud: { channels: [loud] }, quiet: { channels: [quiet], send_resolved: false } }
route:
  receiver: loud
  group_wait: 1s
  group_interval: 5s
  routes: [{ receiver: loud, continue: true }, { receiver: quiet }]
`);
  play(sim, 30, [
    [1, () => sim.post([alert('a', { start: 1 }), alert('b', { start: 1 })])],
    [8, () => sim.post([alert('b', { start: 1, end: 100 })])],
  ]);
  expect(pagesOf(sim)).toEqual([
    '2 loud first_page a(1) b(1)',
    '2 quiet first_page a(1) b(1)',
    '12 loud some_resolved b(1) a(1-11)',
  ]);
});
