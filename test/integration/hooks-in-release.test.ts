import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Child } from '../../src/dev/children.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { newService } from '../../src/domain/release/service-state.ts';
import { type LocalServer, startHttp } from '../support/local-server.ts';
import { PYTHON_ACTIVITY, PYTHON_QUEUE, startPythonWorker } from '../support/python-worker.ts';
import { QUICK, SERVICE, type TestStack, startTestStack } from '../support/stack.ts';

/** Programs of the user's that a release calls and asks; the cases build on each other. */
let stack: TestStack;
let worker: Child;
let server: LocalServer;
let database: string;

/** What has been called, with what ran and who had traffic at that moment. */
let calls: { readonly what: string; readonly versions: readonly string[]; weights: unknown }[] = [];
/** What the server answers to the next calls; then 200. */
let statuses: number[] = [];

beforeAll(async () => {
  stack = await startTestStack('embedded');
  await stack.begin(QUICK);
  database = join(stack.folder, 'orders.sqlite3');
  const orders = new DatabaseSync(database);
  orders.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL)');
  orders.exec('INSERT INTO orders (total) VALUES (1.25), (20), (0.1)');
  orders.close();
  const { address } = stack.temporal;
  worker = await startPythonWorker({ address, folder: stack.folder, database });
  server = await startHttp(({ path }, response) => {
    void Promise.all([stack.environment.versions(SERVICE), stack.weights()]).then(
      ([versions, weights]) => {
        calls.push({ what: path.slice(1), versions, weights });
        response.writeHead(statuses.shift() ?? 200);
        response.end(`answer ${calls.length}`);
      },
    );
  });
});

beforeEach(() => {
  calls = [];
  statuses = [];
});

afterAll(async () => {
  await worker?.stop();
  await stack?.close();
  await server?.close();
});

function columns(): readonly unknown[] {
  const orders = new DatabaseSync(database, { readOnly: true });
  const rows = orders.prepare('PRAGMA table_info(orders)').all();
  orders.close();
  return rows.map(({ name }) => name);
}

const webhook = (name: string) => ({ webhook: { url: `${server.url}/${name}`, attempts: 1 } });
const migrate = { activity: { type: PYTHON_ACTIVITY, task_queue: PYTHON_QUEUE, heartbeat: '10s' } };
const names = (): readonly string[] => calls.map(({ what }) => what);

function canary(changes: Partial<ReleaseDocument>): Partial<ReleaseDocument> {
  return { ...QUICK, strategy: 'canary', steps: [{ weight: '50%', for: '1s' }], ...changes };
}

/** A database change in its two halves, and what is told around it. */
function hooks(): ReleaseDocument['hooks'] {
  return [
    { name: 'add', on: 'expand', ...migrate, undo: migrate },
    { name: 'begun', on: 'expand', ...webhook('begun'), undo: webhook('begun-undone') },
    { name: 'ready', before: 'traffic', ...webhook('ready'), undo: webhook('ready-undone') },
    { name: 'moved', after: 'traffic', ...webhook('moved') },
    { name: 'back', on: 'rollback', ...webhook('back') },
    { name: 'drop', on: 'contract', ...migrate },
    { name: 'over', on: 'contract', ...webhook('over') },
  ];
}

