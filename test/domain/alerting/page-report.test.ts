import { describe, expect, test } from 'vitest';
import { received } from '../../../src/domain/alerting/alert.ts';
import { inBatches } from '../../../src/domain/alerting/batches.ts';
import { reportOf, severityOf } from '../../../src/domain/alerting/page-report.ts';
import { charactersOfPaged, pagedAlerts } from '../../../src/domain/alerting/paged-alerts.ts';
import type { Handed } from '../../../src/domain/alerting/shard-state.ts';
import { newShard, step } from '../../../src/domain/alerting/shard.ts';
import { configuration } from './configurations.ts';

const START = Date.parse('2026-11-26T12:00:00Z');
const CLOCKS = { isIn: () => false, changesAt: () => Infinity };

function handed(labels: Record<string, string>, summary = '', generatorUrl?: string): Handed {
  const alert = received({ labels, annotations: { summary }, generatorUrl }, START, 3_600_000);
  return { alert, groups: null, stays: [] };
}

function pages(route: string, alerts: readonly Handed[]) {
  const text = `receivers: { r: { policy: p, severity: warning } }\nroute: { receiver: r, ${route} }`;
  const from = { shard: 0, shards: 1, version: 1, bytesLimit: 1e6 };
  const shard = newShard({ ...from, configuration: configuration(text) }, START, CLOCKS);
  const { state } = step(shard, { kind: 'alerts', version: 1, alerts }, START, CLOCKS);
  const after = step(state, { kind: 'time' }, START + 30_000, CLOCKS);
  return { state: after.state, pages: after.outcome.pages };
}

function reports(route: string, alerts: readonly Handed[]) {
  const paged = pages(route, alerts);
  return paged.pages.map((page) => reportOf(paged.state, page));
}

test('a page tells what its group is, and each alert of it', () => {
  const url = 'https://prometheus.example.org/graph';
  const alerts = [
    handed({ alertname: 'Down', job: 'api', host: '1' }, 'it is\ndown', url),
    handed({ alertname: 'Down', job: 'api', host: '2' }, '', 'javascript:alert(1)'),
  ];
  expect(reports('group_by: [alertname, job]', alerts)).toEqual([
    {
      title: 'Down {job="api"} (2 firing)',
      text: '{alertname="Down", host="1", job="api"}: it is down\n{alertname="Down", host="2", job="api"}',
      severity: 'warning',
      source: 'alerts',
      labels: { alertname: 'Down', job: 'api' },
      links: [{ text: 'where it comes from', url }],
    },
  ]);
});

test('receivers that take alerts one by one get them so, and know of how many more', () => {
  const many = Array.from({ length: 300 }, (_, at) =>
    handed({ alertname: 'Down', host: `${at}` }, 'x'.repeat(100)),
  );
  const paged = pages('group_by: [alertname]', many);
  const [page] = paged.pages;
  const told = page === undefined ? undefined : pagedAlerts(paged.state, page);
  expect(told?.groupLabels).toEqual({ alertname: 'Down' });
  expect(told?.alerts[0]).toEqual({
    ...{ isFiring: true, labels: { alertname: 'Down', host: '0' }, generatorUrl: null },
    annotations: { summary: 'x'.repeat(100) },
    ...{ startsAtMs: START, endsAtMs: START + 3_600_000 },
  });
  expect(told?.alerts.length).toBeGreaterThan(40);
  expect((told?.alerts.length ?? 0) + (told?.truncated ?? 0)).toBe(300);
  expect(JSON.stringify(told).length).toBeLessThan(21_000);
  expect(JSON.stringify(told).length).toBeLessThan(
    told === undefined ? 0 : charactersOfPaged(told),
  );
});

test('it is short, however many alerts there are', () => {
  const many = Array.from({ length: 2000 }, (_, at) =>
    handed({ alertname: 'Down', host: `${at}`, long: 'x'.repeat(300) }),
  );
  const [report] = reports('group_by: []', many);
  expect(report?.title).toBe('Alerts (2000 firing)');
  expect(report?.text).toContain('and 1980 more');
  expect(JSON.stringify(report).length).toBeLessThan(6000);
});

test('a storm lists the groups that it took together', () => {
  const alerts = ['A', 'B', 'C'].flatMap((alertname) =>
    ['1', '2'].map((host) => handed({ alertname, host })),
  );
  const [report] = reports('group_by: [alertname], storm: { above: 2 }', alerts);
  expect(report?.title).toBe('A storm of alerts (6 firing)');
  expect(report?.text.split('\n').toSorted()).toEqual(
    ['A', 'B', 'C'].map((name) => `{alertname="${name}"} (2)`),
  );
});

test.each([
  [['warning', 'critical'], 'critical'],
  [['page'], 'critical'],
  [['Info', 'warn'], 'warning'],
  [['', 'info'], 'error'],
  [['odd'], 'error'],
  [[], 'error'],
] as const)('of %j the severity is %s', (words, expected) => {
  const alerts = words.map((severity) => ({ labels: { severity } }));
  expect(severityOf(alerts, 'error')).toBe(expected);
});

describe('batches', () => {
  const size = (all: readonly Handed[]) =>
    new TextEncoder().encode(JSON.stringify({ kind: 'alerts', version: 12, alerts: all })).length;

  test('hold all alerts in their order, and none is larger than may be sent', () => {
    const all = Array.from({ length: 500 }, (_, at) => handed({ n: `${at}`, x: 'ü'.repeat(at) }));
    const { batches, tooLarge } = inBatches(all, 10_000);
    expect(batches.flat()).toEqual(all);
    expect(tooLarge).toEqual([]);
    expect(Math.max(...batches.map(size))).toBeLessThanOrEqual(10_000);
    expect(Math.min(...batches.slice(0, -1).map(size))).toBeGreaterThan(8_000);
  });

  test('one that is too large alone is named', () => {
    const large = handed({ a: 'x'.repeat(2000) });
    expect(inBatches([large, handed({ a: '1' })], 1000)).toMatchObject({
      batches: [[{ alert: { labels: { a: '1' } } }]],
      tooLarge: [{ alert: { labels: large.alert.labels } }],
    });
  });
});
