import { setTimeout as wait } from 'node:timers/promises';
import type { Random } from '../../bench/judge/random.ts';
import type { Child } from '../../src/dev/children.ts';
import type { PagingStack } from '../support/paging-stack.ts';
import { startAgain } from './start-again.ts';
import type { TemporalProcess } from './temporal-process.ts';

export interface KillAt {
  readonly atMs: number;
  readonly what: 'worker' | 'server';
}

const REST_MS = { from: 4000, to: 15_000 };
const AWAY_MS = { from: 0, to: 5000 };

export interface Killing {
  readonly kills: readonly KillAt[];
  /** After the last one, when everything is there again. */
  readonly done: Promise<void>;
}

/**
 * Ends one worker, both, the server, or the server with a worker, with `kill -9` at random moments,
 * and brings back what was killed, until `over`.
 */
export function killAtRandom(
  stack: Pick<PagingStack, 'startWorker'>,
  temporal: TemporalProcess,
  workers: Child[],
  { uniform }: Random,
  over: AbortSignal,
): Killing {
  const kills: KillAt[] = [];
  const between = ({ from, to }: { readonly from: number; readonly to: number }): number =>
    from + uniform() * (to - from);

  async function killWorkers(numbers: readonly number[]): Promise<void> {
    for (const number of numbers) {
      kills.push({ atMs: Date.now(), what: 'worker' });
      workers[number]?.kill('SIGKILL');
    }
    await Promise.all(numbers.map((number) => workers[number]?.exited));
  }

  const startWorker = (number: number): Promise<void> =>
    startAgain(`worker ${number}`, async () => {
      workers[number] = await stack.startWorker(number);
    });

  /** One that did not answer may still come, and would have the port and the file. */
  async function startServer(): Promise<void> {
    await temporal.end();
    await temporal.start();
  }

  async function strike(): Promise<void> {
    const drawn = uniform();
    const one = Math.floor(uniform() * workers.length);
    const numbers = drawn < 0.6 ? [one] : drawn < 0.7 ? [...workers.keys()] : [];
    const struck = drawn > 0.9 ? [one] : numbers;
    const isServer = drawn >= 0.7;
    await killWorkers(struck);
    if (isServer) {
      kills.push({ atMs: Date.now(), what: 'server' });
      await temporal.end();
    }
    await wait(between(AWAY_MS));
    if (isServer) await startAgain('the server', startServer);
    await Promise.all(struck.map(startWorker));
  }

  async function run(): Promise<void> {
    while (!over.aborted) {
      await wait(between(REST_MS), undefined, { signal: over }).catch(() => undefined);
      if (!over.aborted) await strike();
    }
  }
  return { kills, done: run() };
}
