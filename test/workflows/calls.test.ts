import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { createActivities, createWatching } from '../../src/activities/activities.ts';
import { systemClock } from '../../src/activities/clock.ts';
import type { AskGateRequest, CallInput } from '../../src/activities/requests.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { startTimeSkippingServer } from '../../src/dev/temporal-server.ts';
import type { ServiceView } from '../../src/domain/release/commands.ts';
import type { HookCall } from '../../src/domain/release/hook.schema.ts';
import { callInputOf } from '../../src/domain/release/hooks.ts';
import { createActivityRig } from '../support/activity-rig.ts';
import type { gate, hook, service } from '../support/calling-workflows.ts';
import { type LocalServer, startHttp } from '../support/local-server.ts';

/** Hooks and gates as a workflow calls them: by the real proxies, over a real server. */
const QUEUE = 'calls';
const THEIRS = 'theirs';
const CALLER = { service: 'shop', version: 'v2', stable: 'v1', workflowId: 'release/shop/7' };
const INPUT = callInputOf(CALLER, 'migrate', 'before traffic');

let env: TestWorkflowEnvironment;
let workers: readonly Worker[];
let running: Promise<unknown>;
let webhook: LocalServer;
let answer: { status: number; text?: string };
/** What the user's own activity has been given. */
const given: CallInput[] = [];

beforeAll(async () => {
  webhook = await startHttp((_request, response) => {
    response.writeHead(answer.status);
    response.end(answer.text);
  });
  // A failed attempt is a case of a test here, not a line for a person.
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger });
  env = await startTimeSkippingServer(readDevConfig(process.env), () => undefined);
  const workflowsPath = fileURLToPath(new URL('../support/calling-workflows.ts', import.meta.url));
  const deps = { ...createActivityRig().deps, clock: systemClock };
  const connection = env.nativeConnection;
  workers = await Promise.all([
    Worker.create({
      connection,
      dataConverter,
      taskQueue: QUEUE,
      workflowBundle: await bundleWorkflowCode({ workflowsPath, logger }),
      activities: createActivities(deps),
    }),
    Worker.create({
      connection,
      dataConverter,
      taskQueue: `${QUEUE}-watch`,
      activities: createWatching(deps),
    }),
    Worker.create({ connection, taskQueue: THEIRS, activities: { rename, locked, flaky } }),
  ]);
  running = Promise.all(workers.map((worker) => worker.run()));
});

afterAll(async () => {
  for (const worker of workers ?? []) worker.shutdown();
  await running;
  await env?.teardown();
  await webhook?.close();
});

async function rename(input: CallInput): Promise<{ readonly text: string }> {
  given.push(input);
  return { text: `renamed for ${input.version}` };
}

async function locked(): Promise<void> {
  // A word of our own table, which is not ours to say here.
  throw ApplicationFailure.nonRetryable('the table is locked', 'NotFound');
}

async function flaky(input: CallInput): Promise<void> {
  given.push(input);
  throw new Error('the connection was lost');
}

async function startHook(call: HookCall) {
  return env.client.workflow.start<typeof hook>('hook', {
    taskQueue: QUEUE,
    workflowId: `hook-${randomUUID()}`,
    args: [QUEUE, call, INPUT],
  });
}

async function callHook(call: HookCall) {
  const started = await startHook(call);
  return started.result();
}

function foreign(type: string, taskQueue = THEIRS): HookCall {
  const rest = { timeoutMs: 30_000, heartbeatMs: undefined, attempts: 3 };
  return { kind: 'activity', type, taskQueue, ...rest };
}

