import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCaller } from '../../src/client/caller.ts';
import { isTooEarly } from '../../src/client/translate.ts';
import { type Child, scriptPath, startChild } from '../../src/dev/children.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { type RunningTemporal, startTemporal } from '../../src/dev/temporal-server.ts';
import { type clocked, turnsQuery } from '../support/clocked-workflows.ts';

/**
 * Workers are killed while everybody asks: queries overtake the tasks that were lost. Without the
 * guard 16 of 40 such workflows could not be replayed any more.
 */
const TASK_QUEUE = 'clocked';
const TURNS = 8;
const IDS = Array.from({ length: 40 }, (_, at) => `clocked/${at}`);
const LIVES_MS = 2500;
const folder = mkdtempSync(join(tmpdir(), 'belay-guard-'));

let temporal: RunningTemporal;
let raw: Client;
let worker: Child;

beforeAll(async () => {
  temporal = await startTemporal(readDevConfig(process.env), {}, () => undefined);
  raw = new Client({ connection: await Connection.connect({ address: temporal.address }) });
  worker = await startWorker();
});

afterAll(async () => {
  worker?.kill('SIGKILL');
  await worker?.exited;
  await raw?.connection.close();
  await temporal?.close();
  rmSync(folder, { recursive: true, force: true });
});

function startWorker(): Promise<Child> {
  return startChild({
    command: process.execPath,
    args: [scriptPath('../support/clocked-worker', import.meta.url), temporal.address, TASK_QUEUE],
    env: { PATH: process.env.PATH, HOME: folder },
    log: join(folder, 'worker.log'),
    ready: (line) => line === 'ready',
  });
}

test('a query that overtakes a lost task is asked again, and the history replays', async () => {
  const caller = createCaller({
    connection: raw.connection as Connection,
    taskQueue: TASK_QUEUE,
    address: temporal.address,
  });
  for (const workflowId of IDS) {
    await raw.workflow.start<typeof clocked>('clocked', {
      ...{ workflowId, taskQueue: TASK_QUEUE, args: [TURNS] },
    });
  }
  let tooEarly = 0;
  const seen: unknown[] = [];
  const over = new AbortController();
  const asking = IDS.map(async (id) => {
    while (!over.signal.aborted) {
      await caller
        .call(id, async () => {
          try {
            return await raw.workflow.getHandle(id).query(turnsQuery);
          } catch (error) {
            if (isTooEarly(error)) tooEarly += 1;
            throw error;
          }
        })
        // For a while there may be no worker at all.
        .catch((error: Error) => isTooEarly(error.cause) && seen.push(error));
      await wait(100);
    }
  });
  for (let kills = 0; kills < 3; kills += 1) {
    await wait(LIVES_MS);
    worker.kill('SIGKILL');
    await worker.exited;
    worker = await startWorker();
  }
  await Promise.all(IDS.map((id) => raw.workflow.getHandle(id).result()));
  over.abort();
  await Promise.all(asking);
  const histories = await Promise.all(IDS.map((id) => raw.workflow.getHandle(id).fetchHistory()));
  const events = histories.flatMap((history) => history.events ?? []);
  expect(events.flatMap((event) => event.workflowTaskFailedEventAttributes ?? [])).toEqual([]);
  // It did happen, and nobody who asked through Belay has noticed.
  expect(tooEarly).toBeGreaterThan(0);
  expect(seen).toEqual([]);
});
