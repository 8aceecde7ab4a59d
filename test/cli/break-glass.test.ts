import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type RunningBalancer, startBalancer } from '../../src/dev/balancer.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { demoRelease } from '../../src/dev/demo-release.ts';
import { requireRelease } from '../../src/domain/release/release-file.ts';
import { createRouters } from '../../src/providers/traffic/registry.ts';
import type { TrafficRouter } from '../../src/providers/traffic/router.ts';
import { closedPort } from '../support/local-server.ts';
import { type VersionServer, startVersion } from '../support/version-server.ts';
import { run } from './run-cli.ts';

/** The load balancer as a process of its own, and nothing else: no Temporal, no worker. */
const NOW_MS = Date.UTC(2026, 10, 24, 3, 0, 5);
const signal = new AbortController().signal;
let folder: string;
let balancer: RunningBalancer;
let router: TrafficRouter;
let text: string;
let v1: VersionServer;
let v2: VersionServer;
let v3: VersionServer;
let service: string;
let count = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belay-glass-'));
  [v1, v2, v3] = await Promise.all([startVersion('v1'), startVersion('v2'), startVersion('v3')]);
  balancer = await startBalancer('embedded', readDevConfig(process.env), {
    service: 'any',
    folder,
  });
}, 60_000);

afterAll(async () => {
  await balancer.close();
  for (const version of [v1, v2, v3]) version.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  count += 1;
  service = `shop-${count}`;
  const { traffic } = balancer;
  text = JSON.stringify(demoRelease({ service, version: 'v9', traffic }));
  const { spec } = requireRelease({ text, file: 'r.json', folder, version: undefined });
  router = createRouters()(spec.traffic);
});

type Weights = readonly (number | undefined)[];

/** The `index`-th write of a release: weights of v1, v2 and v3; absent, no route. */
async function write(weights: Weights, index: number): Promise<void> {
  const routes = [v1, v2, v3].flatMap(({ instance }, at) => {
    const weightPercent = weights[at];
    return weightPercent === undefined
      ? []
      : [{ version: `v${at + 1}`, weightPercent, instances: [instance] }];
  });
  const generation = 7_000_000 + index * 10;
  await router.apply({ service, key: `release/${service}/7/${index}`, generation, routes }, signal);
}

async function given(...all: readonly Weights[]): Promise<void> {
  for (const [index, weights] of all.entries()) await write(weights, index);
}

async function breakGlass(...args: readonly string[]) {
  const files = { '/srv/release.json': text };
  return run(
    [
      'rollback',
      service,
      '--break-glass',
      '--file',
      'release.json',
      '--why',
      'logins fail',
      ...args,
    ],
    { files, nowMs: NOW_MS + count },
  );
}

async function served(): Promise<Record<string, number>> {
  const { routes } = await router.read(service, signal);
  return Object.fromEntries(routes.map(({ version, weightPercent }) => [version, weightPercent]));
}

async function answeredBy(): Promise<string> {
  const answer = await fetch(balancer.url, { headers: { 'x-belay-service': service } });
  return answer.text();
}

test('it names its choice and does nothing until somebody says yes', async () => {
  await given([100], [0, 100]);
  const { code, out, connected } = await breakGlass();
  expect(code).toBe(3);
  expect(connected).toBe(0);
  expect(out).toContain('all traffic would go to v1');
  expect(out).toContain('--yes');
  expect(await served()).toEqual({ v1: 0, v2: 100 });
});

test('with yes all traffic goes to the version before, and users meet it', async () => {
  await given([100], [0, 100]);
  const { code, out, connected } = await breakGlass('--yes', '--by', 'ada l');
  expect({ code, connected }).toEqual({ code: 0, connected: 0 });
  expect(out).toContain(`${service} was at v1 0 %, v2 100 %, and is at v1 100 %, v2 0 % now`);
  expect(out).toContain('--why "by hand: logins fail"');
  expect(await served()).toEqual({ v1: 100, v2: 0 });
  expect(await answeredBy()).toBe('v1');
});

