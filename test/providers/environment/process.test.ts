import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Instance } from '../../../src/domain/release/instance.ts';
import type { ProcessEnvironment } from '../../../src/providers/environment/process.ts';
import { TEST_MARK } from '../../support/marked-processes.ts';
import {
  type ProcessRig,
  type ProcessSpec,
  SLEEPER,
  createProcessRig,
} from '../../support/process-rig.ts';

const { signal } = new AbortController();
let rig: ProcessRig;
let environment: ProcessEnvironment;

beforeEach(() => {
  rig = createProcessRig();
  environment = rig.environment();
});
afterEach(() => rig.close());

function deploy(changes: Partial<ProcessSpec> = {}, generation = 1, by = environment) {
  const key = `deploy ${generation}`;
  const spec = rig.spec(changes);
  return by.deploy({ service: 'shop', version: 'v1', key, generation, spec }, signal);
}

function remove(graceMs = 2000, generation = 2, until = signal) {
  const key = `remove ${generation}`;
  return environment.remove({ service: 'shop', version: 'v1', key, generation, graceMs }, until);
}

/** As `belay dev` ends and begins again on the same folder. */
it('can be stopped, and any later change still counts', async () => {
  await deploy({ command: SLEEPER, instances: 2 });
  await environment.stop('shop', 1000, signal);
  expect(rig.processes()).toEqual([]);
  expect(await environment.versions('shop')).toEqual([]);
  expect(await deploy({ command: SLEEPER }, 2)).toHaveLength(1);
  await remove(1000, 3);
  expect(rig.processes()).toEqual([]);
  expect((await environment.effects('shop')).map(({ key }) => key)).toEqual([
    'deploy 1',
    'deploy 2',
    'remove 3',
  ]);
});

interface Answer {
  readonly pid: number;
  readonly version: string;
  readonly instance: string;
  readonly port: number;
  readonly args: readonly string[];
}

/** Asks until the program, which has only just been started, listens. */
async function ask(instance: Instance | undefined): Promise<Answer> {
  const url = `http://${instance?.host}:${instance?.port}/`;
  const response = await vi.waitFor(() => fetch(url), { timeout: 10_000, interval: 20 });
  return parseAnswer(await response.text());
}

function parseAnswer(text: string): Answer {
  const answer: Answer = JSON.parse(text);
  return answer;
}

/** The file by which the environment knows the process of an instance. */
function markFile(): string {
  const folder = join(rig.stateDir, 'run', 'shop', 'v1');
  return join(folder, readdirSync(folder).toSorted().at(-1) ?? '');
}

/** Somebody else's process: it only shares the mark that the test cleans up by. */
function stranger(script: string): ChildProcess & { readonly pid: number } {
  const child = spawn('/bin/sh', ['-c', script], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, [TEST_MARK]: rig.mark },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the stranger did not start');
  return Object.assign(child, { pid });
}

/** As if the instance's process had ended and its id had been given to another one. */
function giveProcessIdTo(other: number): void {
  const file = markFile();
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^\d+/, String(other)));
}

