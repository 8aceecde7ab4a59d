import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { received } from '../../src/domain/alerting/alert.ts';
import type { Handed } from '../../src/domain/alerting/shard-state.ts';
import { createShardSender, gathersFor } from '../../src/client/shard-sender.ts';

const handed = (alertname: string, summary = ''): Handed => ({
  alert: received({ labels: { alertname }, annotations: { summary } }, 1_000_000, 60_000),
  ...{ groups: null, stays: [] },
});

/** All shards meet here, whatever their signals took. */
const MEETING_MS = 256 * 7_000_000_000;

/** No test waits for a clock, which a busy machine lets it hear late. */
beforeEach(() => {
  vi.useFakeTimers({ now: MEETING_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A sender before a server that the test plays. */
function newRig(requests = 4) {
  const sent: (readonly [number, readonly (string | undefined)[]])[] = [];
  const server = { takes: async (): Promise<void> => undefined };
  const sender = createShardSender(
    async ({ version, alerts }) => {
      sent.push([version, alerts.map(({ alert }) => alert.labels.alertname)]);
      await server.takes();
    },
    () => requests,
  );
  return {
    ...{ sent, server, sender },
    send: (name: string, version = 1) => sender.send(version, handed(name)),
    sendLarge: (name: string) => sender.send(1, handed(name, 'x'.repeat(200_000))),
  };
}

/** A signal that is under way until the test lets it arrive, or fail. */
function held() {
  let arrive = (): void => undefined;
  let fail = (_why: Error): void => undefined;
  const underWay = new Promise<void>((resolve, reject) => {
    arrive = resolve;
    fail = reject;
  });
  return { underWay, arrive: () => arrive(), fail: () => fail(new Error('no server')) };
}

test('what is said in one turn goes together, and at once', async () => {
  const rig = newRig();
  await Promise.all(['a', 'b', 'c'].map((name) => rig.send(name)));
  expect(rig.sent).toEqual([[1, ['a', 'b', 'c']]]);
});

test('what comes within 20 ms after a signal goes with the next, in order', async () => {
  const rig = newRig();
  await rig.send('a');
  const second = rig.send('b');
  await vi.advanceTimersByTimeAsync(20);
  const third = rig.send('c');
  await vi.advanceTimersByTimeAsync(11);
  expect(rig.sent).toEqual([[1, ['a']]]);
  await vi.advanceTimersByTimeAsync(1);
  await Promise.all([second, third]);
  expect(rig.sent).toEqual([
    [1, ['a']],
    [1, ['b', 'c']],
  ]);
});

test('what comes after a signal is gathered until a moment that is the same for all shards', () => {
  // The longer the signal took, the fewer such moments there are.
  const took = [0, 10.6, 10.7, 21, 22, 42, 43, 3000];
  expect(took.map((ms) => gathersFor(ms, MEETING_MS, 4))).toEqual([
    ...[32, 32, 64, 64, 128, 128, 256, 256],
  ]);
  const from = [0, 5, 13, 40, 100, 236, 237, 255];
  expect(from.map((ms) => ms + gathersFor(3000, MEETING_MS + ms, 100))).toEqual([
    ...[256, 256, 256, 256, 256, 256, 512, 512],
  ]);
  expect(from.map((ms) => ms + gathersFor(0, MEETING_MS + ms, 100))).toEqual([
    ...[32, 32, 64, 64, 128, 256, 288, 288],
  ]);
});

test('the fewer requests bring alerts, the less is waited for more of them', () => {
  const requests = [0, 1, 2, 3, 4, 5, 1000];
  expect(requests.map((count) => gathersFor(3000, MEETING_MS, count))).toEqual([
    ...[0, 0, 64, 128, 256, 256, 256],
  ]);
});

test('whoever brings alerts alone waits for nothing but the signal', async () => {
  const rig = newRig(1);
  rig.server.takes = () => new Promise((resolve) => setTimeout(resolve, 300));
  const first = rig.send('a');
  await vi.advanceTimersByTimeAsync(300);
  await first;
  const second = rig.send('b');
  await vi.advanceTimersByTimeAsync(300);
  await second;
  expect([Date.now() - MEETING_MS, rig.sent]).toEqual([
    600,
    [
      [1, ['a']],
      [1, ['b']],
    ],
  ]);
});

test('after a signal that took long, what comes goes together', async () => {
  const rig = newRig();
  rig.server.takes = () => new Promise((resolve) => setTimeout(resolve, 50));
  const first = rig.send('a');
  await vi.advanceTimersByTimeAsync(50);
  await first;
  const second = rig.send('b');
  await vi.advanceTimersByTimeAsync(200);
  const third = rig.send('c');
  await vi.advanceTimersByTimeAsync(5);
  expect(rig.sent).toEqual([[1, ['a']]]);
  await vi.advanceTimersByTimeAsync(1);
  expect(rig.sent.slice(1)).toEqual([[1, ['b', 'c']]]);
  await vi.advanceTimersByTimeAsync(50);
  await Promise.all([second, third]);
});

test('after a rest, what comes is not kept waiting', async () => {
  const rig = newRig();
  await rig.send('a');
  // No gathering lasts for longer.
  await vi.advanceTimersByTimeAsync(276);
  const second = rig.send('b');
  await Promise.resolve();
  expect(rig.sent).toEqual([
    [1, ['a']],
    [1, ['b']],
  ]);
  await second;
});

test('there is one signal at a time; what comes meanwhile goes with the next, in order', async () => {
  const rig = newRig();
  const { underWay, arrive } = held();
  rig.server.takes = () => underWay;
  const first = rig.send('a');
  await vi.advanceTimersByTimeAsync(400);
  const others = [rig.send('b'), rig.send('c')];
  await vi.advanceTimersByTimeAsync(400);
  expect(rig.sent).toEqual([[1, ['a']]]);
  arrive();
  await vi.advanceTimersByTimeAsync(276);
  await Promise.all([first, ...others]);
  expect(rig.sent.slice(1)).toEqual([[1, ['b', 'c']]]);
});

test('what was shared out by different configurations goes in different signals, in order', async () => {
  const rig = newRig();
  const all = [rig.send('a', 1), rig.send('b', 2), rig.send('c', 2), rig.send('d', 1)];
  await vi.advanceTimersByTimeAsync(64);
  await Promise.all(all);
  expect(rig.sent).toEqual([
    [1, ['a']],
    [2, ['b', 'c']],
    [1, ['d']],
  ]);
});

test('a signal that fails fails what waits behind it, and nothing that comes later', async () => {
  const rig = newRig();
  const { underWay, fail } = held();
  rig.server.takes = () => underWay;
  const first = rig.send('a');
  await vi.advanceTimersByTimeAsync(5);
  const behind = [rig.send('b'), rig.send('c', 2)];
  const told = Promise.allSettled([first, ...behind]);
  fail();
  const why = expect.objectContaining({ message: 'no server' });
  expect(await told).toEqual([1, 2, 3].map(() => ({ status: 'rejected', reason: why })));
  rig.server.takes = async () => undefined;
  // Soon enough to be gathered still.
  const last = rig.send('d');
  await vi.advanceTimersByTimeAsync(276);
  await last;
  expect(rig.sent).toEqual([
    [1, ['a']],
    [1, ['d']],
  ]);
});

test('of what is too much for one signal, only what had not arrived fails', async () => {
  const rig = newRig();
  rig.server.takes = async () => {
    if (rig.sent.length === 2) throw new Error('no server');
  };
  const told = await Promise.allSettled(['a', 'b', 'c'].map((name) => rig.sendLarge(name)));
  expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(rig.sent).toEqual([
    [1, ['a']],
    [1, ['b']],
  ]);
});

test.each([
  ['cannot be written', 'circular', (at: Handed) => ({ itself: at })],
  ['is too large for any signal', 'that large', () => ({ text: 'x'.repeat(300_000) })],
])('what %s fails alone', async (_name, why, labels) => {
  const { sent, send, sender } = newRig();
  const wrong = handed('b');
  Object.assign(wrong.alert.labels, labels(wrong));
  const told = await Promise.allSettled([send('a'), sender.send(1, wrong), send('c')]);
  expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(told[1]).toMatchObject({ reason: { message: expect.stringContaining(why) } });
  expect(sent).toEqual([[1, ['a', 'c']]]);
});

test('that a signal fails is told, whatever it fails with', async () => {
  const rig = newRig();
  rig.server.takes = () => Promise.reject(undefined);
  await expect(rig.send('a')).rejects.toBeUndefined();
});
