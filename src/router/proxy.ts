import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Pool } from 'undici';
import type { Instance } from '../domain/release/instance.ts';
import type { CountsStore } from '../providers/traffic/counts-store.ts';
import type { Route } from '../providers/traffic/router.ts';
import { type RoutingTable, createChooser, fingerprint } from './routing-table.ts';

/** Asks for a version on purpose, whatever its weight. */
export const PREVIEW_HEADER = 'x-belay-version';
/** Names the service where a router carries more than one. */
export const SERVICE_HEADER = 'x-belay-service';
/** Answered by the router itself: what the data plane serves. */
export const CONFIRM_PATH = '/.well-known/belay/';

const HEADERS_WITHIN_MS = 60_000;
const CONNECT_WITHIN_MS = 2000;
/** Below the keep-alive of common servers, so that a reused connection is rarely a dying one. */
const KEEP_ALIVE_MS = 4000;

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-connection',
]);
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

export interface ProxyDeps {
  readonly table: RoutingTable;
  readonly counts: CountsStore;
  readonly random: () => number;
}

type Attempt =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'failed'; readonly status: number; readonly why: string };

export type Proxy = ReturnType<typeof createProxy>;

/** The data plane: one request in, one request out, streamed both ways. */
export function createProxy({ table, counts, random }: ProxyDeps) {
  const chooser = createChooser(random);
  const pools = new Map<string, Pool>();
  const open = new Map<string, number>();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = performance.now();
    if (request.url?.startsWith(CONFIRM_PATH) === true) return confirm(request, response);
    const service = serviceOf(request);
    const state = table.read(service ?? '');
    const asked = request.headers[PREVIEW_HEADER];
    const route =
      typeof asked === 'string'
        ? state.routes.find((one) => one.version === asked)
        : chooser.version(state);
    if (service === undefined || route === undefined) {
      const why = asked === undefined ? 'no version has traffic' : `no version ${String(asked)}`;
      respond(response, 503, `${service ?? 'unknown service'}: ${why}`);
      return;
    }
    const key = `${service}/${route.version}`;
    open.set(key, (open.get(key) ?? 0) + 1);
    let attempt: Attempt;
    try {
      attempt = await forward(request, response, chooser.instances(service, route));
    } finally {
      const left = (open.get(key) ?? 1) - 1;
      if (left > 0) open.set(key, left);
      else open.delete(key);
    }
    if (attempt.kind === 'failed') respond(response, attempt.status, `${key}: ${attempt.why}`);
    // Who leaves before the answer is neither the version's fault nor the balancer's.
    if (attempt.kind === 'aborted') return;
    counts.record({
      service,
      version: route.version,
      audience: asked === undefined ? 'live' : 'preview',
      kind: attempt.kind === 'failed' ? 'failed' : attempt.status >= 500 ? 'faulty' : 'good',
      latencyMs: performance.now() - startedMs,
      atMs: Date.now(),
    });
  }

  function confirm(request: IncomingMessage, response: ServerResponse): void {
    if (!isPrivate(request.socket.remoteAddress)) return respond(response, 404, 'not found');
    const service = (request.url ?? '').slice(CONFIRM_PATH.length);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ served: fingerprint(table.read(service)) }));
  }

  function serviceOf(request: IncomingMessage): string | undefined {
    const named = request.headers[SERVICE_HEADER];
    if (typeof named === 'string') return named;
    const services = table.services();
    const label = request.headers.host?.split(':')[0]?.split('.')[0];
    return (
      services.find((service) => service === label) ??
      (services.length === 1 ? services[0] : undefined)
    );
  }

  /** Another instance is tried only where the first cannot have begun with the request. */
  async function forward(
    request: IncomingMessage,
    response: ServerResponse,
    instances: readonly Instance[],
  ): Promise<Attempt> {
    const hasBody =
      request.headers['content-length'] !== undefined ||
      request.headers['transfer-encoding'] !== undefined;
    let last: Attempt = { kind: 'failed', status: 503, why: 'it has no instance' };
    // Twice around: a connection that died while idle says nothing about its instance.
    for (const instance of [...instances, ...instances]) {
      last = await once(request, response, instance, hasBody);
      if (last.kind !== 'failed' || response.headersSent || request.destroyed) return last;
      if (hasBody && request.readableDidRead) return last;
      const refused = last.why.includes('ECONNREFUSED') || last.why.includes('UND_ERR_CONNECT');
      if (!refused && !REPEATABLE.has(request.method ?? '')) return last;
    }
    return last;
  }

  async function once(
    request: IncomingMessage,
    response: ServerResponse,
    instance: Instance,
    hasBody: boolean,
  ): Promise<Attempt> {
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    let broken = false;
    response.once('close', onClose);
    try {
      const answer = await poolOf(instance).request({
        method: request.method ?? 'GET',
        path: request.url ?? '/',
        headers: forwarded(request),
        body: hasBody ? Readable.from(chunksOf(request), { objectMode: false }) : null,
        signal: gone.signal,
        responseHeaders: 'raw',
      });
      // What the instance breaks off closes the user's side as well: who was first is to blame.
      answer.body.once('error', () => (broken = !gone.signal.aborted));
      response.writeHead(answer.statusCode, returned(answer.headers));
      await pipeline(answer.body, response);
      return { kind: 'answered', status: answer.statusCode };
    } catch (error) {
      if (gone.signal.aborted && !response.writableFinished && !broken) return { kind: 'aborted' };
      if (response.headersSent) response.destroy();
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      const why = `${code} ${error instanceof Error ? error.message : String(error)}`.trim();
      return { kind: 'failed', status: code.includes('TIMEOUT') ? 504 : 502, why };
    } finally {
      response.off('close', onClose);
    }
  }

  function poolOf({ host, port }: Instance): Pool {
    const origin = `http://${host}:${port}`;
    let pool = pools.get(origin);
    if (pool === undefined) {
      pool = new Pool(origin, {
        connections: 256,
        pipelining: 1,
        headersTimeout: HEADERS_WITHIN_MS,
        bodyTimeout: HEADERS_WITHIN_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connect: { timeout: CONNECT_WITHIN_MS },
      });
      pools.set(origin, pool);
    }
    return pool;
  }

  return {
    handle,
    open: (service: string, version: string): number => open.get(`${service}/${version}`) ?? 0,
    /** Closes the connections to instances that no route names any more, when they are idle. */
    forget(): void {
      const named = new Set(
        table
          .services()
          .flatMap((service) => table.read(service).routes)
          .flatMap((route: Route) => route.instances)
          .map(({ host, port }) => `http://${host}:${port}`),
      );
      for (const [origin, pool] of pools) {
        if (named.has(origin)) continue;
        pools.delete(origin);
        void pool.close();
      }
    },
    async close(): Promise<void> {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

/** The body, untouched until it is sent: the request itself would die with the first connection. */
async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  for await (const chunk of request) yield chunk;
}

function respond(response: ServerResponse, status: number, why: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'text/plain', 'x-belay-answered': 'router' });
  response.end(`${status} ${STATUS_CODES[status] ?? ''}: ${why}\n`);
}

function forwarded(request: IncomingMessage): string[] {
  const headers: string[] = [];
  const dropped = new Set(
    (request.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()),
  );
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i] ?? '';
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || dropped.has(lower) || lower === 'x-forwarded-for') continue;
    headers.push(name, request.rawHeaders[i + 1] ?? '');
  }
  const before = request.headers['x-forwarded-for'];
  const remote = request.socket.remoteAddress ?? 'unknown';
  headers.push('x-forwarded-for', before === undefined ? remote : `${String(before)}, ${remote}`);
  return headers;
}

function returned(raw: unknown): string[] {
  const list = Array.isArray(raw) ? raw.map(String) : [];
  const headers: string[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] ?? '';
    if (!HOP_BY_HOP.has(name.toLowerCase())) headers.push(name, list[i + 1] ?? '');
  }
  return headers;
}

const PRIVATE = /^(::ffff:)?(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)|^::1$|^f[cd]/;

function isPrivate(address: string | undefined): boolean {
  return address !== undefined && PRIVATE.test(address);
}
