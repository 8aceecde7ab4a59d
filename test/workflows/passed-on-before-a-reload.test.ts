import { Worker } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { startTimeSkippingServer } from '../../src/dev/temporal-server.ts';
import { received } from '../../src/domain/alerting/alert.ts';
import { ownersOf } from '../../src/domain/alerting/owners.ts';
import {
  type Told,
  alertsSignal,
  shardId,
  toldSignal,
} from '../../src/workflows/alert-messages.ts';
import { configuration } from '../domain/alerting/configurations.ts';
import { quietRuntime } from '../support/quiet-runtime.ts';
import { addSearchAttributes } from '../support/search-attributes.ts';
import { workflowCode } from '../support/workflow-code.ts';

const SHARDS = 4;
const HOUR = 3_600_000;
const by = (labels: string) =>
  configuration(
    `receivers: { r: { channels: [c] } }\nroute: { receiver: r, group_by: [${labels}], group_wait: 1h }`,
  );
const BEFORE = by('alertname');
const AFTER = by('alertname, host');

/** Of other shards before and after the reload, neither of them the one that is told of it. */
const labels = Array.from({ length: 100 }, (_, at) => ({ alertname: `A${at}`, host: 'h' })).find(
  (one) => {
    const [before = 0] = ownersOf(BEFORE, one, SHARDS);
    const [after = 0] = ownersOf(AFTER, one, SHARDS);
    return before === 1 && after === 2;
  },
);

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  quietRuntime();
  env = await startTimeSkippingServer(readDevConfig(process.env), () => undefined);
  await addSearchAttributes(env);
});
afterAll(async () => {
  await env?.teardown();
});

test('what a shard passes on in the task in which it hears of a configuration is not lost', async () => {
  if (labels === undefined) throw new Error('no such labels');
  const nowMs = await env.currentTimeMs();
  const handles = await Promise.all(
    Array.from({ length: SHARDS }, (_, shard) =>
      env.client.workflow.start('alerts', {
        workflowId: shardId(shard),
        taskQueue: 'belay',
        args: [
          {
            ...{ schemaVersion: 1, shard, shards: SHARDS, version: 1, silences: [] },
            configuration: BEFORE,
          },
        ],
      }),
    ),
  );
  const alert = received({ labels, endsAtMs: nowMs + 10 * HOUR }, nowMs, HOUR);
  const told: Told = {
    number: 1,
    event: { kind: 'configuration', version: 2, configuration: AFTER },
  };
  // Ingest goes by a configuration that is older still; both are there when the worker begins.
  await handles[0]?.signal(alertsSignal, {
    version: 0,
    alerts: [{ alert, groups: null, stays: [] }],
  });
  for (const handle of handles) await handle.signal(toldSignal, told);
  const worker = await Worker.create({
    ...{ connection: env.nativeConnection, dataConverter, shutdownForceTime: '2s' },
    ...{ taskQueue: 'belay', workflowBundle: { code: await workflowCode() } },
    activities: {},
  });
  const holders = async (): Promise<readonly number[]> => {
    const views = await Promise.all(
      handles.map((handle) => handle.query<{ groups: readonly unknown[] }>('groups')),
    );
    return views.flatMap(({ groups }, shard) => (groups.length > 0 ? [shard] : []));
  };
  await worker.runUntil(() => expect.poll(holders).toEqual([2]));
});
