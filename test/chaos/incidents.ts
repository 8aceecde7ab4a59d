import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { seeded } from '../../bench/judge/random.ts';
import type { LedgerEntry } from '../../src/domain/escalation/ledger.ts';
import { cleanWhenStopped } from '../../src/dev/children.ts';
import { type PageArrivals, startPageArrivals } from '../support/page-arrivals.ts';
import { type PagingStack, startPagingStack } from '../support/paging-stack.ts';
import { poll } from '../support/poll.ts';
import {
  ID_PREFIX,
  STEM_DIGITS,
  type Account,
  account,
  byIncident,
  isOdd,
  pagesOf,
} from './incident-account.ts';
import { type Crowd, type Lived, live } from './incident-crowd.ts';
import { killAtRandom } from './incident-kills.ts';
import { planIncidents, policies } from './incident-plan.ts';
import { temporalProcess } from './temporal-process.ts';

/**
 * Incidents during which two workers and the Temporal server are ended with `kill -9` at random
 * moments, while people acknowledge and resolve: by the client, which repeats its request and falls
 * back to the signal, and by signals alone. Of some nobody takes notice. At the end every incident,
 * every answer and every page is accounted for, by what a webhook and a PagerDuty have received.
 *
 * `npm run chaos:incidents -- --json` ends with `{incidents, kills, lostIncidents, lostAcks,
 * pagesAfterAck, duplicates, explained: {workerKilled, serverKilled}, …}`. `--incidents=100` is
 * quicker, `--seed=7` kills as the run did that printed it. Exits with 1 unless nothing is lost, no
 * page began after an answered acknowledgement, and every duplicate is explained: Temporal knew of
 * the first attempt that its outcome was unknown, something was killed in between, and the second one
 * has the same key and says that it may have come before, where its channel cannot tell by itself.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    incidents: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
  },
});
const incidents = Number(values.incidents);
const seed = Number(values.seed);
if (!(Number.isSafeInteger(incidents) && incidents > 0 && Number.isSafeInteger(seed))) {
  throw new RangeError('--incidents and --seed are whole numbers');
}

/** After the last has opened: both levels, the last resort, and what was held up. */
const KILLED_FOR_MS = 75_000;
const RUN_MAX_MS = 14 * 60_000;
/** More would queue for longer than a level lasts: a crowd that only waits shows nothing. */
const UNPAGED_MAX = 60;
const TOLD_EVERY_MS = 15_000;
const EXAMPLES = 20;
const WORKERS = [0, 1];

async function run(): Promise<void> {
  const startedMs = Date.now();
  const arrivals = await startPageArrivals();
  const document = { channels: arrivals.channels, ...policies() };
  const stack = await startPagingStack(document, arrivals.secrets, 'keep');
  const temporal = temporalProcess(stack.temporal.address);
  const connection = await Connection.connect({ address: stack.temporal.address });
  const close = async (): Promise<void> => {
    await connection.close();
    await stack.close().catch((error: unknown) => {
      // The test environment does not know the server that took the place of its own.
      process.stderr.write(`${String(error)}\n`);
    });
    await temporal.close();
    await arrivals.close();
  };
  cleanWhenStopped(process.env, 130, close);
  try {
    process.stdout.write(`${incidents} incidents, seed ${seed}\n`);
    const workers = await Promise.all(WORKERS.map((number) => stack.startWorker(number)));
    const beganAtMs = Date.now();
    const over = new AbortController();
    const killing = killAtRandom(stack, temporal, workers, seeded(seed + 1), over.signal);
    const crowd = {
      belay: stack.client,
      temporal: new Client({ connection, dataConverter }),
      beganAtMs,
      untilMs: beganAtMs + RUN_MAX_MS,
      ...createTurns(arrivals, incidents, () => {
        setTimeout(() => over.abort(), KILLED_FOR_MS);
      }),
    };
    let ended = 0;
    const told = setInterval(() => {
      process.stdout.write(
        `${Math.round((Date.now() - beganAtMs) / 1000)} s: ${killing.kills.length} kills, ` +
          `${arrivals.hookCount()} pages at the webhook, ${ended} ended\n`,
      );
    }, TOLD_EVERY_MS);
    const lives = planIncidents(incidents, seeded(seed)).map(async (plan) => {
      const lived = await live(crowd, plan);
      ended += 1;
      return lived;
    });
    const [lived] = await Promise.all([Promise.all(lives), killing.done]).finally(() =>
      clearInterval(told),
    );
    const came = arrivals.arrivals();
    const ledgers = await ledgersOfOdd(stack, lived, came);
    const kills = killing.kills.length;
    conclude(lived, kills, account(lived, came, killing.kills, ledgers), {
      pages: came.length,
      seconds: Math.round((Date.now() - startedMs) / 1000),
      problems: arrivals.problems(),
    });
  } finally {
    await close();
  }
}

