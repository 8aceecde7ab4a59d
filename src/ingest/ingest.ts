import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FAILURES, Failure } from '../domain/failure.ts';
import { readBody } from '../providers/read-body.ts';
import { createGate } from './gate.ts';
import { type Reply, Refused } from './http.ts';
import { type Route, type RouteDeps, nameIn, routesOf } from './routes.ts';

export interface IngestOptions {
  readonly host: string;
  readonly port: number;
  /** How many requests are worked on at once. */
  readonly atOnce: number;
}

export interface IngestDeps extends RouteDeps {
  /** One line for the log. */
  write(line: string): void;
}

export interface Ingest {
  readonly url: string;
  /** Takes nothing new; returns when all that has come is answered. */
  close(): Promise<void>;
}

const BODY_MAX_BYTES = 8 * 1024 * 1024;
/** A connection that does not get on holds a place. */
const LIMITS = { headersMs: 5000, requestMs: 30_000, connections: 1000, waiting: 500 };
/** So long a sender of too much may go on, so that it reads the answer. */
const LINGER_MS = 1000;
const END_WITHIN_MS = 15_000;
const RETRY_AFTER_MS = 5000;
/** A sender that is refused each minute must not fill the log. */
const TELL_EVERY_MS = 10_000;

/** Answers as Alertmanager does, for whatever posts alerts and silences to one. */
export async function startIngest(deps: IngestDeps, options: IngestOptions): Promise<Ingest> {
  const open = new Set<Promise<void>>();
  const answer = createAnswering(deps, options);
  const server = createServer((request, response) => {
    const work = answer(request, response).finally(() => open.delete(work));
    open.add(work);
  });
  server.headersTimeout = LIMITS.headersMs;
  server.requestTimeout = LIMITS.requestMs;
  server.maxConnections = LIMITS.connections;
  return {
    url: await listen(server, options),
    async close() {
      const ended = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), END_WITHIN_MS).unref();
      await Promise.all(open);
      server.closeIdleConnections();
      await ended;
    },
  };
}

function createAnswering(deps: IngestDeps, { atOnce }: IngestOptions) {
  const { metrics } = deps;
  const routes = routesOf(deps);
  const gate = createGate({ atOnce, waitingMax: LIMITS.waiting });
  const tell = createTelling(deps);

  async function work(route: Route, request: IncomingMessage, url: URL, name: string) {
    const leave = await gate.enter();
    if (leave === undefined) return busy();
    metrics.underWay(gate.count());
    try {
      const body = await readBody(request, BODY_MAX_BYTES);
      if (body.kind === 'cut') return null;
      if (body.kind === 'too_large') return tooLarge();
      const from = request.socket.remoteAddress ?? 'an unknown address';
      return await route.handle({ query: url.searchParams, name, body: body.rawBody, from });
    } catch (error) {
      tell(route.path, error);
      return replyTo(error);
    } finally {
      leave();
      metrics.underWay(gate.count());
    }
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const startedMs = performance.now();
    const url = URL.parse(request.url ?? '/', 'http://belay');
    const pathname = url?.pathname ?? '';
    if (url !== null && pathname === '/metrics') {
      const text = await metrics.text();
      return send(response, { status: 200, text }, metrics.contentType);
    }
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const found = routes.filter((one) => nameIn(one, pathname) !== null);
    const route = found.find((one) => one.method === method);
    if (url === null || route === undefined) {
      return refuse(request, response, found.length === 0 ? unknown(pathname) : notFor(found));
    }
    const name = nameIn(route, pathname);
    const unsuited =
      name === undefined || name === null ? unknown(pathname) : mediaType(route, request);
    const reply = unsuited ?? (await work(route, request, url, name ?? ''));
    const status = reply?.status ?? 499;
    metrics.answered(`${route.method} ${route.path}`, status, performance.now() - startedMs);
    // The sender has gone.
    if (reply === null) return;
    if (request.complete) send(response, reply);
    else refuse(request, response, reply);
  };
}

/** What Belay itself could not do, and not more often than every ten seconds. */
function createTelling({ write, nowMs }: IngestDeps) {
  let toldAtMs = -Infinity;
  return (path: string, error: unknown): void => {
    const status = replyTo(error).status;
    if (status < 500 || nowMs() - toldAtMs < TELL_EVERY_MS) return;
    toldAtMs = nowMs();
    const code = error instanceof Failure ? error.code : 'Internal';
    const text = error instanceof Error ? error.message : String(error);
    write(`${JSON.stringify({ kind: 'ingest', path, status, code, text })}\n`);
  };
}

function replyTo(error: unknown): Reply {
  if (error instanceof Refused) return { status: error.status, json: error.message };
  if (!(error instanceof Failure)) {
    return { status: 500, json: error instanceof Error ? error.message : String(error) };
  }
  const { httpStatus: status, mend } = FAILURES[error.code];
  const json = `${error.message}. ${mend}`;
  if (status !== 503) return { status, json };
  const seconds = Math.ceil((error.retryAfterMs ?? RETRY_AFTER_MS) / 1000);
  return { status, json, headers: { 'retry-after': String(seconds) } };
}

function busy(): Reply {
  return { status: 503, json: 'too many requests wait already', headers: { 'retry-after': '1' } };
}

function tooLarge(): Reply {
  return { status: 413, json: `the body has more than ${BODY_MAX_BYTES} bytes` };
}

function unknown(path: string): Reply {
  return { status: 404, json: { code: 404, message: `path ${path} was not found` } };
}

function notFor(routes: readonly Route[]): Reply {
  const methods = routes.map(({ method }) => method).join(', ');
  const json = { code: 405, message: `only ${methods} is taken here` };
  return { status: 405, json, headers: { allow: methods } };
}

/** As Alertmanager: only JSON that says that it is JSON. */
function mediaType({ takesJson }: Route, { headers }: IncomingMessage): Reply | undefined {
  if (!takesJson) return undefined;
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  const coding = headers['content-encoding'] ?? 'identity';
  if (type.trim().toLowerCase() === 'application/json' && coding === 'identity') return undefined;
  const what = coding === 'identity' ? `type "${type}"` : `encoding "${coding}"`;
  const message = `unsupported media ${what}: only application/json is taken, as it is`;
  return { status: 415, json: { code: 415, message } };
}

function send(response: ServerResponse, { status, json, text, headers }: Reply, type?: string) {
  const body = text ?? (json === undefined ? '' : `${JSON.stringify(json)}\n`);
  const kind = type ?? (json === undefined ? 'text/plain; charset=utf-8' : 'application/json');
  response.writeHead(status, {
    ...headers,
    ...(body === '' ? {} : { 'content-type': kind }),
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** Answers before it has all come; the rest is thrown away, then the connection. */
function refuse(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  request.resume();
  if (!request.complete) {
    response.setHeader('connection', 'close');
    setTimeout(() => request.destroy(), LINGER_MS).unref();
  }
  send(response, reply);
}

async function listen(server: Server, { host, port }: IngestOptions): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return `http://${host}:${address.port}`;
}
