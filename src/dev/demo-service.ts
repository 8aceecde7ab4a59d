import { createServer } from 'node:http';

/**
 * The service that the demo and the tests release. It answers with its version and works for a few
 * milliseconds a request. `FAULT` gives a version a real mistake:
 *
 * - `leak`: a connection goes back to its pool only 3 s after its request. The pool is large enough
 *   for the few requests of a probe; under real load requests wait for one, and then fail.
 * - `flaky`: every 30th request fails: below the usual limits, and worse than none.
 * - `slow`: 400 ms more for each request. `unhealthy`: /healthz answers 503.
 * - `GET /__fault?set=errors|none` (for tests) begins or ends failing every request at once.
 *
 * It listens on `HOST`, by default for this machine alone.
 */
const host = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 8081);
const version = process.env.BELAY_VERSION ?? 'dev';
const fault = process.env.FAULT ?? 'none';
const workMs = Number(process.env.WORK_MS ?? 2);

const POOL_SIZE = 60;
const LEAKED_FOR_MS = 3000;
const WAITING_MAX = 15;
const FLAKY_EVERY = 30;
/** When each connection of the pool comes back, the soonest first. */
const back: number[] = Array.from({ length: POOL_SIZE }, () => 0);
let waiting = 0;
let errors = false;
let served = 0;

/** How long this request waits for its connection; `undefined` when too many wait already. */
function takeFromPool(nowMs: number): number | undefined {
  const waitMs = Math.max(0, (back[0] ?? 0) - nowMs);
  if (waitMs > 0 && waiting >= WAITING_MAX) return undefined;
  back.shift();
  back.push(nowMs + waitMs + LEAKED_FOR_MS);
  if (waitMs > 0) {
    waiting += 1;
    setTimeout(() => (waiting -= 1), waitMs);
  }
  return waitMs;
}

const server = createServer((request, response) => {
  const answer = (status: number, text: string): void => {
    response.writeHead(status, { 'content-type': 'text/plain', 'x-version': version });
    response.end(`${text}\n`);
  };
  const url = new URL(request.url ?? '/', 'http://demo');
  request.resume();
  if (url.pathname === '/healthz') {
    return answer(fault === 'unhealthy' ? 503 : 200, fault === 'unhealthy' ? 'no database' : 'ok');
  }
  if (url.pathname === '/__fault') {
    errors = url.searchParams.get('set') === 'errors';
    return answer(200, errors ? 'failing' : 'well');
  }
  served += 1;
  if (url.pathname === '/metrics') {
    return answer(200, `# TYPE demo_requests_total counter\ndemo_requests_total ${served}`);
  }
  if (errors) return answer(500, `${version}: broken`);
  if (fault === 'flaky' && served % FLAKY_EVERY === 0) return answer(500, `${version}: flaky`);
  if (fault === 'leak') {
    const waitMs = takeFromPool(Date.now());
    if (waitMs === undefined) return answer(500, `${version}: no connection left in the pool`);
    setTimeout(() => answer(200, `hello from ${version}`), waitMs + workMs);
    return;
  }
  setTimeout(() => answer(200, `hello from ${version}`), workMs + (fault === 'slow' ? 400 : 0));
});
// Longer than the balancer's: it closes idle connections first, so that no request meets a close.
server.keepAliveTimeout = 120_000;
server.listen(port, host);

// Open requests are answered before the process ends.
process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
