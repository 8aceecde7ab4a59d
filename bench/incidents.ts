import { parseArgs } from 'node:util';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { cleanWhenStopped } from '../src/dev/children.ts';
import { startPageArrivals } from '../test/support/page-arrivals.ts';
import { startPagingStack } from '../test/support/paging-stack.ts';
import { startBare } from './incidents/bare.ts';
import { createPageIndex, p50, p99, rounded, rssMb } from './incidents/measure.ts';
import {
  type Scene,
  measureAsking,
  measureBareLateness,
  measureLateness,
  measureOpening,
  measureStopping,
  openSoonDue,
  policies,
  putToSleep,
} from './incidents/runs.ts';

/**
 * How fast incidents are, by one worker process with its defaults, beside bare calls of the SDK on
 * the same development server (in memory), which nothing that is built on it can beat: opening one,
 * to its page, from an acknowledgement to the end of paging, and how late levels begin while
 * thousands sleep of which the worker has long forgotten most.
 *
 * `npm run bench:incidents -- --json` ends with `{openVsBareStart, openToPageP99Ms,
 * ackToStoppedP99Ms, sleepingRssMb, timerLatenessP99Ms, …}`, and the same of the bare calls under
 * `bare`. Smaller: `--sleeping`, `--due`, `--pairs`, `--acks`. Exits with 1 when opening costs more
 * than 1.3 times a bare start (medians of the same client, in turns), when the 99th percentile of
 * lateness is above a second, or when a page began after an answer.
 */
const OPEN_RATIO_MAX = 1.3;
const LATENESS_MAX_MS = 1000;
const MINUTE_MS = 60_000;
const DUE_A_MINUTE = 500;
/** More than the worker keeps: of those that fall due none is in its cache any more. */
const FORGOTTEN_AFTER = 1000;
const OPENED_A_SECOND_AT_LEAST = 12;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    sleeping: { type: 'string', default: '10000' },
    due: { type: 'string', default: String(DUE_A_MINUTE) },
    pairs: { type: 'string', default: '300' },
    acks: { type: 'string', default: '200' },
  },
});

function count(name: 'sleeping' | 'due' | 'pairs' | 'acks'): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new RangeError(`--${name} is a whole number, not ${values[name]}`);
}

const sleeping = count('sleeping');
const due = count('due');
const pairs = count('pairs');
const acks = count('acks');
const overMs = (due / DUE_A_MINUTE) * MINUTE_MS;
const forgetting = Math.min(FORGOTTEN_AFTER, sleeping);
const soonMs = overMs + (forgetting / OPENED_A_SECOND_AT_LEAST) * 1000 + 30_000;

