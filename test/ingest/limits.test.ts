import { type Socket, connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createGate } from '../../src/ingest/gate.ts';
import { type Rig, startRig } from './rig.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

test('so many go through at once, so many wait in their order, the next is sent away', async () => {
  const gate = createGate({ atOnce: 1, waitingMax: 2 });
  const leave = await gate.enter();
  const order: string[] = [];
  const first = gate.enter()?.then((out) => (order.push('first'), out));
  const second = gate.enter()?.then((out) => (order.push('second'), out));
  expect(gate.enter()).toBeUndefined();
  expect(gate.count()).toBe(1);
  leave?.();
  (await first)?.();
  (await second)?.();
  expect(order).toEqual(['first', 'second']);
  expect(gate.count()).toBe(0);
});

const HEAD = 'POST /api/v2/alerts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

function halfPosted(url: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`${HEAD}content-length: 100\r\n\r\n[`);
  return socket;
}

test('senders that have gone, working or waiting, leave their places to others', async () => {
  rig = await startRig({ atOnce: 1 });
  const { ingest } = rig;
  const sockets = Array.from({ length: 5 }, () => halfPosted(ingest.url));
  const posting = rig.post('/api/v2/alerts', [{ labels: { alertname: 'Down' } }]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(rig.client.names()).toEqual([]);
  for (const socket of sockets) socket.destroy();
  expect(await posting).toMatchObject({ status: 200 });
  expect(rig.client.names()).toEqual(['Down']);
  const { text } = await rig.ask('/metrics');
  expect(text).toContain('belay_ingest_requests_under_way 0');
  expect(text).toContain('status="499"} 5');
});

test('the reasons of an answer are bounded, however much was wrong', async () => {
  rig = await startRig();
  const wrong = { labels: { ['x'.repeat(100_000)]: 1 } };
  const answer = await rig.post(
    '/api/v2/alerts',
    Array.from({ length: 60 }, () => wrong),
  );
  expect(answer.status).toBe(400);
  expect(answer.text.length).toBeLessThan(10_000);
  expect(answer.text).toContain('and 40 more');
});

test('names that mean something to JavaScript are labels like others', async () => {
  rig = await startRig();
  const body = '[{"labels":{"alertname":"Down","constructor":"a","toString":"b"}}]';
  expect(await rig.post('/api/v2/alerts', body)).toMatchObject({ status: 200 });
  expect(rig.client.sent[0]?.batch.alerts[0]?.alert.labels).toEqual({
    ...{ alertname: 'Down', constructor: 'a', toString: 'b' },
  });
});
