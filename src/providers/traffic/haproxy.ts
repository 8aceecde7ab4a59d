import { createHash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { request as fetchUrl } from 'undici';
import { Failure, isFailureCode } from '../../domain/failure.ts';
import type { TrafficSpec } from '../../domain/release/release.schema.ts';
import { canonical, requireReady, requireWhole } from './check-change.ts';
import { confirmServed } from './confirm.ts';
import { countsQuery } from './embedded.ts';
import { askHaproxy, listOldProcesses } from './haproxy-cli.ts';
import type { Route, TrafficChange, TrafficRouter, TrafficState } from './router.ts';

const ANSWER_WITHIN_MS = 5000;
const DRAIN_ASK_EVERY_MS = 100;
/** For a process that a reload has left behind to take a change up from the state file. */
const OLD_PROCESS_WITHIN_MS = 3000;
/** What `belay.lua` reads as one word; anything else could end the command and begin another. */
const WORD = /^[A-Za-z0-9._+/:,-]*$/;

/** Steers a HAProxy with the shipped `belay.lua` through its Runtime API. */
export function createHaproxyRouter(
  spec: Extract<TrafficSpec, { kind: 'haproxy' }>,
): TrafficRouter {
  async function show(service: string, signal: AbortSignal): Promise<Shown> {
    return parseShown(service, await command(spec.socket, ['show', service], signal));
  }

  /** Every process that may still carry a request of a user follows the newest generation. */
  async function requireEveryProcess(change: TrafficChange, signal: AbortSignal): Promise<void> {
    const { masterSocket } = spec;
    if (masterSocket === undefined) return;
    const untilMs = Date.now() + OLD_PROCESS_WITHIN_MS;
    for (;;) {
      const behind: string[] = [];
      for (const pid of await listOldProcesses(masterSocket, signal)) {
        const line = `@!${pid} belay show ${change.service}`;
        // A process that has gone in between cannot be behind.
        const answer = await askHaproxy(masterSocket, line, signal).catch(() => '');
        if (/^ok (\d+)/.test(answer) && parseShown('', answer).generation < change.generation) {
          behind.push(pid);
        }
      }
      if (behind.length === 0) return;
      if (Date.now() >= untilMs) {
        throw new Failure(
          'TrafficNotConfirmed',
          `HAProxy process ${behind.join(', ')} was left by a reload and still serves the old weights`,
        );
      }
      await wait(DRAIN_ASK_EVERY_MS, undefined, { signal });
    }
  }

  /** Requests that are open at a pool, in every process. */
  async function openAt(backend: string, signal: AbortSignal): Promise<number> {
    const { socket, masterSocket } = spec;
    let open = sessionsOf(await askHaproxy(socket, 'show stat', signal), backend);
    if (masterSocket === undefined) return open;
    for (const pid of await listOldProcesses(masterSocket, signal)) {
      const answer = await askHaproxy(masterSocket, `@!${pid} show stat`, signal).catch(() => '');
      open += sessionsOf(answer, backend);
    }
    return open;
  }

  return {
    can: { mirror: false, affinity: false },
    async apply(change, signal) {
      requireWhole(change);
      await requireReady(change, await show(change.service, signal), signal);
      const { service, generation, key, routes } = change;
      const expected = servedMark(change);
      const words = await Promise.all(routes.map(routeWord));
      await command(
        spec.socket,
        ['apply', service, String(generation), expected, key, ...words],
        signal,
      );
      await confirmServed({ url: spec.url, service, expected }, signal);
      await requireEveryProcess(change, signal);
      return show(service, signal);
    },
    read: (service, signal) => show(service, signal),
    async drain({ service, version, deadlineMs }, signal) {
      const untilMs = Date.now() + deadlineMs;
      const { pools } = await show(service, signal);
      const pool = pools[version];
      if (pool === undefined) return { open: 0 };
      for (;;) {
        const open = await openAt(`${service}.${pool}`, signal);
        if (open === 0 || Date.now() >= untilMs) return { open };
        await wait(DRAIN_ASK_EVERY_MS, undefined, { signal });
      }
    },
    preview: (_service, version) => ({
      url: spec.url.replace(/\/$/, ''),
      headers: { 'x-belay-version': version },
    }),
    async counts(query, signal) {
      const url = `${spec.tap}/services/${query.service}/counts?${countsQuery(query)}`;
      const { statusCode, body } = await fetchUrl(url, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      }).catch((error: unknown) => {
        signal.throwIfAborted();
        throw new Failure('TrafficUnreachable', `the tap at ${spec.tap}: ${String(error)}`, {
          cause: error,
        });
      });
      const text = await body.text();
      if (statusCode === 200) return JSON.parse(text);
      throw new Failure('TrafficUnreachable', `the tap at ${spec.tap}: ${text.slice(0, 200)}`);
    },
    async effects(service, signal) {
      const lines = (await command(spec.socket, ['effects', service], signal)).split('\n').slice(1);
      return lines
        .filter((line) => line !== '')
        .map((line) => {
          const [generation, key = '', atMs, what = ''] = line.split('\t');
          return { service, key, generation: Number(generation), atMs: Number(atMs), what };
        });
    },
  };
}