describe('an instance', () => {
  it('gets its port, version and name as variables and in its arguments', async () => {
    const [instance] = await deploy();
    const answer = await ask(instance);
    expect(answer).toMatchObject({ version: 'v1', instance: 'v1/0', port: instance?.port });
    expect(answer.args).toEqual(['--of=v1', `--at=${instance?.port}`, '--as=v1/0']);
  });

  it('may have its version in the path of its program', async () => {
    const folder = join(rig.stateDir, 'v1');
    mkdirSync(folder);
    symlinkSync('/bin/sleep', join(folder, 'sleep'));
    await deploy({ command: [`${rig.stateDir}/{version}/sleep`, '600'] });
    expect(rig.processes()).toHaveLength(1);
  });

  it('starts whatever PATH and other variables it is given, and gets them unchanged', async () => {
    const env = { PATH: '/nowhere', mark: 'a', boot: 'b', ticks: 'c' };
    await deploy({ command: SLEEPER, env });
    const [pid] = rig.processes();
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    expect(variables).toEqual(
      expect.arrayContaining(['PATH=/nowhere', 'mark=a', 'boot=b', 'ticks=c']),
    );
    await remove();
    expect(rig.processes()).toEqual([]);
  });

  it('is looked for on the PATH of its own block', async () => {
    const folder = join(rig.stateDir, 'programs');
    mkdirSync(folder);
    symlinkSync('/bin/sleep', join(folder, 'its-own-sleep'));
    await deploy({ command: ['its-own-sleep', '600'], env: { PATH: folder } });
    expect(rig.processes()).toHaveLength(1);
  });

  it('writes what it prints to a file that a person can read', async () => {
    const [instance] = await deploy();
    await ask(instance);
    const [found] = await environment.find('shop', 'v1');
    await expect
      .poll(() => readFileSync(found?.log ?? '', 'utf8'))
      .toContain(`v1/0 listens on ${instance?.port}`);
  });

  it('gets another port where a stranger has taken that of an instance that ended', async () => {
    const [before] = await deploy();
    const { pid } = await ask(before);
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () =>
      expect(await environment.find('shop', 'v1')).toMatchObject([{ running: false }]),
    );
    const squatter = createServer().listen(before?.port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const [after] = await deploy();
      expect(after?.port).not.toBe(before?.port);
      expect(await ask(after)).toMatchObject({ port: after?.port, instance: 'v1/0' });
    } finally {
      squatter.close();
    }
  });

  it('takes a port of the range that is given, and passes over one in use', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(18_731, '127.0.0.1', resolve));
    try {
      const ports = { from: 18_731, to: 18_733 };
      const instances = await deploy({ command: SLEEPER, instances: 2, ports });
      expect(instances.map(({ port }) => port)).toEqual([18_732, 18_733]);
    } finally {
      blocker.close();
    }
  });

  it('is refused when its range of ports is used up', async () => {
    const ports = { from: 18_741, to: 18_741 };
    await expect(deploy({ command: SLEEPER, instances: 2, ports })).rejects.toMatchObject({
      code: 'EnvironmentInvalid',
    });
  });

  it('comes back at the same port after it has died', async () => {
    const [instance] = await deploy();
    const { pid } = await ask(instance);
    process.kill(pid, 'SIGKILL');
    await expect
      .poll(async () => (await environment.find('shop', 'v1')).map(({ running }) => running))
      .toEqual([false]);
    expect(await environment.usage('shop', 'v1')).toEqual([]);
    expect(await deploy()).toEqual([instance]);
    expect((await ask(instance)).pid).not.toBe(pid);
  });

  it('loses what its dead program had started before it comes back', async () => {
    const command = ['/bin/sh', '-c', '/bin/sleep 600 & /bin/sleep 600 & wait'];
    await deploy({ command });
    await expect.poll(() => rig.processes().length).toBe(3);
    process.kill(Number(readFileSync(markFile(), 'utf8').split(' ')[0]), 'SIGKILL');
    await expect.poll(() => rig.processes().length).toBe(2);
    const orphans = rig.processes();
    await deploy({ command: SLEEPER });
    expect(rig.processes()).toHaveLength(1);
    expect(orphans).not.toContain(rig.processes()[0]);
  });
});

describe('a deployment that cannot be', () => {
  it.each([
    ['whose program does not exist', { command: ['/no/such/program'] }],
    ['whose program is not on the PATH', { command: ['no-such-program'] }],
    ['whose folder does not exist', { cwd: '/no/such/folder' }],
  ])('is refused for good: one %s', async (_name, changes) => {
    await expect(deploy(changes)).rejects.toMatchObject({ code: 'EnvironmentInvalid' });
    expect(await environment.find('shop', 'v1')).toEqual([]);
    expect(await environment.effects('shop')).toEqual([]);
  });

  it('fails with the end of the log when the program ends at once', async () => {
    const script =
      'i=0; while [ $i -lt 500 ]; do echo 0123456789; i=$((i+1)); done; echo no licence; exit 3';
    const failure = await deploy({ command: ['/bin/sh', '-c', script] }).catch((error) => error);
    expect(failure).toMatchObject({ code: 'EnvironmentFailed' });
    expect(failure.message).toContain('no licence');
    expect(failure.message.length).toBeLessThan(2048);
    expect(rig.processes()).toEqual([]);
    expect(await environment.effects('shop')).toEqual([]);
  });

  it('succeeds when it is tried again and the program has been mended', async () => {
    await deploy({ command: ['/bin/false'] }).catch(() => {});
    await deploy({ command: SLEEPER });
    expect(rig.processes()).toHaveLength(1);
  });
});

describe('a removal', () => {
  it('lets a program end by itself', async () => {
    const script = 'trap "echo goodbye; exit 0" TERM; while :; do /bin/sleep 0.05; done';
    await deploy({ command: ['/bin/sh', '-c', script] });
    const [found] = await environment.find('shop', 'v1');
    await remove(30_000);
    expect(readFileSync(found?.log ?? '', 'utf8')).toContain('goodbye');
    expect(rig.processes()).toEqual([]);
  });

  it('forces a program that does not end within its grace', async () => {
    const [instance] = await deploy({ env: { STUBBORN: '1' } });
    await ask(instance);
    const [found] = await environment.find('shop', 'v1');
    const beganMs = Date.now();
    await remove(300);
    expect(Date.now() - beganMs).toBeGreaterThanOrEqual(300);
    expect(readFileSync(found?.log ?? '', 'utf8')).toContain('asked to end');
    expect(rig.processes()).toEqual([]);
  });

  it('ends all that a program has started, also in process groups of their own', async () => {
    const script = 'set -m; /bin/sleep 600 & /bin/sleep 600 & wait';
    await deploy({ command: ['/bin/bash', '-c', script] });
    await expect.poll(() => rig.processes().length).toBe(3);
    await remove(300);
    expect(rig.processes()).toEqual([]);
  });

  it('stops waiting when it is called off, and can be done again', async () => {
    const [instance] = await deploy({ env: { STUBBORN: '1' } });
    await ask(instance);
    const calledOff = new AbortController();
    const removal = remove(60_000, 2, calledOff.signal);
    calledOff.abort();
    await expect(removal).rejects.toMatchObject({ name: 'AbortError' });
    expect(rig.processes()).toHaveLength(1);
    expect((await environment.effects('shop')).map(({ key }) => key)).toEqual(['deploy 1']);
    await remove(0);
    expect(rig.processes()).toEqual([]);
  });
});