describe('hooks', () => {
  test('are undone on the way back when traffic is back, the newest first', async () => {
    const steps = [{ weight: '50%', for: '1m' }];
    const { workflowId } = await stack.deploy('bad', canary({ hooks: hooks(), steps }));
    await stack.when(workflowId, ({ weights }) => weights.some((one) => one.weightPercent === 50));
    expect(columns()).toEqual(['id', 'total', 'total_cents']);
    await stack.fault('bad', 'errors');
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'rolled_back', left: [] });
    expect(names()).toEqual(['begun', 'ready', 'ready-undone', 'begun-undone', 'back']);
    expect(calls[2]?.weights).toEqual({ v1: 100, bad: 0 });
    expect(columns()).toEqual(['id', 'total']);
    const { timeline } = await stack.client.progress(workflowId);
    expect(timeline.map(({ text }) => text)).toEqual(
      expect.arrayContaining([
        'the hook add says: on expand: filled 3 orders',
        'the hook back says: answer 5',
      ]),
    );
  });

  test('expand before the candidate starts and contract when the version before is gone', async () => {
    const { workflowId } = await stack.deploy('v2', canary({ hooks: hooks() }));
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
    expect(names()).toEqual(['begun', 'ready', 'moved', 'over']);
    expect(calls.map(({ versions }) => versions)).toEqual([
      ['v1'],
      ['v1', 'v2'],
      ['v1', 'v2'],
      ['v2'],
    ]);
    expect(calls.map(({ weights }) => weights)).toEqual([
      { v1: 100 },
      { v1: 100, v2: 0 },
      { v1: 0, v2: 100 },
      { v2: 100 },
    ]);
    expect(columns()).toEqual(['id', 'total_cents']);
  });

  test('that fail end the release, and what was done is undone', async () => {
    statuses = [200, 409];
    const ours = hooks()?.filter(({ name }) => name === 'begun' || name === 'ready') ?? [];
    const { workflowId } = await stack.deploy('v3', canary({ hooks: ours }));
    const report = await stack.end(workflowId);
    expect(report).toMatchObject({ outcome: 'failed', cause: 'HookFailed', left: [] });
    expect(names()).toEqual(['begun', 'ready', 'ready-undone', 'begun-undone']);
    expect(await stack.serving()).toBe('v2');
  });

  test('that fail in another language end the release with what they said', async () => {
    const { workflowId } = await stack.deploy(
      'v3',
      canary({ hooks: [{ name: 'wrong', before: 'traffic', ...migrate }] }),
    );
    const report = await stack.end(workflowId);
    expect(report).toMatchObject({ outcome: 'failed', cause: 'HookFailed' });
    expect(report.reason).toContain("migrate_schema cannot do 'before traffic'");
  });

  test('that may fail are a warning', async () => {
    statuses = [500];
    const { workflowId } = await stack.deploy(
      'v3',
      canary({
        hooks: [{ name: 'tell', before: 'traffic', on_failure: 'warn', ...webhook('tell') }],
      }),
    );
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
    const { warnings } = await stack.client.progress(workflowId);
    expect(warnings.join()).toContain('the hook tell failed');
  });
});

describe('a gate that asks a program', () => {
  const gated = (): Partial<ReleaseDocument> =>
    canary({ gates: [{ name: 'board', webhook: { url: `${server.url}/board` } }] });

  test('is tried again while there is no answer, and opens with 2xx', async () => {
    statuses = [503, 500];
    const { workflowId } = await stack.deploy('v4', gated());
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
    expect(names()).toEqual(['board', 'board', 'board']);
    const { timeline } = await stack.client.progress(workflowId);
    expect(timeline.map(({ text }) => text)).toContain('the gate board says go: answer 3');
  });

  test('ends the release with 4xx', async () => {
    statuses = [403];
    const { workflowId } = await stack.deploy('v5', gated());
    const report = await stack.end(workflowId);
    expect(report).toMatchObject({ outcome: 'failed', cause: 'GateClosed', left: [] });
    expect(report.reason).toContain('answer 1');
  });

  test('is closed when there is no answer within its budget, and says what the last one was', async () => {
    statuses = Array.from({ length: 20 }, () => 503);
    const gate = { name: 'board', webhook: { url: `${server.url}/board`, budget: '2s' } };
    const { workflowId } = await stack.deploy('v5', canary({ gates: [gate] }));
    const report = await stack.end(workflowId);
    expect(report).toMatchObject({ outcome: 'failed', cause: 'GateClosed' });
    expect(report.reason).toContain('503');
  });
});

test('a release waits for that of another service', async () => {
  const { workflowId } = await stack.deploy(
    'v5',
    canary({ gates: [{ name: 'payments', after: { release: 'payments >= v12' } }] }),
  );
  await stack.when(workflowId, ({ waiting }) => waiting?.why === 'gate');
  const { workflow } = stack.temporal.environment?.client ?? {};
  const stable = { version: 'v12', spec: stack.specOf('v12'), instances: [] };
  await workflow?.start('service', {
    workflowId: 'service/payments',
    taskQueue: 'belay',
    args: [{ ...newService('payments'), stable }],
  });
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  const { timeline } = await stack.client.progress(workflowId);
  expect(timeline.map(({ text }) => text)).toContain(
    'the gate payments says go: payments has released v12',
  );
});

test('no request was lost in all of this', () => {
  const { requests, failed, examples } = stack.load().counts();
  expect({ failed, examples }).toEqual({ failed: 0, examples: [] });
  expect(requests).toBeGreaterThan(1000);
});
