import { Client } from '@temporalio/client';
import { MockActivityEnvironment, type TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { systemClock } from '../../src/activities/clock.ts';
import { createTemporalCheck } from '../../src/activities/temporal.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { startTimeSkippingServer } from '../../src/dev/temporal-server.ts';

let server: TestWorkflowEnvironment | undefined;
let connection: NativeConnection;

beforeAll(async () => {
  // That a server is away is a case of this test, not a line for a person.
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  });
  server = await startTimeSkippingServer(readDevConfig(process.env), () => undefined);
  // What a worker has: its client uses the worker's own connection.
  connection = await NativeConnection.connect({ address: server.address });
});

afterAll(async () => {
  await connection.close();
  await server?.teardown();
});

test('Temporal is reachable while it answers, and within seconds known to be away', async () => {
  const client = new Client({ connection, dataConverter });
  const { isReachable } = createTemporalCheck(systemClock);
  const ask = (): Promise<boolean> =>
    new MockActivityEnvironment({}, { client }).run(() =>
      isReachable(new AbortController().signal),
    );

  expect(await ask()).toBe(true);
  await server?.teardown();
  server = undefined;
  const beganMs = Date.now();
  expect(await ask()).toBe(false);
  expect(Date.now() - beganMs).toBeLessThan(6000);
});
