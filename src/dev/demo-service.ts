import { createServer } from 'node:http';

/**
 * The service that the demo and the tests release. It answers with its version and works for a few
 * milliseconds a request. `FAULT` gives a version a real mistake:
 *
 * - `pool`: a pool of one connection where each request holds it for 40 ms. It looks well under the
 *   few requests of a probe; under real load the queue grows, requests are slow and then fail.
 * - `slow`: 400 ms more for each request. `unhealthy`: /healthz answers 503.
 * - `GET /__fault?set=errors|none` (for tests) begins or ends failing every request at once.
 */
const port = Number(process.env.PORT ?? 8081);
const version = process.env.BELAY_VERSION ?? 'dev';
const fault = process.env.FAULT ?? 'none';
const workMs = Number(process.env.WORK_MS ?? 2);

const POOL_HOLD_MS = 40;
const POOL_QUEUE_MAX = 25;
let waiting = 0;
let poolFreeAt = 0;
let errors = false;
let served = 0;

/** When this request has its connection, or `undefined` when too many wait already. */
function takeFromPool(nowMs: number): number | undefined {
  if (waiting >= POOL_QUEUE_MAX) return undefined;
  waiting += 1;
  poolFreeAt = Math.max(nowMs, poolFreeAt) + POOL_HOLD_MS;
  setTimeout(() => (waiting -= 1), poolFreeAt - nowMs);
  return poolFreeAt - nowMs;
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
  if (fault === 'pool') {
    const waitMs = takeFromPool(Date.now());
    if (waitMs === undefined) return answer(500, `${version}: no connection left in the pool`);
    setTimeout(() => answer(200, `hello from ${version}`), waitMs);
    return;
  }
  setTimeout(() => answer(200, `hello from ${version}`), workMs + (fault === 'slow' ? 400 : 0));
});
// Longer than the balancer's: it closes idle connections first, so that no request meets a close.
server.keepAliveTimeout = 120_000;
server.listen(port, '127.0.0.1');

// Open requests are answered before the process ends.
process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
