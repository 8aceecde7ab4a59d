import { randomUUID } from 'node:crypto';
import { createTemporalView } from '../client/temporal-view.ts';
import { Failure } from '../domain/failure.ts';
import { createRateBudgets } from '../providers/page/rate-budget.ts';
import { createPageChannels } from '../providers/page/registry.ts';
import { sendHeartbeat } from '../providers/heartbeat.ts';
import { createPagingSource } from '../worker/paging-source.ts';
import { startAnswer } from './answer.ts';
import { type WatchdogConfig, readWatchdogConfig } from './config.ts';
import { type Look, createLook } from './look.ts';
import { createMetrics } from './metrics.ts';
import { lookOnce, type OnceReport } from './once.ts';
import { type Pager, type PagerDeps, createPager } from './pager.ts';
import { createWatchdog } from './watchdog.ts';

const BACKOFF_FIRST_MS = 1000;
const BACKOFF_MAX_MS = 60_000;
const HEARTBEAT_URL = { kind: 'env', name: 'BELAY_WATCHDOG_HEARTBEAT_URL' } as const;

/** Looks once and pages nobody. The channels are checked where there is a paging file. */
export async function runOnce(environment: NodeJS.ProcessEnv): Promise<OnceReport> {
  const config = readWatchdogConfig(environment);
  const view = createTemporalView();
  const look = createLook(view, config.look);
  const pager =
    config.paging === undefined
      ? undefined
      : pagerOf(config, { watching: view, attempted: ignore, tell: ignore });
  try {
    return await lookOnce(view, look, pager, Date.now());
  } finally {
    await pager?.close();
    await view.close();
  }
}

/** Watches until it is ended. Its exit status is 1 where somebody should have been told, and was not. */
export async function runWatchdog(environment: NodeJS.ProcessEnv): Promise<void> {
  const config = readWatchdogConfig(environment);
  const view = createTemporalView();
  const look: Look = createLook(view, config.look);
  const metrics = createMetrics();
  const pager = pagerOf(config, {
    watching: view,
    attempted(attempt) {
      metrics.attempted(attempt);
      const { channel, page, outcome, text } = attempt;
      const { id } = page.incident;
      const level = outcome === 'accepted' ? 'info' : 'error';
      tell(level, { page: id, action: page.action, channel, outcome, text });
    },
    tell: tellError,
  });
  const watchdog = createWatchdog({
    ...{ look, pager, metrics, tell, timing: config.timing, everyMs: config.everyMs },
    clock: { nowMs: Date.now, steadyMs, pause },
    heartbeat: config.hasHeartbeat
      ? (signal) => sendHeartbeat(HEARTBEAT_URL, config, signal)
      : undefined,
  });
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => ending.abort(new Error(signal)));
  }
  const answer =
    config.address && (await startAnswer(config.address, metrics, () => watchdog.health()));
  const { address: temporal, namespace } = view;
  tell('info', { watchdog: 'ready', temporal, namespace, url: answer?.url });
  await watchdog.run(ending.signal);
  const untold = pager.untold();
  await pager.close();
  await answer?.close();
  await view.close();
  for (const { key } of untold) tell('error', { untold: key });
  if (untold.length > 0) process.exitCode = 1;
}

/** Throws `EnvironmentInvalid` without a paging file, `PagingFileInvalid` where it cannot be read. */
function pagerOf(
  config: WatchdogConfig,
  deps: Pick<PagerDeps, 'watching' | 'attempted'> & { tell(problem: string): void },
): Pager {
  const { paging: file } = config;
  if (file === undefined) {
    throw new Failure('EnvironmentInvalid', 'the watchdog has nobody to page: set BELAY_PAGING');
  }
  const paging = createPagingSource(file, deps.tell);
  const first = paging.read();
  if (first.kind === 'unusable') throw new Failure('PagingFileInvalid', first.why);
  const { secret } = config;
  return createPager({
    ...{ watching: deps.watching, attempted: deps.attempted, paging },
    channel: createPageChannels({
      ...{ secret, nowMs: Date.now, newId: randomUUID },
      write: (line) => process.stdout.write(line),
    }),
    budget: createRateBudgets(),
    clock: { nowMs: steadyMs, pause },
    backoffMs: (failures) => {
      const most = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures - 1, 10));
      return most * (0.5 + Math.random() / 2);
    },
  });
}

/** Milliseconds since 1970 by a clock that never goes back. */
function steadyMs(): number {
  return performance.timeOrigin + performance.now();
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}

function tell(level: 'info' | 'error', line: object): void {
  const at = new Date().toISOString();
  process.stdout.write(`${JSON.stringify({ kind: 'watchdog', level, at, ...line })}\n`);
}

/** What is wrong with the file is thrown. */
function ignore(): void {
  return undefined;
}

function tellError(problem: string): void {
  tell('error', { problem });
}

if (import.meta.main) await runWatchdog(process.env);
