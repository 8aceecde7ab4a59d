import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { seeded } from '../../bench/judge/random.ts';
import { type Child, cleanWhenStopped } from '../../src/dev/children.ts';
import { type PagingStack, startPagingStack } from '../support/paging-stack.ts';
import { poll } from '../support/poll.ts';
import { type AlertAccount, type Seen, accountAlerts } from './alert-account.ts';
import { type AlertHook, startAlertHook } from './alert-hook.ts';
import { findAlertmanager, playAlertmanager } from './alert-peer.ts';
import { type AlertPlan, type PlannedSilence, planAlerts } from './alert-plan.ts';
import { type AlertTarget, type Lived, playAlerts } from './alert-sources.ts';
import { killAtRandom } from './incident-kills.ts';
import { startAgain } from './start-again.ts';
import { temporalProcess } from './temporal-process.ts';

/**
 * Alerts and silences during which two workers, the Temporal server and the process that takes
 * alerts in are ended with `kill -9` at random moments, and the receiver of pages misbehaves.
 * Sources send until they are answered, and people ask until a silence is; at the end every alert,
 * silence and page is accounted for, by what a webhook has received.
 *
 * `npm run chaos:alerts -- --json` ends with `{alerts, kills, lostAlerts, lostSilences,
 * silencedPages, duplicates, alertmanager, …}`. Alertmanager, if it is on PATH, goes through the same
 * afterwards, with its only process killed as often. `--alerts=500 --seconds=40` is quicker, and so
 * is `--alone`, without Alertmanager. Exits
 * with 1 unless nothing is lost and each duplicate is explained.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    alone: { type: 'boolean' },
    alerts: { type: 'string', default: '5000' },
    groups: { type: 'string', default: '500' },
    silences: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '150' },
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
  },
});
const [alerts, groups, silences, seconds, seed] = [
  values.alerts,
  values.groups,
  values.silences,
  values.seconds,
  values.seed,
].map(Number) as [number, number, number, number, number];
if (![alerts, groups, silences, seconds, seed].every((one) => Number.isSafeInteger(one))) {
  throw new RangeError('--alerts, --groups, --silences, --seconds and --seed are whole numbers');
}

const TIMES = { groupWaitMs: 2000, groupIntervalMs: 5000 };
/** What is still to be paged, or told to be over, when nothing is killed any more. */
const QUIET_MS = 75_000;
const DUE_WITHIN_MS = 45_000;
const EXAMPLES = 10;
const WORKERS = [0, 1];
const INGEST_KILLED = { fromMs: 8000, toMs: 25_000 };

const FILE = `
route:
  receiver: ops
  group_by: [g]
  group_wait: ${TIMES.groupWaitMs}ms
  group_interval: ${TIMES.groupIntervalMs}ms
  repeat_interval: 4h
receivers:
  ops: { channels: [hook] }
`;

async function run(): Promise<void> {
  const plan = planAlerts({ alerts, groups, silences, lastsMs: seconds * 1000 }, seeded(seed));
  process.stdout.write(`${alerts} alerts, ${silences} silences, seed ${seed}\n`);
  const belay = await playBelay(plan);
  process.stdout.write(`Belay: ${JSON.stringify(figuresOf(belay.account, belay.played))}\n`);
  const program = values.alone ? undefined : findAlertmanager(process.env.PATH ?? '');
  const peer =
    program === undefined
      ? null
      : await playAlertmanager(program, plan, { ...TIMES, seed, quietMs: QUIET_MS });
  conclude(belay, peer === null ? null : figuresOf(accountAlerts({ ...peer, ...ends() }), peer));
}

interface Played extends Omit<Seen, 'endedAtMs' | 'dueWithinMs'> {
  readonly lostSilences: readonly string[];
  readonly problems: readonly string[];
}

const ends = () => ({ endedAtMs: Date.now(), dueWithinMs: DUE_WITHIN_MS });

