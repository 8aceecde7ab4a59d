import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ReleaseDocument } from '../domain/release/release.schema.ts';
import { askHaproxy } from '../providers/traffic/haproxy-cli.ts';
import { renderHaproxyConfig } from '../providers/traffic/haproxy-config.ts';
import { type Child, scriptPath, startChild } from './children.ts';
import type { DevConfig } from './config.ts';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';

export type BalancerKind = 'haproxy' | 'embedded';

export interface RunningBalancer {
  readonly kind: BalancerKind;
  /** Where users reach the service. */
  readonly url: string;
  /** The `traffic` block of a release file. */
  readonly traffic: ReleaseDocument['traffic'];
  /** The process that carries the requests. */
  readonly process: Child;
  close(): Promise<void>;
}

export interface BalancerOptions {
  readonly service: string;
  /** State and logs. */
  readonly folder: string;
  readonly port?: number;
}

/** HAProxy where it is on PATH, else the embedded one; `TRAFFIC=` chooses. */
export function chooseBalancer(config: DevConfig): BalancerKind {
  const { traffic } = config;
  const hasHaproxy = findProgram('haproxy', config.path) !== undefined;
  if (traffic === undefined) return hasHaproxy ? 'haproxy' : 'embedded';
  if (traffic !== 'haproxy' && traffic !== 'embedded') {
    throw new Error(`TRAFFIC is haproxy or embedded, not "${traffic}"`);
  }
  if (traffic === 'haproxy' && !hasHaproxy) {
    throw new Error('TRAFFIC=haproxy, but there is no haproxy on PATH: apt-get install haproxy');
  }
  return traffic;
}

export async function startBalancer(
  kind: BalancerKind,
  config: DevConfig,
  options: BalancerOptions,
): Promise<RunningBalancer> {
  mkdirSync(options.folder, { recursive: true });
  switch (kind) {
    case 'haproxy':
      return startHaproxy(config, options);
    case 'embedded':
      return startEmbedded(config, options);
    default:
      return kind satisfies never;
  }
}

async function startEmbedded(
  { environment }: DevConfig,
  { folder, port }: BalancerOptions,
): Promise<RunningBalancer> {
  const listen = `127.0.0.1:${await freePort(port)}`;
  const control = `127.0.0.1:${await freePort()}`;
  const child = await startChild({
    command: process.execPath,
    args: [
      scriptPath('../router/main', import.meta.url),
      ...['--listen', listen, '--control', control, '--state', folder],
    ],
    env: environment,
    log: join(folder, 'router.log'),
    ready: (line) => line.startsWith('{'),
  });
  const url = `http://${listen}`;
  return {
    kind: 'embedded',
    url,
    traffic: { kind: 'embedded', control: `http://${control}`, url },
    process: child,
    close: () => child.stop(),
  };
}

async function startHaproxy(
  config: DevConfig,
  { service, folder, port }: BalancerOptions,
): Promise<RunningBalancer> {
  const program = findProgram('haproxy', config.path);
  if (program === undefined) {
    throw new Error('There is no haproxy on PATH: apt-get install haproxy (2.6 or newer)');
  }
  const bind = `127.0.0.1:${await freePort(port)}`;
  const log = `127.0.0.1:${await freePort()}`;
  const control = `127.0.0.1:${await freePort()}`;
  const tap = await startChild({
    command: process.execPath,
    args: [
      scriptPath('../tap/main', import.meta.url),
      ...['--listen', log, '--control', control, '--state', join(folder, 'tap')],
    ],
    env: config.environment,
    log: join(folder, 'tap.log'),
    ready: (line) => line.startsWith('{'),
  });
  const stateDir = join(folder, 'state');
  const socket = join(folder, 'haproxy.sock');
  const masterSocket = join(folder, 'master.sock');
  mkdirSync(stateDir, { recursive: true });
  writeFileSync(join(stateDir, 'belay.map'), '', { flag: 'a' });
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    renderHaproxyConfig({
      services: [{ name: service, bind }],
      statsSocket: socket,
      stateDir,
      lua: fileURLToPath(new URL('../../haproxy/belay.lua', import.meta.url)),
      tap: log,
      slots: 16,
    }),
  );
  const child = await startChild({
    command: program,
    args: ['-W', '-S', masterSocket, '-f', file],
    env: config.environment,
    log: join(folder, 'haproxy.log'),
  }).catch(async (error: unknown) => {
    await tap.stop();
    throw error;
  });
  const url = `http://${bind}`;
  await untilAnswers(`${url}/.well-known/belay/${service}`, masterSocket, child);
  return {
    kind: 'haproxy',
    url,
    traffic: {
      kind: 'haproxy',
      socket,
      master_socket: masterSocket,
      url,
      tap: `http://${control}`,
    },
    process: child,
    async close() {
      await child.stop();
      await tap.stop();
    },
  };
}

/** The master may take questions a moment later than its worker takes requests. */
async function untilAnswers(url: string, masterSocket: string, child: Child): Promise<void> {
  const untilMs = Date.now() + 10_000;
  let ended = false;
  void child.exited.then(() => (ended = true));
  for (;;) {
    const { signal } = new AbortController();
    const answered = await fetch(url)
      .then(async ({ ok }) => ok && (await askHaproxy(masterSocket, 'show proc', signal)) !== '')
      .catch(() => false);
    if (answered) return;
    if (ended || Date.now() > untilMs) throw new Error(`HAProxy does not answer at ${url}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