/** Names one state, and fits into a log line, a map and a URL. */
function servedMark({ generation, routes }: TrafficChange): string {
  const hash = createHash('sha256').update(canonical(routes)).digest('hex').slice(0, 16);
  return `${generation}-${hash}`;
}

async function routeWord({ version, weightPercent, instances }: Route): Promise<string> {
  const addresses = await Promise.all(
    instances.map(async ({ host, port }) => {
      if (isIP(host) !== 0) return `${host}:${port}`;
      const { address } = await lookup(host, 4).catch((error: unknown) => {
        throw new Failure('TrafficRefused', `the host ${host} of ${version}: ${String(error)}`);
      });
      return `${address}:${port}`;
    }),
  );
  return `${version}/${weightPercent}/${addresses.join(',')}`;
}

/** One command of `belay.lua`; its refusals carry a code of the failure table. */
async function command(
  socket: string,
  words: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const odd = words.find((word) => word === '' || !WORD.test(word));
  if (odd !== undefined) throw new Failure('TrafficRefused', `HAProxy cannot be told "${odd}"`);
  const whole = await askHaproxy(socket, `belay ${words.join(' ')}`, signal);
  // Each answer is made of whole lines: a process that dies may have left the half of one.
  if (!whole.endsWith('\n')) {
    throw new Failure('TrafficUnreachable', `HAProxy at ${socket}: the answer broke off`);
  }
  const answer = whole.trimEnd();
  if (/^ok\b/.test(answer)) return answer;
  const [code = '', ...rest] = answer.split(' ');
  if (isFailureCode(code)) throw new Failure(code, rest.join(' '));
  const hint = answer.startsWith('Unknown command') ? ' (is belay.lua loaded?)' : '';
  throw new Failure('TrafficRefused', `HAProxy answered: ${answer.slice(0, 200)}${hint}`);
}

interface Shown extends TrafficState {
  readonly pools: Readonly<Record<string, string>>;
}

/** `ok GENERATION SERVED KEY`, then a line a pool: `a VERSION WEIGHT IP:PORT,IP:PORT`. */
function parseShown(service: string, answer: string): Shown {
  const [head = '', ...lines] = answer.trim().split('\n');
  const [, generation, , key = ''] = head.split(' ');
  const pools: Record<string, string> = {};
  const routes = lines.map((line) => {
    const [pool = '', version = '', weight, addresses = ''] = line.split(' ');
    pools[version] = pool;
    const instances = addresses
      .split(',')
      .filter((address) => address !== '')
      .map((address) => {
        const colon = address.lastIndexOf(':');
        return {
          id: address,
          host: address.slice(0, colon),
          port: Number(address.slice(colon + 1)),
        };
      });
    return { version, weightPercent: Number(weight), instances };
  });
  return { service, generation: Number(generation), key, routes, pools };
}

/** `scur` of a backend in the CSV of `show stat`; 0 where it is not listed. */
function sessionsOf(csv: string, backend: string): number {
  const line = csv.split('\n').find((one) => one.startsWith(`${backend},BACKEND,`));
  return Number(line?.split(',')[4] ?? 0);
}