async function playBelay(plan: AlertPlan): Promise<{ played: Played; account: AlertAccount }> {
  const hook = await startAlertHook(seeded(seed + 2));
  const stack = await startPagingStack(
    {
      channels: {
        hook: { type: 'webhook', url: hook.url, rate: { limit: '1000/s', burst: 1000 } },
        siren: { type: 'log' },
      },
      policies: { none: { levels: [{ wait: '1h', targets: [{ channel: 'siren' }] }] } },
      last_resort: ['siren'],
    },
    { BELAY_ALERT_STORE: `sqlite:${process.env.TMPDIR ?? '/tmp'}/belay-chaos-${process.pid}.db` },
    'keep',
  );
  const temporal = temporalProcess(stack.temporal.address);
  const close = async (): Promise<void> => {
    await stack.close().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
    await temporal.close();
    await hook.close();
  };
  cleanWhenStopped(process.env, 130, close);
  try {
    const workers = await Promise.all(WORKERS.map((number) => stack.startWorker(number)));
    const by = { who: 'chaos', why: 'a test' };
    await stack.client.alerts.configure({ ...by, alerting: { text: FILE, file: 'alerting.yaml' } });
    const ingest = await startIngest(stack);
    const beganAtMs = Date.now();
    const over = new AbortController();
    const killing = killAtRandom(stack, temporal, workers, seeded(seed + 1), over.signal);
    const killsOfIngest = killIngest(ingest, over.signal);
    const playing = new AbortController();
    const lives = playAlerts(plan, targetOf(stack, ingest), beganAtMs, playing.signal);
    await tellWhile(seconds * 1000, hook, () => killing.kills.length);
    over.abort();
    await Promise.all([killing.done, killsOfIngest.done]);
    await tellWhile(QUIET_MS, hook, () => killing.kills.length);
    playing.abort();
    const lived = await lives;
    const killsAtMs = [...killing.kills.map(({ atMs }) => atMs), ...killsOfIngest.atMs];
    const lostSilences = await lostOf(stack, lived);
    const printed = stack.printed();
    const problems = printed
      .split('\n')
      .filter((line) => /TMPRL1100|[Nn]ondeterminism/.test(line))
      .map((line) => `a history did not replay: ${line}`);
    const seen = { ...lived, pages: hook.pages, killsAtMs, beganAtMs };
    const played = { ...seen, lostSilences, problems };
    return { played, account: accountAlerts({ ...played, ...ends() }) };
  } finally {
    await close();
  }
}

interface Ingest {
  child: Child;
  readonly url: () => string;
  start(): Promise<void>;
}

async function startIngest(stack: PagingStack): Promise<Ingest> {
  let url = '';
  const start = async (): Promise<Child> => {
    const child = await stack.startIngest();
    ({ url } = JSON.parse(child.said) as { url: string });
    return child;
  };
  const ingest: Ingest = {
    child: await start(),
    url: () => url,
    async start() {
      ingest.child = await start();
    },
  };
  return ingest;
}

function killIngest(ingest: Ingest, over: AbortSignal) {
  const atMs: number[] = [];
  const { uniform } = seeded(seed + 3);
  const strike = async (): Promise<void> => {
    while (!over.aborted) {
      const { fromMs, toMs } = INGEST_KILLED;
      const ms = fromMs + uniform() * (toMs - fromMs);
      await wait(ms, undefined, { signal: over }).catch(() => undefined);
      if (over.aborted) return;
      atMs.push(Date.now());
      ingest.child.kill('SIGKILL');
      await ingest.child.exited;
      await startAgain('ingest', () => ingest.start());
    }
  };
  return { atMs, done: strike() };
}

/** Silences are asked for by the client, whose requests may be repeated. */
function targetOf({ client }: PagingStack, { url }: Ingest): AlertTarget {
  const asked = ({ name }: Pick<PlannedSilence, 'name'>, verb: string) => ({
    ...{ who: 'chaos', why: name, requestId: `${verb}/${name}` },
  });
  return {
    url,
    async silence(silence, endsAtMs) {
      const value = silence.groups.join('|');
      const { id } = await client.alerts.silence({
        ...asked(silence, 'silence'),
        silence: {
          ...{ id: null, matcherSets: [[{ name: 'g', operator: '=~', value }]] },
          ...{ startsAtMs: 0, endsAtMs, createdBy: 'chaos', comment: silence.name },
        },
      });
      return id;
    },
    async expire(id, name) {
      await client.alerts.expire(id, asked({ name }, 'expire'));
    },
  };
}