/** The turns of incidents to open; `last` is called with the last one. */
function createTurns(
  { hooksFrom }: Pick<PageArrivals, 'hooksFrom'>,
  all: number,
  last: () => void,
): Pick<Crowd, 'turn' | 'over'> {
  const heard = new Set<string>();
  let read = 0;
  let begun = 0;
  const waiting = (): number => {
    const fresh = hooksFrom(read);
    read += fresh.length;
    for (const { key } of fresh) heard.add(key.slice(0, STEM_DIGITS));
    return begun - heard.size;
  };
  return {
    async turn() {
      while (waiting() >= UNPAGED_MAX) await wait(100);
      begun += 1;
      if (begun === all) last();
    },
    over(id) {
      heard.add(id.slice(ID_PREFIX.length).slice(0, STEM_DIGITS));
    },
  };
}

/** What Temporal knows of the pages of incidents in which something came twice, or failed. */
async function ledgersOfOdd(
  { client }: PagingStack,
  lived: readonly Lived[],
  came: ReturnType<PageArrivals['arrivals']>,
): Promise<ReadonlyMap<string, readonly LedgerEntry[]>> {
  const pages = byIncident(came);
  const ledgers = new Map<string, readonly LedgerEntry[]>();
  for (const one of lived) {
    if (!isOdd(one, pagesOf(pages, one))) continue;
    const view = await poll(60_000, () => client.incidents.show(one.id).catch(() => undefined));
    ledgers.set(one.id, view.ledger);
  }
  return ledgers;
}

function conclude(
  lived: readonly Lived[],
  kills: number,
  { lostIncidents, lostAcks, pagesAfterAck, duplicates }: Account,
  seen: { readonly pages: number; readonly seconds: number; readonly problems: readonly string[] },
): void {
  const explainedBy = (what: string): number =>
    duplicates.filter(({ explained }) => explained === what).length;
  const told = lived.flatMap((one) => one.told);
  const figures = {
    incidents: lived.length,
    kills,
    lostIncidents: lostIncidents.length,
    lostAcks: lostAcks.length,
    pagesAfterAck: pagesAfterAck.length,
    duplicates: duplicates.length,
    explained: {
      workerKilled: explainedBy('worker killed'),
      serverKilled: explainedBy('server killed'),
    },
    pages: seen.pages,
    neverAcknowledged: lived.filter(({ end }) => end.kind === 'never acknowledged').length,
    durableAnswers: told.filter(({ durableAtMs }) => durableAtMs !== null).length,
    namedInFlight: told.filter(({ inFlight }) => inFlight.length > 0).length,
    refused: told.filter(({ refused }) => refused !== null).length,
    seconds: seen.seconds,
    seed,
  };
  const unexplained = duplicates.filter(({ explained }) => explained === null);
  const wrong = [
    ...lostIncidents.map((text) => `lost incident: ${text}`),
    ...lostAcks.map((text) => `lost acknowledgement: ${text}`),
    ...pagesAfterAck.map((text) => `page after the answer: ${text}`),
    ...unexplained.map(({ text }) => `duplicate without an explanation: ${text}`),
    ...seen.problems.map((text) => `not as documented: ${text}`),
  ];
  for (const line of wrong.slice(0, EXAMPLES)) process.stdout.write(`${line.slice(0, 1000)}\n`);
  if (wrong.length > EXAMPLES) process.stdout.write(`and ${wrong.length - EXAMPLES} more\n`);
  for (const { text } of duplicates.slice(0, 3)) process.stdout.write(`duplicate: ${text}\n`);
  process.stdout.write(
    `${figures.incidents} incidents, ${kills} kills, ${seen.pages} pages in ${seen.seconds} s: ` +
      `${wrong.length} things wrong, ${duplicates.length} duplicates, ` +
      `${duplicates.length - unexplained.length} of them explained\n`,
  );
  if (values.json === true) process.stdout.write(`${JSON.stringify(figures)}\n`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

await run();