describe('the log of an instance', () => {
  const PRINT = ['/bin/sh', '-c', 'echo started; exec /bin/sleep 600'];
  const TOO_LARGE = 11 * 1024 * 1024;
  const WEEKS_AGO = new Date(Date.now() - 15 * 86_400_000);

  async function logOf(): Promise<string> {
    const [found] = await environment.find('shop', 'v1');
    return found?.log ?? '';
  }

  it('goes on where the instance is started again', async () => {
    await deploy({ command: PRINT });
    const log = await logOf();
    await vi.waitFor(() => expect(readFileSync(log, 'utf8')).toBe('started\n'));
    await remove(0, 2);
    await deploy({ command: PRINT }, 3);
    await vi.waitFor(() => expect(readFileSync(log, 'utf8')).toBe('started\nstarted\n'));
  });

  it('begins anew at a start where it has grown large, and the old one is kept', async () => {
    await deploy({ command: PRINT });
    const log = await logOf();
    await vi.waitFor(() => expect(readFileSync(log, 'utf8')).toBe('started\n'));
    for (let generation = 2; generation < 6; generation += 2) {
      await remove(0, generation);
      truncateSync(log, TOO_LARGE);
      await deploy({ command: PRINT }, generation + 1);
      await vi.waitFor(() => expect(readFileSync(log, 'utf8')).toBe('started\n'));
      expect(statSync(`${log}.old`).size).toBe(TOO_LARGE);
    }
    expect(readdirSync(dirname(log))).toHaveLength(2);
  });

  it('is forgotten weeks after its version was removed, and never while that is deployed', async () => {
    await deploy({ command: PRINT });
    const log = await logOf();
    const removed = ['gone-0.log', 'gone-0.log.old'].map((name) => join(dirname(log), name));
    const lately = join(dirname(log), 'lately-0.log');
    for (const file of [...removed, lately, `${log}.old`]) writeFileSync(file, 'x');
    for (const file of [...removed, log, `${log}.old`]) utimesSync(file, WEEKS_AGO, WEEKS_AGO);
    const key = 'remove v0';
    const removal = { service: 'shop', version: 'v0', key, generation: 1, graceMs: 0 };
    await environment.remove(removal, signal);
    expect(readdirSync(dirname(log)).toSorted()).toEqual(
      [log, `${log}.old`, lately].map((file) => basename(file)).toSorted(),
    );
  });
});

describe('the identity of a process', () => {
  it('outlives its first thread, for as long as another one runs', async () => {
    const script =
      'import ctypes, threading, time\n' +
      'threading.Thread(target=time.sleep, args=(600,)).start()\n' +
      'ctypes.CDLL(None).pthread_exit(None)';
    await deploy({ command: ['python3', '-c', script] });
    const pid = Number(readFileSync(markFile(), 'utf8').split(' ')[0]);
    await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z '));
    expect(await environment.find('shop', 'v1')).toMatchObject([{ running: true }]);
    await remove(0);
    await expect.poll(() => readdirSync('/proc')).not.toContain(String(pid));
  });

  it('never lets a stranger with a used process id be killed', async () => {
    await deploy({ command: SLEEPER });
    const own = rig.processes();
    const other = stranger('exec /bin/sleep 600');
    giveProcessIdTo(other.pid);
    expect((await environment.find('shop', 'v1'))[0]?.running).toBe(false);
    await remove(0);
    expect(rig.processes().toSorted()).toEqual([...own, other.pid].toSorted());
  });

  it('never lets what a stranger with a used process id has left behind be killed', async () => {
    await deploy({ command: SLEEPER });
    const other = stranger('/bin/sleep 600 &');
    await once(other, 'exit');
    await expect.poll(() => rig.processes()).toHaveLength(2);
    const before = rig.processes();
    giveProcessIdTo(other.pid);
    await remove(0);
    expect(rig.processes()).toEqual(before);
  });

  it('stays the same when the clock of the machine is set', async () => {
    await deploy({ command: SLEEPER });
    const before = rig.processes();
    utimesSync(markFile(), 1, 1);
    await deploy({ command: SLEEPER });
    expect(rig.processes()).toEqual(before);
  });

  it('ends with the boot of the machine', async () => {
    await deploy({ command: SLEEPER });
    const [own] = rig.processes();
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const file = markFile();
    expect(readFileSync(file, 'utf8')).toContain(boot);
    writeFileSync(file, readFileSync(file, 'utf8').replace(boot, boot.replaceAll(/\w/g, '0')));
    expect((await environment.find('shop', 'v1'))[0]?.running).toBe(false);
    await remove(0);
    expect(rig.processes()).toEqual([own]);
  });
});
