import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { blocksCsv, seriesCsv } from '../domain/judge/offline/recorded.ts';
import { GOOD, run } from './run-cli.ts';

const files = {
  '/srv/r.yaml': GOOD,
  '/srv/a.csv': blocksCsv({ seed: 1 }),
  '/srv/b.csv': blocksCsv({ seed: 2 }),
  '/srv/worse.csv': blocksCsv({ seed: 2, errorRate: 0.03 }),
  '/srv/short.csv': blocksCsv({ seed: 2, minutes: 10 }),
  '/srv/depth-a.csv': seriesCsv(
    'depth',
    Array.from({ length: 40 }, (_, at) => at % 7),
  ),
  '/srv/depth-b.csv': seriesCsv(
    'depth',
    Array.from({ length: 40 }, (_, at) => 50 + (at % 7)),
  ),
  '/srv/bad.csv': 'time,requests,errors\n1772359200,600,x\n1772359260,600,601\n',
};

const judge = (baseline: string, candidate: string, ...more: readonly string[]) =>
  run(['judge', 'r.yaml', '--baseline', baseline, '--candidate', candidate, ...more], { files });

test('equal arms pass and exit 0, without connecting to anything', async () => {
  const { code, out, err, connected } = await judge('a.csv', 'b.csv');
  expect({ code, err, connected }).toEqual({ code: 0, err: '', connected: 0 });
  expect(out).toContain('verdict  shop 2: pass\nhealth   100 of 100\n');
  expect(out).toContain('window   2026-03-01T10:00:00Z to 2026-03-01T11:59:00Z\n');
  expect(out).toContain('budget   error budget spent 1 of 1 %, left 0 %\n');
  expect(out).toMatch(/^ {2}ok {6}critical {2}errors, compared: not worse than stable, /m);
  expect(out).toMatch(
    /errors, sequential: candidate 0\.0\d+ \(72000\), baseline .*, effect .* e 1,/,
  );
});

test('a regression fails and exits 1, with its evidence first', async () => {
  const { code, out } = await judge('a.csv', 'worse.csv');
  expect(code).toBe(1);
  expect(out).toContain('verdict  shop 2: fail\n');
  expect(out).toMatch(/^because {2}errors, compared: worse than stable, /m);
  expect(out).toMatch(
    /^evidence\n {2}BROKEN {2}critical {2}errors, compared: worse than stable, /m,
  );
});

test('what cannot be told exits 1', async () => {
  const { code, out } = await judge('a.csv', 'short.csv');
  expect(code).toBe(1);
  expect(out).toContain('verdict  shop 2: no_data\n');
  expect(out).toContain('the candidate ends 1h50m before the baseline');
});

test('with --json one object is the last line', async () => {
  const { code, out } = await judge('a.csv', 'worse.csv', '--json');
  expect(code).toBe(1);
  expect(out.split('\n')).toHaveLength(2);
  expect(JSON.parse(out)).toMatchObject({
    kind: 'fail',
    budget: { alpha: 0.01, left: 0 },
    findings: expect.arrayContaining([
      expect.objectContaining({ metric: 'errors', kind: 'violation', severity: 'critical' }),
    ]),
  });
  const drawn = await judge('a.csv', 'worse.csv', '--json', '--explain');
  expect(drawn.out).toContain('e-value by look');
  expect(drawn.out.trimEnd().split('\n').at(-1)).toBe(out.trimEnd());
});

/** Without the latencies. */
const errorsOnly = (csv: string): string => csv.replaceAll(/,[^,]*$/gm, '');

const EXAMPLE = {
  '/srv/release.yaml': `
service: checkout
version: v3
strategy: canary
environment: { kind: process, command: [./checkout] }
traffic: { kind: embedded, control: 'http://127.0.0.1:7071', url: 'http://127.0.0.1:8080' }
performance_thresholds: { max_error_rate: 5% }
`,
  '/srv/a.csv': errorsOnly(blocksCsv({ seed: 3, minutes: 300, fromMinute: -240 })),
  '/srv/b.csv': errorsOnly(blocksCsv({ seed: 4, minutes: 60, errorRate: 0.02 })),
};

test('the example of the manual is what it prints', async () => {
  const page = readFileSync(new URL('../../docs/judge-recorded-data.md', import.meta.url), 'utf8');
  const [, shown = ''] = /^```sh\n\$ ([^]*?)^```$/m.exec(page) ?? [];
  const [command = '', ...printed] = shown.split('\n');
  const { code, out } = await run(command.split(' ').slice(1), { files: EXAMPLE });
  expect(code).toBe(1);
  expect(printed.join('\n').trimEnd()).toBe(out.trimEnd());
});