test('it is one generation above the device: a workflow that comes back can write over it', async () => {
  await given([100], [0, 100]);
  await breakGlass('--yes', '--by', 'ada l');
  const effects = await router.effects(service, signal);
  expect(effects.at(-1)).toMatchObject({
    generation: 7_000_011,
    key: `break-glass/ada-l/${new Date(NOW_MS + count).toISOString()}`,
  });
  await write([50, 50], 2);
  expect(await served()).toEqual({ v1: 50, v2: 50 });
});

test.each<[string, readonly Weights[], string]>([
  ['in the middle of a canary', [[100], [95, 5], [75, 25]], 'v1'],
  ['beside a baseline', [[100], [90, 5, 5], [50, 50, 0]], 'v1'],
  [
    'after older versions have gone',
    [[100], [0, 100], [undefined, 100], [undefined, 0, 100]],
    'v2',
  ],
  ['where an older version has come again', [[100], [0, 100], [undefined, 100], [100, 0]], 'v2'],
  ['where traffic is back already', [[100], [0, 100], [100, 0]], 'v1'],
])('%s the version that has been there for longest is chosen', async (_name, writes, version) => {
  await given(...writes);
  const { code } = await breakGlass('--yes');
  expect(code).toBe(0);
  expect(await served()).toMatchObject({ [version]: 100 });
});

test('a version that is named needs no yes', async () => {
  await given([100], [0, 100]);
  expect((await breakGlass('--to', 'v2')).code).toBe(0);
  expect((await breakGlass('--to-version', 'v1')).code).toBe(0);
  expect(await served()).toEqual({ v1: 100, v2: 0 });
});

test.each<[string, readonly Weights[], readonly string[], number, string]>([
  ['a service that it does not carry', [], ['--yes'], 4, 'carries no version'],
  ['one version alone', [[100]], ['--yes'], 3, 'cannot be told: name one with --to (v1)'],
  ['two versions that came at once', [[50, 50]], ['--yes'], 3, '(v1, v2)'],
  [
    'a version that has no instance there',
    [[100], [0, 100]],
    ['--to', 'v7'],
    3,
    'v7 has no instance',
  ],
])('%s is refused', async (_name, writes, args, status, message) => {
  await given(...writes);
  const before = await served();
  const { code, err } = await breakGlass(...args);
  expect(code).toBe(status);
  expect(err).toContain(message);
  expect(await served()).toEqual(before);
});

test('a version that accepts no connection is refused, and nothing changes', async () => {
  await given([100], [0, 100]);
  const gone = { id: 'v1/0', host: '127.0.0.1', port: await closedPort() };
  const routes = [
    { version: 'v1', weightPercent: 0, instances: [gone] },
    { version: 'v2', weightPercent: 100, instances: [v2.instance] },
  ];
  const change = { service, key: 'release/x/7/3', generation: 7_000_100, routes };
  await router.apply(change, signal);
  const { code, err } = await breakGlass('--yes');
  expect(code).toBe(1);
  expect(err).toContain('TargetNotReady');
  expect(await served()).toEqual({ v1: 0, v2: 100 });
});

test('a load balancer that is away is told as such', async () => {
  const control = `http://127.0.0.1:${await closedPort()}`;
  const traffic = { kind: 'embedded', control, url: control } as const;
  text = JSON.stringify(demoRelease({ service, version: 'v9', traffic }));
  const { code, err } = await breakGlass('--yes');
  expect(code).toBe(1);
  expect(err).toContain('TrafficUnreachable');
});

test('the file of another service is refused', async () => {
  const { traffic } = balancer;
  text = JSON.stringify(demoRelease({ service: 'other', version: 'v9', traffic }));
  const { code, err } = await breakGlass('--yes');
  expect(code).toBe(2);
  expect(err).toContain('release.json is of other');
});
