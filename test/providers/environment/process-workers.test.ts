import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as moment } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DeployRequest } from '../../../src/providers/environment/environment.ts';
import type { ProcessEnvironment } from '../../../src/providers/environment/process.ts';
import { START } from '../../../src/providers/environment/process-mark.ts';
import {
  PROCESS_TABLES,
  claim,
  reservePlaces,
} from '../../../src/providers/environment/process-table.ts';
import { openDatabase } from '../../../src/providers/store/effect-log.ts';
import {
  type ProcessRig,
  type ProcessSpec,
  SLEEPER,
  createProcessRig,
} from '../../support/process-rig.ts';

const WORKER = fileURLToPath(new URL('../../support/deploying-worker.ts', import.meta.url));
const { signal } = new AbortController();
let rig: ProcessRig;
let environment: ProcessEnvironment;
let workers: ChildProcess[];

beforeEach(() => {
  rig = createProcessRig();
  environment = rig.environment();
  workers = [];
});
afterEach(async () => {
  await Promise.all(workers.map(kill));
  rig.close();
});

function request(changes: Partial<ProcessSpec> = {}, generation = 1) {
  const spec = rig.spec({ command: SLEEPER, ...changes });
  return { service: 'shop', version: 'v1', key: `deploy ${generation}`, generation, spec };
}

function removal(generation: number, graceMs = 2000) {
  return { service: 'shop', version: 'v1', key: `remove ${generation}`, generation, graceMs };
}

