import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readAnswersConfig } from '../src/answers/config.ts';
import { signingSecrets } from '../src/answers/read-secrets.ts';
import { readIngestConfig } from '../src/ingest/config.ts';
import { requirePaging } from '../src/domain/paging/paging-file.ts';
import { requireRelease } from '../src/domain/release/release-file.ts';
import { readWatchdogConfig } from '../src/watchdog/config.ts';
import { readWorkerConfig } from '../src/worker/config.ts';

const inRepository = (path: string): string =>
  fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(inRepository(path), 'utf8');

const serviceSchema = z.object({
  image: z.string(),
  restart: z.string(),
  user: z.string().optional(),
  command: z.array(z.string()).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z
    .object({ test: z.array(z.string()).optional(), disable: z.boolean().optional() })
    .optional(),
  networks: z.record(z.string(), z.object({ ipv4_address: z.string() })).default({}),
});
type Service = z.infer<typeof serviceSchema>;

const compose = z
  .object({
    services: z.record(z.string(), serviceSchema),
    volumes: z.record(z.string(), z.null()),
  })
  .parse(parse(read('docker-compose.yml'), { merge: true }));

const services = Object.entries(compose.services);
const dockerfile = read('Dockerfile');

function service(name: string): Service {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

/** The others do their work and end. */
const runsOn = ({ restart }: Service): boolean => restart === 'unless-stopped';

const PINNED = /^[a-z/-]+:\d+\.\d+(?:\.\d+)?(?:-[a-z-]+)?$/;

describe.each(services)('the service %s', (_name, one) => {
  test('has an image of one version', () => {
    expect(one.image).toMatch(PINNED);
  });

  test('says how to see that it is well, if it runs on', () => {
    const checked = one.healthcheck?.test !== undefined && one.healthcheck.disable !== true;
    expect(checked).toBe(runsOn(one));
  });

  test('waits for services that are there, until they are well or done', () => {
    for (const [name, { condition }] of Object.entries(one.depends_on)) {
      const other = service(name);
      expect({ name, condition }).toEqual({
        name,
        condition: runsOn(other) ? 'service_healthy' : 'service_completed_successfully',
      });
    }
  });

  test('opens its ports to this machine alone', () => {
    for (const port of one.ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  test('mounts what is there', () => {
    for (const volume of one.volumes) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('./'))
        expect([source, existsSync(inRepository(source))]).toEqual([source, true]);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
  });

  test('has no dollar sign that Compose would take for a variable', () => {
    const texts = [...(one.command ?? []), ...(one.healthcheck?.test ?? [])];
    for (const text of texts) expect(text.replaceAll('$$', '')).not.toContain('$');
  });
});

test('no volume is left over', () => {
  const used = services.flatMap(([, { volumes }]) => volumes.map((volume) => volume.split(':')[0]));
  for (const name of Object.keys(compose.volumes)) expect(used).toContain(name);
});

test('the worker is given only variables that it knows', () => {
  const known = read('src/worker/config.ts').match(/^ {2}[A-Z][A-Z_]+(?=: [a-z])/gm) ?? [];
  const names = known.map((name) => name.trim());
  expect(names).toContain('BELAY_STATE_DIR');

  const inImage = /^ENV ((?:.*\\\n)*.*)$/m.exec(dockerfile)?.[1] ?? '';
  const image = [...inImage.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value]) => [name, value]);
  const given = { ...Object.fromEntries(image), ...service('worker').environment };
  // The first is Node's, the second is read by Temporal's envconfig.
  const own = Object.keys(given).filter((name) => !['NODE_ENV', 'TEMPORAL_ADDRESS'].includes(name));
  expect(own.filter((name) => !names.includes(name))).toEqual([]);
  expect(readWorkerConfig(given)).toMatchObject({
    stateDir: '/var/lib/belay/environment',
    workflowBundle: '/app/dist/workflows.js',
    metricsAddress: '0.0.0.0:9464',
  });
});

test('the watchdog is given only variables that it knows, and a paging file that is valid', () => {
  const given = service('watchdog').environment;
  const known = read('src/watchdog/config.ts').match(/^ {2}[A-Z][A-Z_]+(?=: (?:z|waitingTime))/gm);
  const names = (known ?? []).map((name) => name.trim());
  const own = Object.keys(given).filter((name) => name !== 'TEMPORAL_ADDRESS');
  expect(own.filter((name) => !names.includes(name))).toEqual([]);
  const config = readWatchdogConfig(given);
  expect(config.address).toEqual({ host: '0.0.0.0', port: 9465 });
  const file = config.paging?.replace('/srv/checkout', 'examples/docker') ?? '';
  const paging = requirePaging({ text: read(file), file, readFile: () => '' });
  expect(paging.lastResort).toEqual(['siren']);
});

test('HAProxy finds the tap where haproxy.cfg looks for it', () => {
  const { networks, command = [] } = service('tap');
  expect(command).toContain('--listen=:7072');
  expect(read('haproxy/haproxy.cfg')).toContain(
    `server tap ${networks.default?.ipv4_address}:7072 `,
  );
});

test('HAProxy and the worker are one user, and share the folder of the sockets', () => {
  const user = /^USER (\S+)$/m.exec(dockerfile)?.[1];
  expect(service('haproxy').user).toBe(user);
  const shared = 'haproxy:/var/lib/belay/haproxy';
  expect(service('haproxy').volumes).toContain(shared);
  expect(service('worker').volumes).toContain(shared);
});

test('the release file of the stack is valid, and its hosts are services', () => {
  const file = 'examples/docker/release.yaml';
  const folder = inRepository('examples/docker');
  const { spec, remarks } = requireRelease({ text: read(file), file, folder, version: 'v1' });
  expect(remarks).toEqual([]);
  const { environment, traffic } = spec;
  if (environment.kind !== 'process' || traffic.kind !== 'haproxy') throw new Error(file);
  expect(environment.host).toBe('worker');
  const hosts = [traffic.url, traffic.tap].map((url) => new URL(url).hostname);
  for (const host of [environment.host, ...hosts]) service(host);
});

test('the paging file of the stack is valid, and the worker and the answers share it', () => {
  const file = 'examples/docker/paging.yaml';
  const { channels } = requirePaging({ text: read(file), file, readFile: () => '' });
  for (const name of ['worker', 'answers']) {
    const { environment, volumes } = service(name);
    expect(environment.BELAY_PAGING).toBe('/srv/checkout/paging.yaml');
    expect(volumes).toContain('./examples/docker:/srv/checkout:ro');
  }
  expect(signingSecrets({ channels })).toEqual([
    { kind: 'file', path: '/srv/checkout/secrets/slack-signing' },
  ]);
  expect(read('.gitignore')).toContain('examples/docker/secrets/');
});

test('the answers are given what they need', () => {
  const { environment, ports } = service('answers');
  expect(readAnswersConfig(environment)).toMatchObject({ address: '0.0.0.0:8090' });
  expect(ports).toEqual(['127.0.0.1:8090:8090']);
});

test('alerts can be sent into the stack', () => {
  const { environment, ports } = service('ingest');
  expect(readIngestConfig(environment)).toMatchObject({ address: '0.0.0.0:9093' });
  expect(ports).toEqual(['127.0.0.1:9093:9093']);
});

test('the image is built on the Node that the tests run on', () => {
  const { devDependencies } = z
    .object({ devDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')));
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  expect(new Set(bases)).toEqual(new Set([`node:${devDependencies.node}-bookworm-slim`]));
});

test('what the Dockerfile copies is not ignored', () => {
  const kept = read('.dockerignore').match(/(?<=^!).+$/gm) ?? [];
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
    paths.split(' '),
  );
  expect([...new Set(copied)].toSorted()).toEqual(kept.toSorted());
});
