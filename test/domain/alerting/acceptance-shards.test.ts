import { describe, expect, test } from 'vitest';
import type { PostedAlert } from '../../../src/domain/alerting/alert.ts';
import { destinationText } from '../../../src/domain/alerting/group-key.ts';
import { formatLabels } from '../../../src/domain/alerting/labels.ts';
import { readMatchers } from '../../../src/domain/alerting/read-matchers.ts';
import { type Simulation, newSimulation } from '../../../src/domain/alerting/simulation.ts';
import { changesAt, isIn } from '../../../src/domain/alerting/time-interval.ts';
import { configuration } from './configurations.ts';

/** More of Alertmanager's acceptance scenarios, in one shard and in 16: times are seconds. */
const START = Date.parse('2026-11-26T12:00:00Z');
const CLOCKS = { isIn, changesAt };
const SHARDS = [1, 16] as const;

const at = (seconds: number): number => START + Math.round(seconds * 1000);

const file = (more = '', groupBy = '[alertname]') => `
receivers: { hook: { channels: [hook] } }
route:
  receiver: hook
  group_by: ${groupBy}
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1h
${more}`;

function simulation(text: string, shards: number): Simulation {
  return newSimulation({
    ...{ configuration: configuration(text), shards, startMs: START, clocks: CLOCKS },
  });
}

const fire = (labels: Record<string, string>, from = 1, to = 3600): PostedAlert => ({
  ...{ labels, startsAtMs: at(from), endsAtMs: at(to) },
});

function silence(sim: Simulation, matchers: string, from: number, to: number): void {
  const read = readMatchers(matchers);
  if (read.kind !== 'valid') throw new Error(`no matchers: ${matchers}`);
  const answer = sim.silence({
    ...{ id: null, matcherSets: [read.matchers], createdBy: 'ada', comment: 'work' },
    ...{ startsAtMs: at(from), endsAtMs: at(to) },
  });
  expect(answer.kind).toBe('set');
}

/** Sorted, as shards have no order among each other: `2 hook first_page {a="1"} / {b="2"}`. */
function pagesOf({ pages }: Simulation): readonly string[] {
  return pages
    .map(({ atMs, destination, reason, firing, resolved }) => {
      const texts = [firing, resolved].map((list) =>
        list
          .map(({ labels }) => formatLabels(labels))
          .toSorted()
          .join(' '),
      );
      const what = texts.filter((text) => text !== '').join(' / ');
      return `${(atMs - START) / 1000} ${destinationText(destination).split('/')[1]} ${reason} ${what}`;
    })
    .toSorted();
}

describe.each(SHARDS)('inhibition in %i shards', (shards) => {
  const rule = `inhibit_rules: [{ source_matchers: [alertname=JobDown], target_matchers: [alertname=InstanceDown], equal: [job] }]`;

  test('a target that always has its source is never told', () => {
    const sim = simulation(file(rule), shards);
    sim.advance(at(1));
    sim.post([
      fire({ alertname: 'JobDown', job: 'a', zone: 'x' }),
      fire({ alertname: 'InstanceDown', job: 'a', zone: 'x' }),
    ]);
    sim.advance(at(3.5));
    sim.post([
      fire({ alertname: 'JobDown', job: 'a', zone: 'x' }, 1, 3.5),
      fire({ alertname: 'InstanceDown', job: 'a', zone: 'x' }, 1, 3.5),
    ]);
    sim.advance(at(20));
    const source = '{alertname="JobDown", job="a", zone="x"}';
    expect(pagesOf(sim)).toEqual([`2 hook first_page ${source}`, `4 hook all_resolved ${source}`]);
  });

  test('a rule without matchers inhibits nothing, as all match both sides', () => {
    const sim = simulation(
      file('inhibit_rules: [{ source_matchers: [], target_matchers: [] }]'),
      shards,
    );
    sim.advance(at(1));
    sim.post([fire({ alertname: 'JobDown' }), fire({ alertname: 'InstanceDown' })]);
    sim.advance(at(20));
    expect(pagesOf(sim)).toEqual([
      '2 hook first_page {alertname="InstanceDown"}',
      '2 hook first_page {alertname="JobDown"}',
    ]);
  });
});

