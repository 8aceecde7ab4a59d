import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import { ownersOf } from '../../src/domain/alerting/owners.ts';
import { FILE, SHARDS, alert, configurationOf, startRig } from './alert-rig.ts';

/** All shards meet here, and at the next multiple of 128 ms. */
const MEETING_MS = 256 * 7_000_000_000;

const namesOf = (shard: number): readonly string[] =>
  Array.from({ length: 100 }, (_, at) => `Alert${at}`).filter(
    (alertname) => ownersOf(configurationOf(FILE), { alertname }, SHARDS)[0] === shard,
  );
const [FIRST, OTHERS] = [namesOf(0), namesOf(1)];

let rig: ReturnType<typeof startRig>;
/** When each signal came, in ms, and the alerts in it. */
let came: (readonly [number, number])[];
let takesMs: number;

beforeEach(() => {
  // Its thread hears nothing while time stands still.
  rig = startRig({ withStore: false });
  came = [];
  takesMs = 30;
  rig.world.onSignal = async (_shard, { alerts }) => {
    came.push([Date.now() - MEETING_MS, alerts.length]);
    await new Promise((resolve) => setTimeout(resolve, takesMs));
  };
  vi.useFakeTimers({ now: MEETING_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

async function settled(posts: readonly Promise<unknown>[]): Promise<readonly string[]> {
  const all = Promise.allSettled(posts);
  await vi.advanceTimersByTimeAsync(1000);
  return (await all).map(({ status }) => status);
}

const post = (names: readonly string[]): Promise<unknown>[] =>
  names.map((name) => rig.post([alert(name)]));

test('what several requests bring after a signal goes together', async () => {
  const first = post(FIRST.slice(0, 4));
  await vi.advanceTimersByTimeAsync(30);
  await Promise.all(first);
  const second = post(FIRST.slice(4, 8));
  await vi.advanceTimersByTimeAsync(97);
  expect(came).toEqual([[0, 4]]);
  await settled(second);
  expect(came).toEqual([
    [0, 4],
    [128, 4],
  ]);
});

test('different shards are sent to at the same moment, however late each has ended', async () => {
  vi.setSystemTime(MEETING_MS + 5);
  const slow = post([...FIRST.slice(0, 2), ...OTHERS.slice(0, 2)]);
  rig.world.onSignal = async (shard) => {
    came.push([Date.now() - MEETING_MS, shard]);
    await new Promise((resolve) => setTimeout(resolve, shard === 0 ? 25 : 40));
  };
  await vi.advanceTimersByTimeAsync(40);
  await Promise.all(slow);
  await settled(post([...FIRST.slice(2, 4), ...OTHERS.slice(2, 4)]));
  expect(came.slice(2)).toEqual([
    [128, 0],
    [128, 1],
  ]);
});

test('one after the other, none waits for more than its own signal', async () => {
  takesMs = 300;
  for (const name of FIRST.slice(0, 3)) {
    const [one] = post([name]);
    await vi.advanceTimersByTimeAsync(300);
    await one;
  }
  expect(came).toEqual([
    [0, 1],
    [300, 1],
    [600, 1],
  ]);
});

test('requests that have failed are no longer waited for', async () => {
  const { onSignal } = rig.world;
  rig.world.onSignal = async () => {
    throw new Failure('TemporalUnreachable', 'Temporal does not answer');
  };
  expect(await settled(post(FIRST.slice(0, 4)))).toEqual(Array(4).fill('rejected'));
  rig.world.onSignal = onSignal;
  rig.world.hasWorkers = false;
  rig.world.nowMs += 3_600_000;
  await settled(post(FIRST.slice(0, 4)));
  rig.world.hasWorkers = true;
  came = [];
  const beganMs = Date.now() - MEETING_MS;
  for (const name of FIRST.slice(4, 6)) {
    const [one] = post([name]);
    await vi.advanceTimersByTimeAsync(takesMs);
    await one;
  }
  expect(came).toEqual([
    [beganMs, 1],
    [beganMs + takesMs, 1],
  ]);
});
