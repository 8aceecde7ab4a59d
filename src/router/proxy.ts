import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Instance } from '../domain/release/instance.ts';
import type { AssignmentsStore } from '../providers/traffic/assignments-store.ts';
import type { Counted, CountsStore } from '../providers/traffic/counts-store.ts';
import { addressOf, leftInstances } from '../providers/traffic/left-instances.ts';
import type { Route, TrafficState } from '../providers/traffic/router.ts';
import { type Choice, chooseRoute, createTurns } from './choose.ts';
import { createInstancePools } from './instance-pools.ts';
import { createMirror } from './mirror.ts';
import { createOpenRequests } from './open-requests.ts';
import { forwarded, hasBody, namesTwoHosts, returned } from './request-headers.ts';
import { type RoutingTable, fingerprint } from './routing-table.ts';

/** Asks for a version on purpose, whatever its weight. */
export const PREVIEW_HEADER = 'x-belay-version';
/** Names the service where a router carries more than one. */
export const SERVICE_HEADER = 'x-belay-service';
/** Answered by the router itself: what the data plane serves. */
export const CONFIRM_PATH = '/.well-known/belay/';

const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

export interface ProxyDeps {
  readonly table: RoutingTable;
  readonly counts: CountsStore;
  readonly assignments: AssignmentsStore;
  readonly random: () => number;
}

type Attempt =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'aborted' }
  /** The user's own request cannot be passed on. */
  | { readonly kind: 'odd'; readonly status: number; readonly why: string }
  | { readonly kind: 'failed'; readonly status: number; readonly why: string };

/** One request on its way to a version. */
interface Passage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly service: string;
  readonly route: Route;
  readonly setCookie: string | undefined;
}

/** What undici refuses to send, before anybody has been asked. */
const ODD_REQUEST = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED']);

function countedAs(attempt: Exclude<Attempt, { kind: 'odd' }>): Counted['kind'] {
  switch (attempt.kind) {
    case 'failed':
      return 'failed';
    case 'aborted':
      return 'given_up';
    case 'answered':
      return attempt.status >= 500 ? 'faulty' : 'good';
    default:
      return attempt satisfies never;
  }
}

export type Proxy = ReturnType<typeof createProxy>;

