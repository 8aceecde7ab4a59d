import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataConverter } from '../../src/codec/data-converter.ts';
import type { CallInput } from '../../src/activities/requests.ts';
import type { Child } from '../../src/dev/children.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { type RunningTemporal, startTemporal } from '../../src/dev/temporal-server.ts';
import { answerText } from '../../src/domain/release/answer-text.ts';
import { callInputOf } from '../../src/domain/release/hooks.ts';
import { PYTHON_ACTIVITY, PYTHON_QUEUE, startPythonWorker } from '../support/python-worker.ts';

/** The plug-in of the manual: a worker in Python, called by name with what a hook is told. */
let temporal: RunningTemporal;
let client: Client;
let worker: Child;
const folder = mkdtempSync(join(tmpdir(), 'belay-hooks-'));
const database = join(folder, 'orders.sqlite3');

beforeAll(async () => {
  const orders = new DatabaseSync(database);
  orders.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL)');
  orders.exec('INSERT INTO orders (total) VALUES (1.25), (20), (0.1)');
  orders.close();
  temporal = await startTemporal(readDevConfig(process.env), {}, () => undefined);
  client = new Client({
    connection: await Connection.connect({ address: temporal.address }),
    dataConverter,
  });
  worker = await startPythonWorker({ address: temporal.address, folder, database });
});

afterAll(async () => {
  await worker?.stop();
  await client?.connection.close();
  await temporal?.close();
  rmSync(folder, { recursive: true, force: true });
});

let last = '';

/** As a release calls it, but that no workflow stands behind it. */
async function call(input: CallInput): Promise<unknown> {
  last = `call-${randomUUID()}`;
  return client.activity.execute(PYTHON_ACTIVITY, {
    id: last,
    taskQueue: PYTHON_QUEUE,
    args: [input],
    startToCloseTimeout: '30s',
    heartbeatTimeout: '10s',
    scheduleToStartTimeout: '2m',
    retry: { maximumAttempts: 3 },
  });
}

const RELEASE = { service: 'orders', version: 'v2', stable: 'v1', workflowId: 'release/orders/2' };

function columns(): readonly unknown[] {
  const orders = new DatabaseSync(database, { readOnly: true });
  const rows = orders.prepare('PRAGMA table_info(orders)').all();
  orders.close();
  return rows.map(({ name }) => name);
}

test('an activity in Python is called by its name and answers with a line for the timeline', async () => {
  const answer = await call(callInputOf(RELEASE, 'migrate', 'on expand'));
  expect(answerText(answer)).toBe('on expand: filled 3 orders');
  expect(columns()).toEqual(['id', 'total', 'total_cents']);
});

test('the same key again has the same answer, and nothing is done a second time', async () => {
  const orders = new DatabaseSync(database);
  orders.exec('INSERT INTO orders (total) VALUES (7)');
  const answer = await call(callInputOf(RELEASE, 'migrate', 'on expand'));
  expect(answerText(answer)).toBe('on expand: filled 3 orders');
  expect(orders.prepare('SELECT total_cents FROM orders ORDER BY id').all()).toEqual(
    [125, 2000, 10, null].map((cents) => ({ total_cents: cents })),
  );
  orders.close();
});

test('what a hook did is undone on the way back, and another release may do it again', async () => {
  await call(callInputOf(RELEASE, 'migrate', 'undo'));
  expect(columns()).toEqual(['id', 'total']);
  const next = { ...RELEASE, version: 'v3', workflowId: 'release/orders/3' };
  const answer = await call(callInputOf(next, 'migrate', 'on expand'));
  expect(answerText(answer)).toBe('on expand: filled 4 orders');
});

test('what no retry mends ends at its first attempt, with what the worker said', async () => {
  const failure: unknown = await call(callInputOf(RELEASE, 'migrate', 'before traffic')).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({
    cause: {
      type: 'BadInput',
      nonRetryable: true,
      message: "migrate_schema cannot do 'before traffic'",
    },
  });
  expect(await client.activity.getHandle(last).describe()).toMatchObject({ attempt: 1 });
});
