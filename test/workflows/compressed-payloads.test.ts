import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { startTimeSkippingServer } from '../../src/dev/temporal-server.ts';
import { keepSignal, keptQuery, type keeper } from '../support/keeping-workflows.ts';
import { quietRuntime } from '../support/quiet-runtime.ts';
import { unpacked } from '../support/unpacked.ts';

const QUEUE = 'keeping';
const LARGE = Array.from({ length: 2000 }, (_, at) => `alert ${at} of checkout: p95 is ${at} ms`);
const RAW_BYTES = Buffer.byteLength(JSON.stringify(LARGE));

let env: TestWorkflowEnvironment;
let worker: Worker;
let code: string;
let running: Promise<void>;

function startWorker(taskQueue: string, converter: typeof dataConverter): Promise<Worker> {
  return Worker.create({
    connection: env.nativeConnection,
    dataConverter: converter,
    taskQueue,
    workflowBundle: { code },
    stickyQueueScheduleToStartTimeout: '1s',
    activities: { echo: async (kept: readonly string[]) => kept },
  });
}

beforeAll(async () => {
  quietRuntime();
  env = await startTimeSkippingServer(readDevConfig(process.env), () => undefined);
  const workflowsPath = fileURLToPath(new URL('../support/keeping-workflows.ts', import.meta.url));
  ({ code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }));
  worker = await startWorker(QUEUE, dataConverter);
  running = worker.run();
});

afterAll(async () => {
  worker?.shutdown();
  await running;
  await env?.teardown();
});

/** What is said to one keeper by this client, and what it and its history have of it. */
async function keep(client: Client, said: readonly string[]) {
  const workflowId = randomUUID();
  const first = await client.workflow.signalWithStart<typeof keeper, [readonly string[]]>(
    'keeper',
    {
      workflowId,
      taskQueue: QUEUE,
      signal: keepSignal,
      signalArgs: [said],
    },
  );
  const result: unknown = await first.result();
  const kept = await client.workflow.getHandle(workflowId).query(keptQuery);
  const { signaledRunId: runId } = first;
  const [before, after] = await Promise.all([
    client.workflow.getHandle(workflowId, runId).fetchHistory(),
    client.workflow.getHandle(workflowId).fetchHistory(),
  ]);
  return { result, kept, before, after, all: [...(before.events ?? []), ...(after.events ?? [])] };
}

type Events = Awaited<ReturnType<typeof keep>>['all'];

/** Wherever the large value is: in what was said, given, answered, handed on and returned. */
function payloadsIn(events: Events) {
  return events.flatMap((event) => [
    ...(event.workflowExecutionSignaledEventAttributes?.input?.payloads ?? []),
    ...(event.activityTaskScheduledEventAttributes?.input?.payloads ?? []),
    ...(event.activityTaskCompletedEventAttributes?.result?.payloads ?? []),
    ...(event.workflowExecutionContinuedAsNewEventAttributes?.input?.payloads ?? []),
    ...(event.workflowExecutionStartedEventAttributes?.input?.payloads ?? []),
    ...(event.workflowExecutionCompletedEventAttributes?.result?.payloads ?? []),
  ]);
}

const encodingsIn = (events: Events): readonly string[] =>
  payloadsIn(events).map(({ metadata }) => Buffer.from(metadata?.['encoding'] ?? []).toString());

test('a large signal is compressed wherever it goes, and is read as it was sent', async () => {
  const { result, kept, before, after, all } = await keep(env.client, LARGE);
  expect(kept).toEqual(LARGE);
  expect(result).toEqual(LARGE);
  expect(encodingsIn(all)).toEqual(Array(6).fill('binary/gzip'));
  expect(RAW_BYTES).toBeGreaterThan(70_000);
  for (const { data } of payloadsIn(all)) expect(data?.length).toBeLessThan(RAW_BYTES / 4);

  for (const history of [before, after]) {
    await Worker.runReplayHistory({ workflowBundle: { code }, dataConverter }, history);
  }
  const texts = payloadsIn((await unpacked(before)).events ?? []).map(({ data }) => String(data));
  expect(texts).toEqual(Array(4).fill(JSON.stringify(LARGE)));
});

test('a small one can be read in the history', async () => {
  const { result, all } = await keep(env.client, ['a word']);
  expect(result).toEqual(['a word']);
  expect(encodingsIn(all)).toEqual(Array(6).fill('json/plain'));
  expect(payloadsIn(all).map(({ data }) => String(data))).toEqual(Array(6).fill('["a word"]'));
});

test('a client without the codec is understood, but does not understand', async () => {
  const old = new Client({ connection: env.connection });
  await expect(keep(old, LARGE)).rejects.toThrow('Unknown encoding: binary/gzip');
});

test('a worker without the codec only fails its task, and one with it goes on', async () => {
  const taskQueue = 'old';
  const old = await startWorker(taskQueue, {});
  const oldRun = old.run();
  const options = { workflowId: randomUUID(), taskQueue, args: [LARGE] as [readonly string[]] };
  const handle = await env.client.workflow.start<typeof keeper>('keeper', options);
  const failed = await vi.waitUntil(
    async () =>
      ((await handle.fetchHistory()).events ?? []).find(
        (event) => event.workflowTaskFailedEventAttributes != null,
      ),
    { timeout: 20_000 },
  );
  expect(failed.workflowTaskFailedEventAttributes?.failure?.message).toMatch(
    /Unknown encoding: binary\/gzip/,
  );
  expect((await handle.describe()).status.name).toBe('RUNNING');
  old.shutdown();
  await oldRun;
  const renewed = await startWorker(taskQueue, dataConverter);
  expect(await renewed.runUntil(handle.result())).toEqual(LARGE);
});