describe.each(SHARDS)('a silence in %i shards', (shards) => {
  test('that was set before its alert came holds it back, and no other', () => {
    const sim = simulation(file(), shards);
    silence(sim, 'alertname=one', 0, 8);
    sim.advance(at(1));
    sim.post([fire({ alertname: 'one' }), fire({ alertname: 'two' })]);
    sim.restart();
    sim.advance(at(20));
    expect(pagesOf(sim)).toEqual([
      '2 hook first_page {alertname="two"}',
      '8 hook first_page {alertname="one"}',
    ]);
  });
});

describe.each(SHARDS)('names and values of any script in %i shards', (shards) => {
  const labels = { alertname: 'Störung', 'größe.in.m²': '🙂', κόμβος: 'α' };
  const text = '{alertname="Störung", "größe.in.m²"="🙂", "κόμβος"="α"}';

  function pagesAfter(more: string, act: (sim: Simulation) => void, groupBy?: string) {
    const sim = simulation(file(more, groupBy), shards);
    sim.advance(at(1));
    act(sim);
    sim.post([fire(labels)]);
    sim.restart();
    sim.advance(at(10));
    return pagesOf(sim);
  }

  test('are told', () => {
    expect(pagesAfter('', () => {})).toEqual([`2 hook first_page ${text}`]);
  });

  test('are grouped by', () => {
    const act = (sim: Simulation): void => sim.post([fire({ ...labels, κόμβος: 'β' })]);
    const pages = pagesAfter('', act, '["größe.in.m²", κόμβος]');
    expect(pages).toEqual([
      `2 hook first_page ${text}`,
      `2 hook first_page ${text.replace('α', 'β')}`,
    ]);
  });

  test('are routed by', () => {
    const more = `  routes: [{ matchers: ['"größe.in.m²"="🙂"'], receiver: other }]`;
    const sim = simulation(
      file(more).replace('{ hook:', '{ other: { channels: [other] }, hook:'),
      shards,
    );
    sim.post([fire(labels, 0)]);
    sim.advance(at(5));
    expect(pagesOf(sim)).toEqual([`1 other first_page ${text}`]);
  });

  test('are inhibited by', () => {
    const more = `inhibit_rules: [{ source_matchers: ['"κόμβος"=~"α|β"', alertname=Quelle], target_matchers: ['"größe.in.m²"="🙂"'], equal: [κόμβος] }]`;
    const source = { alertname: 'Quelle', κόμβος: 'α' };
    const pages = pagesAfter(more, (sim) => sim.post([fire(source)]));
    expect(pages).toEqual([`2 hook first_page {alertname="Quelle", "κόμβος"="α"}`]);
  });

  test('are silenced by', () => {
    expect(pagesAfter('', (sim) => silence(sim, '"größe.in.m²"="🙂"', 1, 100))).toEqual([]);
  });
});

test('16 shards that are restarted at every step page exactly what one that is not does', () => {
  const text = file(
    'inhibit_rules: [{ source_matchers: [severity=page], target_matchers: [severity=info], equal: [host] }]',
  );
  const played = (shards: number, isRestarted: boolean): readonly string[] => {
    const sim = simulation(text, shards);
    const then = (seconds: number, act: () => void): void => {
      sim.advance(at(seconds));
      act();
      if (isRestarted) sim.restart();
    };
    const labels = (id: number) => ({
      ...{ alertname: `A${id % 7}`, host: `h${id % 5}` },
      severity: id % 3 === 0 ? 'page' : 'info',
      id: `${id}`,
    });
    const ids = Array.from({ length: 60 }, (_, id) => id);
    for (const id of ids) then(1 + id / 10, () => sim.post([fire(labels(id), 1 + id / 10)]));
    then(9.05, () => silence(sim, 'host="h1"', 9.05, 30));
    for (const id of ids.filter((one) => one % 4 === 0)) {
      then(10 + id / 10, () => sim.post([fire(labels(id), 1 + id / 10, 10 + id / 10)]));
    }
    then(60, () => sim.post(ids.map((id) => fire(labels(id), 1 + id / 10, 60))));
    then(120, () => {});
    return pagesOf(sim);
  };
  const one = played(1, false);
  expect(one.length).toBeGreaterThan(30);
  expect(played(16, true)).toEqual(one);
});
