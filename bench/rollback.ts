import { setTimeout as wait } from 'node:timers/promises';
import { Pool } from 'undici';
import { SERVICE, startTestStack } from '../test/support/stack.ts';

/**
 * From the first bad answer to the last one of the bad version: every request fails from one
 * moment on, and the release takes its traffic back by itself.
 * `npm run bench:rollback -- --json` ends with `{intervalMs, p50Ms, maxMs, runs}`. Exits with 1 when
 * the slowest took longer than an interval and a second.
 */
const RUNS = 10;
const INTERVAL_MS = 1000;
const REQUESTS_PER_SECOND = 100;

const stack = await startTestStack('haproxy');

/** Traffic of 100 requests a second, with the moments of bad answers and of their version. */
function startTraffic(url: string) {
  const pool = new Pool(new URL(url).origin, { connections: 32 });
  const bad: { readonly atMs: number; readonly version: string }[] = [];
  const good: { readonly atMs: number; readonly version: string }[] = [];
  let failed = 0;
  const timer = setInterval(() => {
    void pool
      .request({ method: 'GET', path: '/' })
      .then(async ({ statusCode, headers, body }) => {
        await body.dump();
        const version = String(headers['x-version']);
        (statusCode >= 500 ? bad : good).push({ atMs: performance.now(), version });
      })
      .catch(() => {
        failed += 1;
      });
  }, 1000 / REQUESTS_PER_SECOND);
  return {
    bad,
    good,
    failed: () => failed,
    async stop() {
      clearInterval(timer);
      await wait(200);
      await pool.close();
    },
  };
}

async function fail(version: string): Promise<void> {
  const instances = await stack.environment.find(SERVICE, version);
  await Promise.all(
    instances.map(({ host, port }) => fetch(`http://${host}:${port}/__fault?set=errors`)),
  );
}

async function once(version: string): Promise<number> {
  const { workflowId } = await stack.deploy(version, {
    watch: { interval: `${INTERVAL_MS}ms`, window: '10s', no_data_budget: '20s' },
    stabilization_period: '2m',
  });
  await stack.until(workflowId, 'stabilizing');
  // The fault begins at any moment between two looks.
  await wait(2000 + Math.random() * INTERVAL_MS);
  const traffic = startTraffic(stack.balancer.url);
  await wait(1000);
  await fail(version);
  const report = await stack.end(workflowId);
  await traffic.stop();
  if (report.outcome !== 'rolled_back' || traffic.failed() > 0) {
    throw new Error(`${workflowId}: ${report.outcome}, ${traffic.failed()} requests lost`);
  }
  const first = traffic.bad[0];
  const last = traffic.bad.at(-1);
  if (first === undefined || last === undefined) throw new Error('no request has failed');
  const back = traffic.good.find(({ atMs, version: by }) => atMs > last.atMs && by === 'v1');
  if (back === undefined) throw new Error('no request was answered by stable again');
  return back.atMs - first.atMs;
}

try {
  const { workflowId } = await stack.deploy('v1');
  await stack.until(workflowId, 'stabilizing');
  stack.load();
  await stack.end(workflowId);
  const tookMs: number[] = [];
  for (let run = 1; run <= RUNS; run += 1) {
    const took = await once(`bad-${run}`);
    tookMs.push(took);
    process.stdout.write(`run ${run}: traffic back after ${took.toFixed(0)} ms\n`);
  }
  const sorted = tookMs.toSorted((a, b) => a - b);
  const p50Ms = Math.round(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN);
  const maxMs = Math.round(sorted.at(-1) ?? Number.NaN);
  const allowedMs = INTERVAL_MS + 1000;
  process.stdout.write(
    `interval ${INTERVAL_MS} ms, p50 ${p50Ms} ms, max ${maxMs} ms, allowed ${allowedMs}\n`,
  );
  const figures = { intervalMs: INTERVAL_MS, p50Ms, maxMs, runs: RUNS };
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(figures)}\n`);
  if (!(maxMs <= allowedMs)) process.exitCode = 1;
} finally {
  await stack.close();
}