async function lostOf({ client }: PagingStack, { silences: lived }: Lived): Promise<string[]> {
  const { silences: known } = await poll(60_000, () => client.alerts.show().catch(() => undefined));
  const ids = new Set(known.map(({ id }) => id));
  return lived
    .filter(({ id }) => id !== null && !ids.has(id))
    .map(({ name, id }) => `${name} (${id}) is not known any more`);
}

async function tellWhile(ms: number, hook: AlertHook, kills: () => number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= 15_000) {
    await wait(Math.min(leftMs, 15_000));
    process.stdout.write(`${kills()} kills, ${hook.pages.length} pages\n`);
  }
}

function figuresOf(
  { lostAlerts, lostEnds, silencedPages, duplicates }: AlertAccount,
  {
    lostSilences,
    killsAtMs,
    pages,
    alerts: lived,
  }: Pick<Played, 'lostSilences' | 'killsAtMs' | 'pages' | 'alerts'>,
) {
  const explainedBy = (what: string): number =>
    duplicates.filter(({ explained }) => explained === what).length;
  return {
    alerts: lived.filter(({ keptAtMs }) => keptAtMs !== null).length,
    kills: killsAtMs.length,
    lostAlerts: lostAlerts.length,
    lostEnds: lostEnds.length,
    lostSilences: lostSilences.length,
    silencedPages: silencedPages.length,
    duplicates: duplicates.length,
    explained: { killed: explainedBy('killed'), receiver: explainedBy('receiver') },
    pages: pages.length,
  };
}

/** What the receiver got about the group of an alert. */
function pagesAbout(pages: Seen['pages'], id: string): readonly string[] {
  const group = pages.find(({ firing }) => firing.includes(id))?.group;
  return pages
    .filter((page) => page.group === group)
    .map(
      ({ key, atMs, isTaken, firing, resolved }) =>
        `${id}: ${new Date(atMs).toISOString()} ${key.slice(0, 8)}…${key.slice(64)} ` +
        `${isTaken ? 'taken' : 'not taken'}, firing ${firing.join(' ')}, over ${resolved.join(' ')}`,
    );
}

function conclude(
  { played, account }: { readonly played: Played; readonly account: AlertAccount },
  alertmanager: ReturnType<typeof figuresOf> | null,
): void {
  const figures = { ...figuresOf(account, played), seed, alertmanager };
  const wrong = [
    // What is lost besides may come of it.
    ...played.problems,
    ...account.lostAlerts.map((text) => `lost alert: ${text}`),
    ...account.lostEnds.map((text) => `lost end: ${text}`),
    ...played.lostSilences.map((text) => `lost silence: ${text}`),
    ...account.silencedPages.map((text) => `page of a silenced alert: ${text}`),
    ...account.duplicates
      .filter(({ explained }) => explained === null)
      .map(({ text }) => `duplicate without an explanation: ${text}`),
  ];
  for (const id of account.lostEnds.map((text) => text.split(' ')[0] ?? '').slice(0, EXAMPLES)) {
    for (const line of pagesAbout(played.pages, id)) process.stdout.write(`${line}\n`);
  }
  for (const line of wrong.slice(0, EXAMPLES)) process.stdout.write(`${line.slice(0, 500)}\n`);
  if (wrong.length > EXAMPLES) process.stdout.write(`and ${wrong.length - EXAMPLES} more\n`);
  process.stdout.write(
    `${values.json ? JSON.stringify(figures) : JSON.stringify(figures, null, 2)}\n`,
  );
  if (wrong.length > 0) process.exitCode = 1;
}

await run();
