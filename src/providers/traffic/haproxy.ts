import { setTimeout as wait } from 'node:timers/promises';
import { request as fetchUrl } from 'undici';
import { Failure, isFailureCode } from '../../domain/failure.ts';
import { CAPABILITIES } from '../../domain/release/capabilities.ts';
import type { TrafficSpec } from '../../domain/release/release.schema.ts';
import { affinityId } from './affinity.ts';
import { requireNotTakenBack, requireReady, requireWhole } from './check-change.ts';
import { requireAble } from './check-steering.ts';
import { confirmServed } from './confirm.ts';
import { type AnsweredCounts, blocksQuery, countsOf, countsQuery } from './counts-query.schema.ts';
import { askHaproxy, listOldProcesses } from './haproxy-cli.ts';
import { type Shown, addressesOf, parseShown, servedMark, wordsOf } from './haproxy-words.ts';
import { addressOf } from './left-instances.ts';
import type { TrafficChange, TrafficRouter } from './router.ts';

const ANSWER_WITHIN_MS = 5000;
const DRAIN_ASK_EVERY_MS = 100;
/** For a process that a reload has left behind to take a change up from the state file. */
const OLD_PROCESS_WITHIN_MS = 3000;
/** HAProxy reads a command into one buffer of `tune.bufsize`, 16 kB, of which it keeps a part. */
const LINE_MAX_BYTES = 15_000;
/** What `belay.lua` reads as one word; anything else could end the command and begin another. */
const WORD = /^[A-Za-z0-9._+/:,-]*$/;

/** Steers a HAProxy with the shipped `belay.lua` through its Runtime API. */
export function createHaproxyRouter(
  spec: Extract<TrafficSpec, { kind: 'haproxy' }>,
): TrafficRouter {
  async function show(service: string, signal: AbortSignal): Promise<Shown> {
    return parseShown(service, await command(spec.socket, ['show', service], signal));
  }

  async function askTap<T>(path: string, signal: AbortSignal): Promise<T> {
    const { statusCode, body } = await fetchUrl(`${spec.tap}${path}`, {
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

  /** Requests that are open there, in every process. */
  async function openAt(isMeant: (row: Row) => boolean, signal: AbortSignal) {
    const { socket, masterSocket } = spec;
    const answers = [await askHaproxy(socket, 'show stat', signal)];
    if (masterSocket !== undefined) {
      for (const pid of await listOldProcesses(masterSocket, signal)) {
        answers.push(await askHaproxy(masterSocket, `@!${pid} show stat`, signal).catch(() => ''));
      }
    }
    return answers
      .flatMap(rowsOf)
      .filter(isMeant)
      .reduce((sum, { open }) => sum + open, 0);
  }

  /** What `drain` waits for: a whole pool, or the instances that are in no route any more. */
  async function meantBy(
    { service, version, instances }: Parameters<TrafficRouter['drain']>[0],
    signal: AbortSignal,
  ): Promise<(row: Row) => boolean> {
    const { pools, routes } = await show(service, signal);
    if (instances === undefined) {
      const pool = `${service}.${pools[version] ?? 'none'}`;
      return ({ backend, name }) => backend === pool && name === 'BACKEND';
    }
    const route = routes.find((one) => one.version === version);
    const named = new Set(route?.instances.map(addressOf));
    const addresses = await addressesOf(instances, version);
    const left = new Set(addresses.filter((address) => !named.has(address)));
    return ({ backend, address }) => backend.startsWith(`${service}.`) && left.has(address);
  }

  return {
    can: CAPABILITIES.haproxy,
    async apply(change, signal) {
      requireWhole(change);
      requireAble(change, CAPABILITIES.haproxy);
      const { service } = change;
      const expected = servedMark(change);
      const words = await wordsOf(change, expected);
      const current = await show(service, signal);
      requireNotTakenBack(current, change);
      await requireReady(change, current, signal);
      await command(spec.socket, words, signal);
      await confirmServed({ url: spec.url, service, expected }, signal);
      await requireEveryProcess(change, signal);
      return show(service, signal);
    },
    read: (service, signal) => show(service, signal),
    async drain(request, signal) {
      const untilMs = Date.now() + request.deadlineMs;
      const isMeant = await meantBy(request, signal);
      for (;;) {
        const open = await openAt(isMeant, signal);
        if (open === 0 || Date.now() >= untilMs) return { open };
        await wait(DRAIN_ASK_EVERY_MS, undefined, { signal });
      }
    },
    preview: (_service, version) => ({
      url: spec.url.replace(/\/$/, ''),
      headers: { 'x-belay-version': version },
    }),
    counts: async (query, signal) => {
      const path = `/services/${query.service}/counts?${countsQuery(query)}`;
      return countsOf(await askTap<AnsweredCounts>(path, signal));
    },
    async countsByBlock(query, signal) {
      const path = `/services/${query.service}/counts?${blocksQuery(query)}`;
      return (await askTap<readonly AnsweredCounts[]>(path, signal)).map(countsOf);
    },
    async assignments(service, signal) {
      const { affinity, routes } = await show(service, signal);
      if (affinity === undefined) return [];
      return askTap(
        `/services/${service}/assignments?affinity=${affinityId(affinity.salt, routes)}`,
        signal,
      );
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

/** One command of `belay.lua`; its refusals carry a code of the failure table. */
async function command(
  socket: string,
  words: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const odd = words.find((word) => word === '' || !WORD.test(word));
  if (odd !== undefined) throw new Failure('TrafficRefused', `HAProxy cannot be told "${odd}"`);
  const line = `belay ${words.join(' ')}`;
  if (line.length > LINE_MAX_BYTES) {
    throw new Failure(
      'TrafficRefused',
      `the change takes ${line.length} bytes, and HAProxy takes ${LINE_MAX_BYTES} in a command: ` +
        'name fewer instances, or fewer and shorter matches',
    );
  }
  const whole = await askHaproxy(socket, line, signal);
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

interface Row {
  readonly backend: string;
  /** `s1`, or `BACKEND` for all of them together. */
  readonly name: string;
  readonly address: string;
  readonly open: number;
}

/** The CSV of `show stat`; its columns are found by the names in its first line. */
function rowsOf(csv: string): readonly Row[] {
  const [head = '', ...lines] = csv.split('\n');
  const names = head.replace(/^# /, '').split(',');
  const columns = ['pxname', 'svname', 'addr', 'scur'].map((name) => names.indexOf(name));
  return lines.map((line) => {
    const cells = line.split(',');
    const [backend = '', name = '', address = '', open] = columns.map((at) => cells[at] ?? '');
    return { backend, name, address, open: Number(open) };
  });
}