function say(text: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

Runtime.install({ logger: new DefaultLogger('ERROR') });
const arrivals = await startPageArrivals();
const document = { channels: arrivals.channels, ...policies(soonMs) };
const stack = await startPagingStack(document, arrivals.secrets);
const bare = await startBare(stack.temporal.address);

async function close(): Promise<void> {
  await bare.close();
  await stack.close();
  await arrivals.close();
}
cleanWhenStopped(process.env, 130, close);

async function measure() {
  const worker = await stack.startWorker();
  const scene: Scene = { client: stack.client, bare, pages: createPageIndex(arrivals) };
  await measureOpening(scene, 'warm', Math.min(20, pairs));
  const idleRssMb = rssMb(worker.pid);
  say(`warm: the worker has ${idleRssMb.toFixed(0)} MB`);
  return { scene, worker, idleRssMb };
}

try {
  const { scene, worker, idleRssMb } = await measure();
  const opening = await measureOpening(scene, 'measured', pairs);
  say(`opened ${pairs} incidents, started ${pairs} bare workflows, in turns`);
  say(`open to page ${told(opening.openToPageMs)}, bare ${told(opening.startToActivityMs)}`);
  const askingMs = await measureAsking(scene, 'measured', Math.min(acks, pairs));
  const { stoppedMs, late } = await measureStopping(scene, acks);
  say(`acknowledged ${acks}, ${late.length} pages after the answer; stopped ${told(stoppedMs)}`);
  const fromMs = Date.now();
  await putToSleep(scene, 'sleeper', Math.max(0, sleeping - due - forgetting));
  const dueMs = await openSoonDue(scene, due, overMs);
  await putToSleep(scene, 'later sleeper', forgetting);
  const sleepingRssMb = rssMb(worker.pid);
  say(`the worker has ${sleepingRssMb.toFixed(0)} MB`);
  say(`${sleeping} sleep after ${Math.round((Date.now() - fromMs) / 1000)} s`);
  const tooSoon = Math.min(...dueMs.values()) < Date.now();
  if (tooSoon) say('some fell due while others were still opened');
  const latenessMs = await measureLateness(scene, dueMs);
  say(`${due} fell due in ${overMs / 1000} s, late by ${told(latenessMs)}`);
  const bareLatenessMs = await measureBareLateness(scene, due, overMs);

  const { openMs, openToPageMs, startMs, startToActivityMs } = opening;
  const figures = {
    openVsBareStart: rounded(p50(openMs) / p50(startMs), 2),
    openToPageP99Ms: p99(openToPageMs),
    ackToStoppedP99Ms: p99(stoppedMs),
    sleepingRssMb: rounded(sleepingRssMb, 0),
    timerLatenessP99Ms: p99(latenessMs),
    openP50Ms: rounded(p50(openMs)),
    openToPageP50Ms: p50(openToPageMs),
    ackToStoppedP50Ms: p50(stoppedMs),
    timerLatenessP50Ms: p50(latenessMs),
    idleRssMb: rounded(idleRssMb, 0),
    pagesAfterAnswer: late.length,
    ...{ sleeping, due, pairs, acks },
    bare: {
      startP50Ms: rounded(p50(startMs)),
      startToActivityP50Ms: p50(startToActivityMs),
      startToActivityP99Ms: p99(startToActivityMs),
      updateP50Ms: rounded(p50(askingMs)),
      updateP99Ms: rounded(p99(askingMs)),
      timerLatenessP50Ms: p50(bareLatenessMs),
      timerLatenessP99Ms: p99(bareLatenessMs),
    },
  };
  const rows = [
    ['', 'p50', 'p99', 'bare p50', 'bare p99'],
    ['open, ms', p50(openMs), p99(openMs), p50(startMs), p99(startMs)],
    ['open to page, ms', ...both(openToPageMs), ...both(startToActivityMs)],
    ['acknowledge to stopped, ms', ...both(stoppedMs), ...both(askingMs)],
    ['lateness of a level, ms', ...both(latenessMs), ...both(bareLatenessMs)],
  ];
  for (const [name = '', ...cells] of rows) {
    const texts = cells.map((cell) => String(typeof cell === 'number' ? rounded(cell) : cell));
    const padded = texts.map((text) => text.padStart(9)).join('');
    process.stdout.write(`${String(name).padEnd(28)}${padded}\n`);
  }
  process.stdout.write(
    `opening costs ${figures.openVsBareStart} bare starts, allowed ${OPEN_RATIO_MAX}; the worker has ` +
      `${figures.sleepingRssMb} MB with ${sleeping} asleep (${figures.idleRssMb} without)\n`,
  );
  for (const text of late) process.stdout.write(`a page after the answer: ${text}\n`);
  if (values.json === true) process.stdout.write(`${JSON.stringify(figures)}\n`);
  const isMet =
    figures.openVsBareStart <= OPEN_RATIO_MAX &&
    figures.timerLatenessP99Ms <= LATENESS_MAX_MS &&
    late.length === 0 &&
    !tooSoon;
  if (!isMet) process.exitCode = 1;
} finally {
  await close();
}

function told(numbers: readonly number[]): string {
  return `p50 ${rounded(p50(numbers))} ms, p99 ${rounded(p99(numbers))} ms`;
}

function both(numbers: readonly number[]): readonly number[] {
  return [p50(numbers), p99(numbers)];
}