describe('--explain', () => {
  test('draws both arms and the e-value against its limit, within 80 columns', async () => {
    const { out } = await judge('a.csv', 'worse.csv', '--explain');
    const drawn = out.slice(out.indexOf('\nerrors, 120 blocks'));
    expect(drawn).toMatch(/^ {3}baseline {2}[▁-█]{59}$/m);
    expect(drawn).toMatch(/^ {2}candidate {2}[▁-█]{59}$/m);
    expect(drawn).toMatch(/^ {13}▁ is [\d.]+, █ is [\d.]+, · is missing$/m);
    expect(drawn).toMatch(/^ +100 {2}[▁-█─]{59} 1\/alpha$/m);
    expect(drawn).toMatch(/e-value: reaches its limit at row \d+, 2026-03-01T\d\d:\d\d:00Z/);
    expect(drawn.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(drawn).not.toContain('\u001b');
  });

  test('says that a limit is not reached, and what is missing', async () => {
    const rows = files['/srv/b.csv']
      .split('\n')
      .filter((_, at) => at < 40 || at > 50)
      .join('\n');
    const { out } = await run(
      ['judge', 'r.yaml', '--baseline', 'a.csv', '--candidate', 'gaps.csv', '--explain'],
      { files: { ...files, '/srv/gaps.csv': rows } },
    );
    expect(out).toMatch(/^ {2}candidate {2}[▁-█]+·+[▁-█]+$/m);
    expect(out).toContain('e-value: the limit is not reached, at the end it is ');
  });

  test('draws a p-value for series, higher where there is more evidence', async () => {
    const { code, out } = await judge('depth-a.csv', 'depth-b.csv', '--explain');
    expect(code).toBe(1);
    expect(out).toContain('depth, 40 rows, 2026-03-01T10:00:00Z to 2026-03-01T10:39:00Z');
    expect(out).toMatch(/^ {3}baseline {2}[▁▂]{40}$/m);
    expect(out).toMatch(/^ {2}candidate {2}[▇█]{40}$/m);
    expect(out).toContain('p-value: at the end it is 0.0001133, and only that decides');
  });
});

test('series are judged like Kayenta when asked to', async () => {
  const { code, out } = await judge('depth-a.csv', 'depth-b.csv', '--method', 'kayenta');
  expect(code).toBe(1);
  expect(out).toContain("Kayenta's score is 0, 95 passes, 75 is marginal");
  expect(out).toContain('BROKEN  beside    depth is higher than in the control');
  const fine = await judge('depth-a.csv', 'depth-b.csv', '--direction', 'decrease');
  expect(fine.code).toBe(0);
});

test('bad data exits 2, with file, line, column and what to do', async () => {
  const { code, err, out } = await judge('a.csv', 'bad.csv');
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(
    /^RecordingInvalid: bad\.csv:2:16: errors: "x" is not a number; a missing value is an empty cell\nbad\.csv:3:16: errors: 601 errors of 600 requests\n/,
  );
  expect(err).toContain('`belay judge --help` has each form');
  const absent = await judge('a.csv', 'none.csv', '--json');
  expect(absent.code).toBe(2);
  expect(JSON.parse(absent.out)).toMatchObject({ error: { code: 'RecordingInvalid' } });
});

test.each([
  [[]],
  [['--baseline', 'a.csv']],
  [['--baseline', 'a.csv', '--candidate', 'b.csv', '--method', 'guess']],
  [['--baseline', 'a.csv', '--candidate', 'b.csv', '--direction', 'up']],
  [['--baseline', 'a.csv', '--candidate', 'b.csv', '--weight', '0']],
  [['--baseline', 'a.csv', '--candidate', 'b.csv', '--pass', 'x']],
  [['--baseline', 'a.csv', '--candidate', 'b.csv', '--pass', '50', '--marginal', '60']],
])('wrong usage %j exits 2', async (args) => {
  const { code, err } = await run(['judge', 'r.yaml', ...args], { files });
  expect(code).toBe(2);
  expect(err).toContain('error:');
});

test('a release file that is wrong exits as it does everywhere', async () => {
  const { code, err } = await run(
    ['judge', 'r.yaml', '--baseline', 'a.csv', '--candidate', 'b.csv'],
    { files: { ...files, '/srv/r.yaml': 'service: 1' } },
  );
  expect(code).toBe(2);
  expect(err).toContain('ReleaseFileInvalid');
});

test('help has an example of each form, and says how it exits', async () => {
  const { out } = await run(['judge', '--help']);
  for (const form of ['one row a request', 'one row a block', 'JSON', 'query_range']) {
    expect(out).toContain(form);
  }
  expect(out).toContain('1 fail, no_data or inconclusive');
});