function startWorker(deployment: DeployRequest): ChildProcess {
  const worker = spawn(process.execPath, [WORKER, rig.stateDir, JSON.stringify(deployment)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  workers.push(worker);
  return worker;
}

/** Returns when the worker has deployed: it prints nothing before. */
async function deployed(worker: ChildProcess): Promise<unknown> {
  const { stdout } = worker;
  if (stdout === null) throw new Error('the worker has no output');
  const [line] = await once(stdout, 'data', { signal: AbortSignal.timeout(20_000) });
  return JSON.parse(String(line));
}

async function kill(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill('SIGKILL');
  await once(worker, 'exit');
}

describe('a worker that is killed', () => {
  it('leaves its instances running, and the next one finds them', async () => {
    const first = startWorker(request({ instances: 3 }));
    const instances = await deployed(first);
    const before = rig.processes();
    expect(before).toHaveLength(3);
    await kill(first);
    expect(await deployed(startWorker(request({ instances: 3 })))).toEqual(instances);
    expect(rig.processes()).toEqual(before);
  });

  it('never makes two of one instance, whenever it dies', async () => {
    const wholeMs = await timeToDeploy();
    for (let round = 0; round < 24; round += 1) {
      const generation = 2 + round * 2;
      await environment.remove(removal(generation), signal);
      expect(rig.processes()).toEqual([]);
      rmSync(join(rig.stateDir, 'log'), { recursive: true });
      const next = request({ instances: 3 }, generation + 1);
      const worker = startWorker(next);
      if (round % 2 === 0) {
        // Spread over its whole life: before its first line, amid its starts, and after the last.
        await moment((wholeMs * 1.2 * round) / 23);
      } else {
        // At a start: the log of an instance is opened just before it.
        const log = join(rig.stateDir, 'log', 'shop', `v1-${round % 3}.log`);
        await vi.waitFor(() => accessSync(log), { timeout: 20_000, interval: 0 });
      }
      await kill(worker);
      await environment.deploy(next, signal);
      await expectExactly(3);
    }
  }, 120_000);

  async function timeToDeploy(): Promise<number> {
    const beganMs = Date.now();
    await deployed(startWorker(request({ instances: 3 })));
    return Date.now() - beganMs;
  }
});

describe('a start that is still on its way when its worker dies', () => {
  it('comes to nothing once another worker has started the instance', async () => {
    await environment.deploy(request(), signal);
    const before = rig.processes();
    expect(await startLate()).toBe('ended');
    expect(rig.processes()).toEqual(before);
  });

  it('is the instance when it is faster than another worker', async () => {
    await reserveOnly();
    expect(await startLate()).toBe('runs');
    const before = rig.processes();
    await environment.deploy(request(), signal);
    expect(rig.processes()).toEqual(before);
  });

  it('comes to nothing after a removal that found nothing running', async () => {
    await reserveOnly();
    await environment.remove(removal(2), signal);
    expect(await startLate()).toBe('ended');
    expect(rig.processes()).toEqual([]);
  });

  it('comes to nothing after a removal and another deployment', async () => {
    await environment.deploy(request(), signal);
    await environment.remove(removal(2), signal);
    await environment.deploy(request({}, 3), signal);
    expect(await startLate()).toBe('ended');
    await expectExactly(1);
  });

  /** All that a worker has done which dies before it starts anything. */
  async function reserveOnly(): Promise<void> {
    const database = openDatabase(join(rig.stateDir, 'process.sqlite'), PROCESS_TABLES);
    const by = { service: 'shop', version: 'v1', generation: 1, key: 'deploy 1' };
    claim(database, by);
    await reservePlaces(database, by, { host: '127.0.0.1', count: 1, ports: undefined });
    database.close();
  }

  /** The first attempt of the first instance, exactly as a worker begins it. */
  async function startLate(): Promise<'ended' | 'runs'> {
    const mark = join(rig.stateDir, 'run', 'shop', 'v1', '0.1');
    mkdirSync(dirname(mark), { recursive: true });
    const child = spawn('/bin/sh', ['-c', START, 'belay-start', mark, ...SLEEPER], {
      detached: true,
      stdio: 'ignore',
      env: request().spec.env,
    });
    child.unref();
    return vi.waitFor(() => {
      if (child.exitCode !== null) return 'ended';
      const name = readFileSync(`/proc/${child.pid}/comm`, 'utf8').trim();
      if (name === 'sleep') return 'runs';
      throw new Error('it has not come to anything yet');
    });
  }
});

/** Also a while later, as a start may still be on its way when its worker dies. */
async function expectExactly(count: number): Promise<void> {
  await expect.poll(() => rig.processes().length).toBe(count);
  await moment(50);
  expect(rig.processes()).toHaveLength(count);
  const found = await environment.find('shop', 'v1');
  expect(found.map(({ running }) => running)).toEqual(Array.from({ length: count }, () => true));
}

describe('two workers', () => {
  it('that deploy at once make one set of instances and one effect', async () => {
    const both = [startWorker(request({ instances: 4 })), startWorker(request({ instances: 4 }))];
    const [first, second] = await Promise.all(both.map(deployed));
    expect(second).toEqual(first);
    await expectExactly(4);
    expect(await environment.effects('shop')).toHaveLength(1);
  });

  it('that restart a dead instance at once start it once', async () => {
    await environment.deploy(request(), signal);
    process.kill(rig.processes()[0] ?? 0, 'SIGKILL');
    await expect.poll(() => rig.processes()).toEqual([]);
    const others = [environment, rig.environment(), rig.environment()];
    await Promise.all(others.map((one) => one.deploy(request(), signal)));
    await expectExactly(1);
  });
});

describe('a deployment that was overtaken by a newer removal', () => {
  it.each([0, 2, 5, 10, 20, 40, 80, 160])('leaves nothing behind, %i ms on', async (afterMs) => {
    const late = environment
      .deploy(request({ instances: 3 }, 1), signal)
      .then(() => 'deployed')
      .catch((error) => error.code);
    if (afterMs > 0) await moment(afterMs);
    await rig.environment().remove(removal(2), signal);
    expect(await late).toBe('StaleGeneration');
    await expectExactly(0);
    await expect(environment.deploy(request({}, 1), signal)).rejects.toMatchObject({
      code: 'StaleGeneration',
    });
  });
});

describe('a removal that was overtaken by a newer deployment', () => {
  it('does not take the instances of the newer one with it', async () => {
    const script = 'trap "" TERM; while :; do /bin/sleep 0.05; done';
    const stubborn = { command: ['/bin/sh', '-c', script], stopGraceMs: 100 };
    const [instance] = await environment.deploy(request(stubborn, 1), signal);
    const late = environment.remove(removal(2, 1000), signal).catch((error) => error.code);
    const again = await rig.environment().deploy(request({ stopGraceMs: 100 }, 3), signal);
    expect(await late).toBe('StaleGeneration');
    expect(again).toEqual([instance]);
    await expectExactly(1);
    const keys = (await environment.effects('shop')).map(({ key }) => key);
    expect(keys).toEqual(['deploy 1', 'deploy 3']);
  });
});
