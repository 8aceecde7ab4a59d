import { expect, test } from 'vitest';
import { exitCodeOfRollback } from '../../src/cli/watch.ts';
import { GOOD, run } from './run-cli.ts';

test('a good file is explained and exits 0', async () => {
  const { code, out } = await run(['validate', 'a.yaml'], { files: { '/srv/a.yaml': GOOD } });
  expect(code).toBe(0);
  expect(out).toContain('shop 2, blue_green');
});

test('limits are told by their keys and with their units', async () => {
  const limits = `
performance_thresholds:
  max_latency_p95: 250ms
  min_throughput: 600/m
  max_error_rate: 0.5%
  max_memory_usage: 512MiB
  max_cpu_usage: 80%
`;
  const { out } = await run(['validate', 'a.yaml'], { files: { '/srv/a.yaml': GOOD + limits } });
  expect(out).toContain(
    'max_latency_p95 250ms, min_throughput 10/s, max_error_rate 0.5%, ' +
      'max_memory_usage 512 MiB, max_cpu_usage 80% of a core',
  );
});

test('a bad file is refused with file, line, path and a suggestion, and exits 2', async () => {
  const text = GOOD.replace('strategy', 'stratgy');
  const { code, err } = await run(['validate', 'a.yaml'], { files: { '/srv/a.yaml': text } });
  expect(code).toBe(2);
  expect(err).toMatch(/a\.yaml:\d+:\d+: /);
  expect(err).toContain('strategy');
});

test('nothing is connected to when the file of a release is bad', async () => {
  const { code, err } = await run(['deploy', 'a.yaml'], {
    files: { '/srv/a.yaml': 'service: 1' },
  });
  expect(code).toBe(2);
  expect(err).toContain('ReleaseFileInvalid');
});

test('a file that is not there is an error of the file', async () => {
  const { code, err } = await run(['deploy', 'none.yaml']);
  expect(code).toBe(2);
  expect(err).toContain('none.yaml cannot be read');
});

test('a failure exits with the status of its code and says what a person can do', async () => {
  const { code, err } = await run(['deploy', 'a.yaml'], { files: { '/srv/a.yaml': GOOD } });
  expect(code).toBe(5);
  expect(err).toContain('TemporalUnreachable: Temporal at nowhere:7233');
  expect(err).toContain('TEMPORAL_ADDRESS');
});

test('with --json a failure is JSON on the standard output', async () => {
  const { code, out } = await run(['history', 'shop', '--json']);
  expect(code).toBe(5);
  expect(JSON.parse(out)).toMatchObject({ error: { code: 'TemporalUnreachable' } });
});

test.each([
  [['bogus']],
  [['deploy']],
  [['rollback', 'shop']],
  [['pause', 'shop']],
  [['pause', 'shop', '--why', ' ']],
  [['pause', 'shop', '--why', 'a', '--reason', 'b']],
  [['pause', 'shop', '--why', 'a', '--who', 'ada', '--by', 'bob']],
  [['approve', 'shop', '--why', 'a']],
  [['extend', 'shop', 'weight-25', 'long', '--why', 'a']],
  [['extend', 'shop', 'weight-25', '0s', '--why', 'a']],
  [['cancel', 'shop', '--why', 'a']],
  [['deploy', 'a.yaml', '--override-freeze']],
  [['deploy', 'a.yaml', '--override-freeze', '--why', 'belay deploy']],
  [['plan', 'a.yaml', '--first', '--stable-instances', '2']],
  [['plan', 'a.yaml', '--stable-instances', '0']],
  [['rollback', 'shop', '--why', 'a', '--break-glass']],
  [['rollback', 'shop', '--why', 'a', '--yes']],
])('wrong usage %j exits 2', async (args) => {
  const { code, err } = await run(args);
  expect(code).toBe(2);
  expect(err).toContain('error:');
});

test('every command has help with an example, and says what its arguments are', async () => {
  const { out: all } = await run(['--help']);
  const names = [...all.matchAll(/^ {2}([a-z-]+) (?:\[|<| )/gm)].map(([, name]) => name ?? '');
  expect(names).toContain('explain');
  for (const name of names.filter((one) => one !== 'help')) {
    const { code, out } = await run([name, '--help']);
    expect({ name, code }).toEqual({ name, code: 0 });
    expect(out).toContain(`Example:\n  $ `);
    expect(out).toMatch(new RegExp(`^  \\$ .*belay ${name}`, 'm'));
    for (const [, argument] of /^Usage: .*$/m.exec(out)?.[0].matchAll(/[<[]([\w-]+)[>\]]/g) ?? []) {
      if (argument !== 'options') expect(out).toMatch(new RegExp(`^  ${argument} +\\S`, 'm'));
    }
  }
});

test.each([
  ['rolled_back', 0],
  ['aborted', 0],
  ['rollback_unverified', 1],
  ['failed', 1],
] as const)('who waits for a rollback that ended %s gets status %i', (outcome, status) => {
  expect(exitCodeOfRollback({ outcome })).toBe(status);
});