describe('a hook that is an activity of the user', () => {
  test('is called by its name on its own queue, with all that it needs to know', async () => {
    given.length = 0;
    expect(await callHook(foreign('rename'))).toEqual({ kind: 'done', text: 'renamed for v2' });
    expect(given).toEqual([INPUT]);
  });

  test('fails as a hook whatever word it uses', async () => {
    expect(await callHook(foreign('locked'))).toEqual({
      kind: 'failed',
      code: 'HookFailed',
      message: 'the table is locked',
    });
  });

  test('is tried as often as the file says, always under the same key', async () => {
    given.length = 0;
    expect(await callHook(foreign('flaky'))).toMatchObject({
      code: 'HookFailed',
      message: 'the connection was lost',
    });
    expect(given.map(({ key }) => key)).toEqual([INPUT.key, INPUT.key, INPUT.key]);
  });

  test('that nobody serves is not waited for, and it says so', async () => {
    const started = await startHook(foreign('rename', 'nobody-listens'));
    await expect.poll(async () => (await started.describe()).raw.pendingActivities?.length).toBe(1);
    const calling = started.result();
    // The server skips no time by itself while an activity waits for a worker.
    await env.sleep('3m');
    expect(await calling).toEqual({
      kind: 'failed',
      code: 'NoWorker',
      message: 'no worker took rename from its task queue',
    });
  });
});

describe('a hook that is a webhook', () => {
  const call = (): HookCall => ({
    kind: 'webhook',
    url: webhook.url,
    timeoutMs: 5000,
    attempts: 3,
    headersFromEnv: {},
  });

  test.each([
    [200, 'done', 1],
    [409, 'HookFailed', 1],
    [503, 'HookUnreachable', 3],
  ])('status %d is %s after %d attempt(s)', async (status, code, attempts) => {
    answer = { status };
    const before = webhook.received.length;
    const called = await callHook(call());
    expect(called.kind === 'done' ? 'done' : called.code).toBe(code);
    const keys = webhook.received.slice(before).map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual(Array.from({ length: attempts }, () => INPUT.key));
  });
});

describe('a gate that waits for the release of another service', () => {
  async function stands(name: string, stable: string): Promise<void> {
    const view: ServiceView = {
      service: name,
      stable,
      nextNumber: 2,
      active: undefined,
      queue: [],
      left: [],
      runs: [],
    };
    await env.client.workflow.start<typeof service>('service', {
      taskQueue: QUEUE,
      workflowId: `service/${name}`,
      args: [view],
    });
  }

  async function askAfter(
    other: string,
    leftMs: number,
    onTimeout: 'reject' | 'approve' = 'reject',
  ) {
    const request: AskGateRequest = {
      gate: {
        kind: 'after',
        name: 'after-payments',
        service: other,
        version: 'v12',
        timeoutMs: leftMs,
        onTimeout,
      },
      input: INPUT,
      untilMs: Date.now() + leftMs,
    };
    return env.client.workflow.execute<typeof gate>('gate', {
      taskQueue: QUEUE,
      workflowId: `gate-${randomUUID()}`,
      args: [QUEUE, request],
    });
  }

  test('opens at once where it has released that version or a later one', async () => {
    await stands('payments', 'v13');
    const answered = await askAfter('payments', 60_000);
    expect(answered).toEqual({ kind: 'go', text: 'payments has released v13' });
  });

  test('opens when that service is there, which nobody had heard of', async () => {
    const asking = askAfter('ledger', 60_000);
    await new Promise((resolve) => {
      setTimeout(resolve, 500);
    });
    await stands('ledger', 'v12');
    expect(await asking).toEqual({ kind: 'go', text: 'ledger has released v12' });
  });

  test('is closed in the end, or opened where the file says so, with how it stood', async () => {
    await stands('orders', 'v11');
    const last = 'the time is over; last: orders has v11; v12 is wanted';
    expect(await askAfter('orders', 100)).toEqual({ kind: 'stop', reason: last });
    expect(await askAfter('orders', 100, 'approve')).toEqual({ kind: 'go', text: last });
    expect(await askAfter('nobody', 100)).toEqual({
      kind: 'stop',
      reason: 'the time is over; last: nobody has no release; v12 is wanted',
    });
  });
});