/** The data plane: one request in, one request out, streamed both ways. */
export function createProxy({ table, counts, assignments, random }: ProxyDeps) {
  const inTurn = createTurns();
  const pools = createInstancePools();
  const open = createOpenRequests();
  const mirror = createMirror({ counts, pools, open, random });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = performance.now();
    if (request.url?.startsWith(CONFIRM_PATH) === true) return confirm(request, response);
    if (namesTwoHosts(request)) return respond(response, 400, 'the host is named twice');
    const service = serviceOf(request);
    const state = table.read(service ?? '');
    const asked = request.headers[PREVIEW_HEADER];
    const { route, assigned, setCookie } = choose(state, request, asked);
    if (service === undefined || route === undefined) {
      const why = asked === undefined ? 'no version has traffic' : `no version ${String(asked)}`;
      respond(response, 503, `${service ?? 'unknown service'}: ${why}`);
      return;
    }
    const { version } = route;
    if (assigned !== undefined) assignments.record({ service, version, ...assigned });
    const ended = open.atVersion(service, version);
    const passing = forward({ request, response, service, route, setCookie });
    if (asked === undefined) void mirror(request, service, state);
    const attempt = await passing.finally(ended);
    if (attempt.kind === 'failed' || attempt.kind === 'odd') {
      respond(response, attempt.status, `${service}/${version}: ${attempt.why}`);
    }
    // Who sends what cannot be passed on, or leaves before having asked, says nothing of a version.
    const unasked = !request.complete && !response.headersSent;
    if (attempt.kind === 'odd' || (attempt.kind === 'aborted' && unasked)) return;
    counts.record({
      service,
      version,
      audience: asked === undefined ? 'live' : 'preview',
      kind: countedAs(attempt),
      latencyMs: performance.now() - startedMs,
      atMs: Date.now(),
    });
  }

  function choose(state: TrafficState, { rawHeaders }: IncomingMessage, asked: unknown): Choice {
    if (typeof asked !== 'string') return chooseRoute(state, rawHeaders, random);
    return { route: state.routes.find(({ version }) => version === asked) };
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
  async function forward(passage: Passage): Promise<Attempt> {
    const { request, response, service, route } = passage;
    const withBody = hasBody(request);
    const instances = inTurn(service, route);
    let last: Attempt = { kind: 'failed', status: 503, why: 'it has no instance' };
    // Twice around: a connection that died while idle says nothing about its instance.
    for (const [turn, instance] of [...instances, ...instances].entries()) {
      last = await once(passage, standIn(passage, instance, turn), withBody);
      if (last.kind !== 'failed' || response.headersSent || request.destroyed) return last;
      if (withBody && request.readableDidRead) return last;
      const refused = last.why.includes('ECONNREFUSED') || last.why.includes('UND_ERR_CONNECT');
      if (!refused && !REPEATABLE.has(request.method ?? '')) return last;
    }
    return last;
  }

  /** An instance that has left the route meanwhile gets no new request: another takes its place. */
  function standIn({ service, route }: Passage, instance: Instance, turn: number): Instance {
    const now = table.read(service).routes.find(({ version }) => version === route.version);
    if (now === undefined || now === route || now.instances.length === 0) return instance;
    const named = now.instances.some((one) => addressOf(one) === addressOf(instance));
    return named ? instance : (now.instances[turn % now.instances.length] ?? instance);
  }

  async function once(
    { request, response, service, route, setCookie }: Passage,
    instance: Instance,
    withBody: boolean,
  ): Promise<Attempt> {
    const ended = open.atInstance(service, route.version, instance);
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    let broken = false;
    response.once('close', onClose);
    try {
      const answer = await pools.of(instance).request({
        method: request.method ?? 'GET',
        path: request.url ?? '/',
        headers: forwarded(request),
        body: withBody ? Readable.from(chunksOf(request), { objectMode: false }) : null,
        signal: gone.signal,
        responseHeaders: 'raw',
      });
      // What the instance breaks off closes the user's side as well: who was first is to blame.
      answer.body.once('error', () => (broken = !gone.signal.aborted));
      const headers = returned(answer.headers);
      if (setCookie !== undefined) headers.push('set-cookie', setCookie);
      response.writeHead(answer.statusCode, headers);
      await pipeline(answer.body, response);
      return { kind: 'answered', status: answer.statusCode };
    } catch (error) {
      if (gone.signal.aborted && !response.writableFinished && !broken) return { kind: 'aborted' };
      if (response.headersSent) response.destroy();
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      const why = `${code} ${error instanceof Error ? error.message : String(error)}`.trim();
      if (ODD_REQUEST.has(code)) return { kind: 'odd', status: 400, why };
      return { kind: 'failed', status: code.includes('TIMEOUT') ? 504 : 502, why };
    } finally {
      response.off('close', onClose);
      ended();
    }
  }

  return {
    handle,
    open: (service: string, version: string): number => open.ofVersion(service, version),
    /** Of these instances only those count that the version's route names no more. */
    openAt(service: string, version: string, instances: readonly Instance[]): number {
      const left = leftInstances(table.read(service), version, instances);
      return open.ofInstances(service, version, left);
    },
    /** Closes the connections to instances that no route names any more, when they are idle. */
    forget(): void {
      const routes = table.services().flatMap((service) => table.read(service).routes);
      pools.keepOnly(routes.flatMap((route) => route.instances));
    },
    close: pools.close,
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

const PRIVATE = /^(::ffff:)?(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)|^::1$|^f[cd]/;

function isPrivate(address: string | undefined): boolean {
  return address !== undefined && PRIVATE.test(address);
}
