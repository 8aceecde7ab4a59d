import { afterAll, beforeAll, expect, test } from 'vitest';
import { createActivities } from '../../src/activities/activities.ts';
import type { CallHookRequest } from '../../src/activities/requests.ts';
import { callInputOf } from '../../src/domain/release/hooks.ts';
import { createActivityRig } from '../support/activity-rig.ts';
import { type LocalServer, startHttp } from '../support/local-server.ts';

const CALLER = { service: 'shop', version: 'v2', stable: 'v1', workflowId: 'release/shop/7' };

let server: LocalServer;
let answer: { status: number; text?: string; headers?: Readonly<Record<string, string>> };

beforeAll(async () => {
  server = await startHttp((_request, response) => {
    response.writeHead(answer.status, answer.headers);
    response.end(answer.text);
  });
});
afterAll(() => server.close());

function callHook() {
  const rig = createActivityRig();
  const request: CallHookRequest = {
    call: {
      kind: 'webhook',
      url: server.url,
      timeoutMs: 5000,
      attempts: 3,
      headersFromEnv: {},
    },
    input: callInputOf(CALLER, 'migrate', 'on expand'),
  };
  return rig.run(createActivities(rig.deps).callHook, request);
}

test('a webhook is told all that an activity is, under its key', async () => {
  answer = { status: 200, text: 'three tables' };
  expect(await callHook()).toEqual({ text: 'three tables' });
  const received = server.received.at(-1);
  expect(received?.headers['idempotency-key']).toBe('release/shop/7/on-expand-migrate');
  expect(JSON.parse(received?.body ?? '')).toEqual({
    ...CALLER,
    name: 'migrate',
    when: 'on expand',
    key: 'release/shop/7/on-expand-migrate',
  });
});

test('a no is a failure that no retry mends', async () => {
  answer = { status: 409, text: 'the schema is locked' };
  await expect(callHook()).rejects.toMatchObject({
    type: 'HookFailed',
    nonRetryable: true,
    message: expect.stringContaining('answered with status 409: the schema is locked'),
  });
});

test('no answer is a failure that may pass, tried again when the other side says', async () => {
  answer = { status: 503, text: 'later', headers: { 'retry-after': '7' } };
  await expect(callHook()).rejects.toMatchObject({
    type: 'HookUnreachable',
    nonRetryable: false,
    nextRetryDelay: 7000,
    message: expect.stringContaining('answered with status 503: later'),
  });
});
