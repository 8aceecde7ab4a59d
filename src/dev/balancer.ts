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
  /** Each where it is free; without them any. */
  readonly ports?: BalancerPorts;
}

export interface BalancerPorts {
  /** For users. */
  readonly listen: number;
  /** Where Belay steers the embedded router, or asks the tap of a HAProxy. */
  readonly control: number;
  /** Where a HAProxy sends its log. */
  readonly log: number;
}

/** As `belay router`, `belay tap` and the documents have them. */
export const USUAL_PORTS: Readonly<Record<BalancerKind, BalancerPorts>> = {
  embedded: { listen: 8080, control: 7071, log: 0 },
  haproxy: { listen: 8080, control: 7073, log: 7072 },
};

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
  { folder, ports }: BalancerOptions,
): Promise<RunningBalancer> {
  const listen = `127.0.0.1:${await freePort(ports?.listen)}`;
  const control = `127.0.0.1:${await freePort(ports?.control)}`;
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
  { service, folder, ports }: BalancerOptions,
): Promise<RunningBalancer> {
  const program = findProgram('haproxy', config.path);
  if (program === undefined) {
    throw new Error('There is no haproxy on PATH: apt-get install haproxy (2.6 or newer)');
  }
  const bind = `127.0.0.1:${await freePort(ports?.listen)}`;
  const log = `127.0.0.1:${await freePort(ports?.log)}`;
  const control = `127.0.0.1:${await freePort(ports?.control)}`;
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
