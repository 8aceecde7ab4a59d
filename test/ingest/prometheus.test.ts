import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RealPrometheus, startPrometheus } from '../support/real-prometheus.ts';
import { type Rig, startRig } from './rig.ts';

/** Prometheus looks for its Alertmanagers every five seconds; what fires before is not sent. */
const FIRES_AFTER_S = 7;
const FIRES_FOR_S = 3;

let rig: Rig;
let prometheus: RealPrometheus;
const folder = mkdtempSync(join(tmpdir(), 'belay-rules-'));

beforeAll(async () => {
  rig = await startRig();
  Object.defineProperty(rig.client.world, 'nowMs', { get: Date.now });
  const fromS = Math.ceil(Date.now() / 1000) + FIRES_AFTER_S;
  const rule = {
    alert: 'Down',
    expr: `vector(time()) > ${fromS} < ${fromS + FIRES_FOR_S}`,
    labels: { severity: 'page' },
    annotations: { summary: 'it is down' },
  };
  const rules = join(folder, 'rules.json');
  const group = { name: 'belay', interval: '500ms', rules: [rule] };
  writeFileSync(rules, JSON.stringify({ groups: [group] }));
  const target = new URL(rig.ingest.url).host;
  prometheus = await startPrometheus({
    targets: { ingest: target },
    moreConfig:
      `rule_files: ['${rules}']\n` +
      `alerting: { alertmanagers: [{ static_configs: [{ targets: ['${target}'] }] }] }`,
  });
});
afterAll(async () => {
  await prometheus?.close();
  await rig?.close();
  rmSync(folder, { recursive: true, force: true });
});

const ends = (): readonly boolean[] =>
  rig.client.sent.flatMap(({ batch }) =>
    batch.alerts.map(({ alert }) => alert.endsAtMs <= alert.updatedAtMs),
  );

test('an alert of a real Prometheus arrives once, and its end once', async () => {
  await expect.poll(() => ends().length, { timeout: 20_000 }).toBeGreaterThan(0);
  expect(rig.client.sent[0]?.batch.alerts[0]?.alert).toMatchObject({
    labels: { alertname: 'Down', severity: 'page' },
    annotations: { summary: 'it is down' },
    generatorUrl: expect.stringContaining('/graph?'),
    isTimeout: false,
  });
  await expect.poll(ends, { timeout: 20_000 }).toEqual([false, true]);
});

test('it scrapes the metrics of the process, too', async () => {
  await prometheus.until('belay_ingest_alerts_total{result="news"}', 1);
  expect(rig.lines).toEqual([]);
});
