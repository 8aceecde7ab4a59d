import { describe, expect, test } from 'vitest';
import { newSimulation } from '../../../src/domain/alerting/simulation.ts';
import { configuration } from './configurations.ts';
import { CLOCKS, FAR, HOUR, MINUTE, SECOND, START, TIMES, machines } from './machine.ts';

const to = (channel: string): string =>
  `receivers: { r: { channels: [${channel}] } }\nroute: { receiver: r, group_by: [alertname], ${TIMES} }`;
const muted = (channel: string): string => `
receivers: { root: {}, r: { channels: [${channel}] } }
time_intervals: { soon: [{ times: [{ start_time: '12:05', end_time: '12:30' }] }] }
route:
  receiver: root
  routes:
    - { matchers: [alertname=~".+"], receiver: r, group_by: [alertname], ${TIMES}, mute_time_intervals: [soon] }`;
const labels = { alertname: 'Down' };

function simulation(text: string, shards: number) {
  const spec = { configuration: configuration(text), shards, startMs: START, clocks: CLOCKS };
  return newSimulation(spec);
}

/** Reasons of the pages to the old channel after a time. */
const toOld = (sim: ReturnType<typeof simulation>, afterMs: number): readonly string[] =>
  sim.pages
    .filter(({ destination, atMs }) => destination.name === 'old' && atMs > afterMs)
    .map(({ reason, atMs }) => `${(atMs - START) / SECOND}s ${reason}`);

describe.each([1, 16])('a group that no route leads to any more, %i shards', (shards) => {
  test('is not paged as its silence ends', () => {
    const sim = simulation(to('old'), shards);
    sim.post([{ labels, endsAtMs: FAR }]);
    sim.advance(START + 2 * MINUTE);
    sim.reload(configuration(to('new')));
    sim.advance(START + 4 * MINUTE);
    sim.silence({
      ...{ id: null, startsAtMs: START + 4 * MINUTE, endsAtMs: START + 20 * MINUTE },
      matcherSets: [[{ name: 'alertname', operator: '=', value: 'Down' }]],
      ...{ createdBy: 'ada', comment: 'a test' },
    });
    sim.advance(START + 5 * MINUTE);
    sim.reload(configuration(to('new')));
    sim.advance(START + HOUR);
    expect(toOld(sim, START + 3 * MINUTE)).toEqual([]);
  });

  test('is not paged by the reload, in a time in which it was muted', () => {
    const sim = simulation(muted('old'), shards);
    sim.post([{ labels, endsAtMs: FAR }]);
    sim.advance(START + 6 * MINUTE);
    // So that the group is looked at while it is muted.
    sim.post([{ labels: { ...labels, host: '2' }, endsAtMs: FAR }]);
    sim.advance(START + 8 * MINUTE);
    sim.reload(configuration(muted('new')));
    sim.advance(START + HOUR);
    expect(toOld(sim, START + MINUTE)).toEqual([]);
  });
});

test('what was on its way there at the reload, and has not arrived, is not sent again', () => {
  const before = configuration(to('old'));
  const world = machines(before, 1);
  world.post(before, 1, labels, FAR);
  world.clock(START + 10 * SECOND);
  const [page] = world.only(0, { kind: 'time' }).pages;
  world.configure(2, configuration(to('new')));
  world.tell(0, { kind: 'paged', pages: [{ key: page?.key ?? '', hasArrived: false }] });
  world.advance(START + HOUR);
  expect(world.pages).toEqual(['20s channel/new first_page']);
});
