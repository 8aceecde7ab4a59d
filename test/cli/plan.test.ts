import { expect, test } from 'vitest';
import { GOOD, run } from './run-cli.ts';

const CANARY = `${GOOD.replace('blue_green', 'canary')}
performance_thresholds: { max_error_rate: 5% }
steps:
  - { weight: 5%, for: 1m }
  - { gate: { name: go, person: { timeout: 1h } } }
`;

const files = { '/srv/a.yaml': CANARY };

test('a plan is printed without connecting to anything', async () => {
  const { code, out, connected } = await run(['plan', 'a.yaml'], { files });
  expect(code).toBe(0);
  expect(connected).toBe(0);
  expect(out).toContain('shop 2, canary: 9 steps, at the earliest 16m30s');
  expect(out).toContain(
    '30s       weight-5    5 %      2 gets 5 % of the traffic, watched for 1m\n' +
      '1m30s     go          5 %      waits for a person: belay approve shop go; ' +
      'without an answer it is closed after 1h\n' +
      '≥ 1m30s   weight-100  100 %    2 gets 100 % of the traffic\n',
  );
  expect(out).toContain('it goes back by itself, if\n    at weight-5, weight-100\n');
  expect(out).toContain('the gate is closed, or silent for 1h');
});

test('with --json it is data', async () => {
  const { out } = await run(['plan', 'a.yaml', '--json', '--version', '3'], { files });
  expect(JSON.parse(out)).toMatchObject({
    version: '3',
    isEarliest: true,
    entries: expect.arrayContaining([expect.objectContaining({ name: 'go', fromMs: 90_000 })]),
  });
});

test('a first release goes another way', async () => {
  const { out } = await run(['plan', 'a.yaml', '--first'], { files });
  expect(out).not.toContain('weight-5 ');
  expect(out).toContain('it holds and waits for a person, if');
  expect(out).toContain('note: the first release of a service: there is no version to go back to');
});

test('batches follow the number of instances that serve', async () => {
  const rolling = { '/srv/a.yaml': GOOD.replace('blue_green', 'rolling') };
  const args = ['plan', 'a.yaml', '--stable-instances', '10'];
  const { out } = await run(args, { files: rolling });
  expect(out.match(/^\S+ +batch/gm)).toHaveLength(5);
});

test('a file that is wrong exits as it does everywhere', async () => {
  const { code, err } = await run(['plan', 'a.yaml'], { files: { '/srv/a.yaml': 'service: 1' } });
  expect(code).toBe(2);
  expect(err).toContain('ReleaseFileInvalid');
});

test('a plan says which alerts page nobody meanwhile', async () => {
  const text = `${CANARY}alerts: { silence: ['pod=~"{service}-{version}-.*"'] }\n`;
  const { out } = await run(['plan', 'a.yaml'], { files: { '/srv/a.yaml': text } });
  expect(out).toContain(
    'note: alerts of {pod=~"(?:shop)-(?:2)-.*"} page nobody until 2 is stable or gone',
  );
});
