import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createCommandProbe } from '../../../src/providers/health/command.ts';
import { TEST_MARK, endMarkedProcesses, markedProcesses } from '../../support/marked-processes.ts';
import { checkOf } from './checks.ts';

const { signal } = new AbortController();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-command-'));
});
afterEach(() => endMarkedProcesses(folder));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function probe(command: readonly string[], timeout = '5s', until = signal) {
  const inherited = { PATH: process.env.PATH ?? '', [TEST_MARK]: folder };
  const check = checkOf('command', { command, timeout });
  const instance = { id: 'v1/0', host: '127.0.0.1', port: 4321 };
  const request = { check, service: 'shop', version: 'v1', instance };
  return createCommandProbe(inherited)(request, until);
}

function shell(script: string, timeout?: string, until?: AbortSignal) {
  return probe(['/bin/sh', '-c', script], timeout, until);
}

test('a program that exits 0 is healthy, whatever it prints', async () => {
  expect(await shell('echo broken >&2; echo broken')).toMatchObject({ kind: 'healthy' });
});

test('a program is found on the PATH', async () => {
  expect(await probe(['true'])).toMatchObject({ kind: 'healthy' });
});

test.each([
  ['another exit status', 'exit 3', 'exit status 3'],
  ['what it printed', 'echo one; echo two >&2; exit 1', 'exit status 1 (one\ntwo)'],
  ['the signal that ended it', 'kill -9 $$', 'ended by SIGKILL'],
])('%s is told', async (_name, script, why) => {
  expect(await shell(script)).toMatchObject({ kind: 'unhealthy', why: `/bin/sh: ${why}` });
});

test('of much output the end is told', async () => {
  const result = await shell('seq 1 20000; echo last word; exit 1');
  expect(result).toMatchObject({ why: expect.stringContaining('last word)') });
  expect(JSON.stringify(result).length).toBeLessThan(1000);
});

test('a program that does not exist is unhealthy', async () => {
  const result = await probe(['/no/such/program']);
  expect(result).toMatchObject({ why: expect.stringContaining('ENOENT') });
});

test('version, host, port and instance are filled in, and nothing is a shell’s', async () => {
  const file = join(folder, 'args');
  const script = 'printf "%s\\n" "$@" > "$0"';
  const args = ['{version}', '{host}:{port}', '{instance}', '$(id)', '; rm -rf x', '{other}'];
  await probe(['/bin/sh', '-c', script, file, ...args]);
  expect(readFileSync(file, 'utf8').trim().split('\n')).toEqual([
    'v1',
    '127.0.0.1:4321',
    'v1/0',
    '$(id)',
    '; rm -rf x',
    '{other}',
  ]);
});

test('nothing of the worker’s own environment is handed on, so that its secrets stay with it', async () => {
  process.env.BELAY_TEST_SECRET = 'hush';
  const file = join(folder, 'env');
  await shell(`env > ${file}`);
  delete process.env.BELAY_TEST_SECRET;
  const variables = readFileSync(file, 'utf8');
  expect(variables).toContain('PATH=');
  expect(variables).not.toContain('hush');
});

test('a program that does not end in time is ended with all that it has started', async () => {
  const result = await shell('sleep 600 & sleep 600 & wait', '200ms');
  expect(result).toMatchObject({ why: '/bin/sh: did not end within 200 ms' });
  await expect.poll(() => markedProcesses(folder)).toEqual([]);
});

test('a child that has left its group and holds the output does not hold up the check', async () => {
  const done = join(folder, 'left');
  const result = await shell(`setsid sleep 600 & : > ${done}; exit 0`, '500ms');
  expect(existsSync(done)).toBe(true);
  expect(result).toMatchObject({ why: '/bin/sh: did not end within 500 ms' });
});

test('a probe that is called off ends its program and throws', async () => {
  const calledOff = new AbortController();
  const result = shell('sleep 600', '60s', calledOff.signal);
  await expect.poll(() => markedProcesses(folder).length).toBeGreaterThan(0);
  calledOff.abort();
  await expect(result).rejects.toMatchObject({ name: 'AbortError' });
  await expect.poll(() => markedProcesses(folder)).toEqual([]);
});
