import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createWatching } from '../../src/activities/activities.ts';
import type { AskGateRequest } from '../../src/activities/requests.ts';
import { callInputOf } from '../../src/domain/release/hooks.ts';
import { START_MS, createActivityRig } from '../support/activity-rig.ts';
import { type LocalServer, startHttp } from '../support/local-server.ts';

const CALLER = { service: 'shop', version: 'v2', stable: 'v1', workflowId: 'release/shop/7' };
const INPUT = callInputOf(CALLER, 'change-board', 'gate');

interface Answer {
  readonly status: number;
  readonly text?: string;
  readonly retryAfter?: string;
}

let server: LocalServer;
/** In their order; the last one again and again. */
let answers: Answer[] = [];

beforeAll(async () => {
  server = await startHttp((_request, response) => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === undefined) return;
    const { status, text, retryAfter } = answer;
    response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
    response.end(text);
  });
});
afterEach(() => {
  answers = [];
});
afterAll(() => server.close());

type Rig = ReturnType<typeof createActivityRig>;

function ask(rig: Rig, gate: AskGateRequest['gate'], untilMs = START_MS) {
  return rig.run(createWatching(rig.deps).askGate, { gate, input: INPUT, untilMs });
}

describe('a webhook', () => {
  const BUDGET_MS = 5 * 60_000;

  function askWebhook(rig: Rig, attemptTimeoutMs = 5000) {
    const gate = {
      kind: 'webhook',
      name: 'change-board',
      url: server.url,
      attemptTimeoutMs,
      timeoutMs: BUDGET_MS,
      onTimeout: 'reject',
      headersFromEnv: {},
    } as const;
    return ask(rig, gate, START_MS + BUDGET_MS);
  }

  test('that answers 2xx lets it go on, and is told which gate it is', async () => {
    answers = [{ status: 200, text: '{"text":"CHG-17"}' }];
    const rig = createActivityRig();
    expect(await askWebhook(rig)).toEqual({ kind: 'go', text: 'CHG-17' });
    const received = server.received.at(-1);
    expect(JSON.parse(received?.body ?? '')).toEqual(INPUT);
    expect(received?.headers['idempotency-key']).toBe(INPUT.key);
  });

  test('that answers 4xx stops it at once, with its own words where it has some', async () => {
    answers = [{ status: 403, text: 'no change number' }, { status: 403 }];
    const rig = createActivityRig();
    expect(await askWebhook(rig)).toEqual({ kind: 'stop', reason: 'no change number' });
    expect(await askWebhook(rig)).toMatchObject({
      kind: 'stop',
      reason: expect.stringContaining('answered with status 403'),
    });
    expect(rig.elapsedMs()).toBe(0);
  });

  test('that does not answer yet is asked again, more and more slowly', async () => {
    answers = [500, 502, 302, 503].map((status) => ({ status }));
    answers.push({ status: 204 });
    const rig = createActivityRig();
    expect(await askWebhook(rig)).toEqual({ kind: 'go', text: '' });
    expect(rig.elapsedMs()).toBe(1000 + 2000 + 4000 + 8000);
  });

  test('that is busy is asked again when it says', async () => {
    answers = [{ status: 429, retryAfter: '90' }, { status: 200 }];
    const rig = createActivityRig();
    expect(await askWebhook(rig)).toMatchObject({ kind: 'go' });
    expect(rig.elapsedMs()).toBe(90_000);
  });

  test('that never answers stops it when the budget is over, with what the last attempt got', async () => {
    answers = [{ status: 503, text: 'the board sleeps' }];
    const rig = createActivityRig();
    const before = server.received.length;
    expect(await askWebhook(rig)).toEqual({
      kind: 'stop',
      reason:
        `the time is over; last: the webhook at ${server.host}:${server.port} ` +
        'answered with status 503: the board sleeps (15 attempts)',
    });
    expect(rig.elapsedMs()).toBe(BUDGET_MS);
    expect(server.received.length - before).toBe(15);
  });

  test('is asked once although nobody was there until its budget was over', async () => {
    answers = [{ status: 200 }];
    const rig = createActivityRig();
    await rig.clock.pause(2 * BUDGET_MS, new AbortController().signal);
    expect(await askWebhook(rig)).toEqual({ kind: 'go', text: '' });
  });

  test('whose answer does not come in time is asked again', async () => {
    const rig = createActivityRig();
    const asking = askWebhook(rig, 50);
    setTimeout(() => {
      answers = [{ status: 200 }];
    }, 300);
    expect(await asking).toEqual({ kind: 'go', text: '' });
  });

  test('is not waited for when the release is called off', async () => {
    const rig = createActivityRig();
    const asking = askWebhook(rig);
    setTimeout(() => rig.cancel(), 50);
    await expect(asking).rejects.toMatchObject({ name: 'CancelledFailure' });
  });
});

describe('the time of day', () => {
  /** 2023-11-14, a Tuesday, 22:13:20 UTC. */
  const gate = {
    kind: 'time',
    name: 'office-hours',
    fromMinuteOfDay: 9 * 60,
    toMinuteOfDay: 17 * 60,
    timezone: 'Europe/Berlin',
    days: ['mon', 'tue', 'wed', 'thu', 'fri'],
    timeoutMs: undefined,
    onTimeout: 'reject',
  } as const;

  test('holds it until the gate is open', async () => {
    const rig = createActivityRig();
    expect(await ask(rig, { ...gate, days: [...gate.days] })).toMatchObject({ kind: 'go' });
    expect(new Date(START_MS + rig.elapsedMs()).toISOString()).toBe('2023-11-15T08:00:00.000Z');
  });

  test('lets it pass at once while the gate is open', async () => {
    const rig = createActivityRig();
    const late = { ...gate, days: [...gate.days], fromMinuteOfDay: 0, toMinuteOfDay: 1440 };
    expect(await ask(rig, late)).toMatchObject({ kind: 'go' });
    expect(rig.elapsedMs()).toBe(0);
  });
});
