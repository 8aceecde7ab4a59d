import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { type Child, startChild } from '../../src/dev/children.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { findProgram } from '../../src/dev/find-program.ts';
import { freePort } from '../../src/dev/free-port.ts';

const READY_WITHIN_MS = 20_000;
/** Debian keeps the programs of the server here, by version, and on no PATH. */
const DEBIAN = '/usr/lib/postgresql';

export interface RealPostgres {
  readonly url: string;
  readonly port: number;
  /** Ends the server as a crash does. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Runs statements as another client. */
  run(sql: string, at?: string): Promise<void>;
  close(): Promise<void>;
}

/** A PostgreSQL of its own on a loopback port, with its data in a temporary folder. */
export async function startPostgres(): Promise<RealPostgres> {
  const { environment, path } = readDevConfig(process.env);
  const initdb = serverProgram('initdb', path);
  const server = serverProgram('postgres', path);
  const folder = mkdtempSync(join(tmpdir(), 'belay-postgres-'));
  const data = join(folder, 'data');
  const asOther = unprivileged(folder);
  const [first = '', ...rest] = [
    ...asOther,
    initdb,
    ...['-D', data, '-U', 'belay', '--auth=trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
  ];
  execFileSync(first, rest, { env: environment, stdio: ['ignore', 'ignore', 'pipe'], cwd: folder });
  const port = await freePort();
  const url = `postgres://belay@127.0.0.1:${port}/postgres`;
  let child: Child | null = null;
  const one: RealPostgres = {
    url,
    port,
    async kill() {
      child?.kill('SIGKILL');
      await child?.exited;
      child = null;
    },
    async start() {
      const [command = '', ...args] = [
        ...asOther,
        server,
        ...['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1'],
        ...['-c', `unix_socket_directories=${folder}`],
      ];
      child = await startChild({
        ...{ command, args, env: environment, log: join(folder, 'log'), cwd: folder },
      });
      for (const untilMs = Date.now() + READY_WITHIN_MS; ;) {
        try {
          return await one.run('SELECT 1');
        } catch (error) {
          if (Date.now() < untilMs) await wait(50);
          else throw new Error(readFileSync(join(folder, 'log'), 'utf8'), { cause: error });
        }
      }
    },
    async run(sql, at = url) {
      const client = new Client({ connectionString: at });
      client.on('error', () => {});
      try {
        await client.connect();
        await client.query(sql);
      } finally {
        await client.end();
      }
    },
    async close() {
      await child?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await one.start();
  return one;
}

function serverProgram(name: string, path: string): string {
  let versions: readonly string[] = [];
  try {
    versions = readdirSync(DEBIAN).toSorted((one, other) => Number(other) - Number(one));
  } catch {
    // It is not Debian, or there is none; it may be on PATH.
  }
  const folders = versions.map((version) => join(DEBIAN, version, 'bin'));
  const found = findProgram(name, [path, ...folders].join(delimiter));
  if (found !== undefined) return found;
  throw new Error(
    `There is no ${name} of PostgreSQL's server: apt-get install postgresql, or \`make programs\``,
  );
}

/** PostgreSQL refuses to be root: then it is the user that its package has made, and owns the folder. */
function unprivileged(folder: string): readonly string[] {
  if (process.getuid?.() !== 0) return [];
  const [uid, gid] = ['-u', '-g'].map((what) =>
    Number(execFileSync('id', [what, 'postgres'], { encoding: 'utf8' })),
  );
  chownSync(folder, uid ?? 0, gid ?? 0);
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--'];
}
