import {
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  createServer,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { readBody } from '../providers/read-body.ts';
import type { AnswerDeps, Incoming, Outcome, Source } from './deps.ts';
import { takePagerDuty } from './take-pagerduty.ts';
import { takeSlack } from './take-slack.ts';
import { whisper } from './whisper.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

export interface AnswersOptions {
  /** Where Slack and PagerDuty come in. */
  readonly listen: Address;
  /** Where Prometheus comes in; none, no metrics. */
  readonly metrics?: Address;
}

export interface Answers {
  readonly url: string;
  readonly metricsUrl: string | undefined;
  /** Takes nothing new; returns when everything that has come is answered and told. */
  close(): Promise<void>;
}

const TAKERS: Readonly<Record<string, Source>> = { '/slack': 'slack', '/pagerduty': 'pagerduty' };

/** Slack sends a page back with its click, PagerDuty at most 256 KB. */
const BODY_MAX_BYTES = 512 * 1024;
/** A connection that does not get on holds a place; a request is small and comes at once. */
const LIMITS = { headersMs: 5000, requestMs: 10_000, connections: 200 };
/** So long a sender of too much may go on, so that it reads the answer. */
const LINGER_MS = 1000;
const END_WITHIN_MS = 10_000;
/** A stranger must not fill the log. */
const TELL_STRANGERS_EVERY_MS = 60_000;

/**
 * Takes what people say where they were paged, and says it to the incident. Whatever is answered
 * with 2xx is durable, or not to be said again.
 *
 * `POST /slack`: clicks on buttons. `POST /pagerduty`: webhooks, version 3. `GET /healthz`.
 */
export async function startAnswers(deps: AnswerDeps, options: AnswersOptions): Promise<Answers> {
  const open = new Set<Promise<void>>();
  const keep = (work: Promise<void>): void => {
    const kept = work.finally(() => open.delete(kept));
    open.add(kept);
  };
  const answer = createAnswering(deps);
  const front = createServer((request, response) => keep(answer(request, response)));
  front.headersTimeout = LIMITS.headersMs;
  front.requestTimeout = LIMITS.requestMs;
  front.maxConnections = LIMITS.connections;
  const metrics = options.metrics === undefined ? undefined : createServer(showMetrics(deps));
  const url = await listen(front, options.listen);
  const metricsUrl =
    metrics === undefined || options.metrics === undefined
      ? undefined
      : await listen(metrics, options.metrics);
  return {
    url,
    metricsUrl,
    async close() {
      const ended = end(front);
      await Promise.all(open);
      front.closeIdleConnections();
      await ended;
      if (metrics !== undefined) await end(metrics);
    },
  };
}

function createAnswering(deps: AnswerDeps) {
  let strangersToldAtMs = -Infinity;

  function log(source: Source, { status, result, text, incidentId, who }: Outcome): void {
    if (result === 'unauthorized') {
      if (deps.nowMs() - strangersToldAtMs < TELL_STRANGERS_EVERY_MS) return;
      strangersToldAtMs = deps.nowMs();
    }
    const line = { kind: 'answer', source, status, result, incident: incidentId, who, text };
    deps.write(`${JSON.stringify(line)}\n`);
  }

  async function take(source: Source, incoming: Incoming): Promise<Outcome> {
    try {
      return await (source === 'slack' ? takeSlack(deps, incoming) : takePagerDuty(deps, incoming));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      return { status: 503, result: 'unavailable', text: `a bug: ${text}` };
    }
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = URL.parse(request.url ?? '/', 'http://belay') ?? { pathname: '' };
    if (pathname === '/healthz') return sendTo(response, 200, 'ok');
    const source = Object.hasOwn(TAKERS, pathname) ? TAKERS[pathname] : undefined;
    if (source === undefined) return sendTo(response, 404, 'nothing is taken here');
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST');
      return sendTo(response, 405, 'only POST is taken here');
    }
    const startedMs = performance.now();
    const count = (result: string): void =>
      deps.metrics.count(source, result, performance.now() - startedMs);
    const body = await readBody(request, BODY_MAX_BYTES);
    if (body.kind === 'cut') return count('cut');
    if (body.kind === 'too_large') {
      count('too_large');
      return refuseRest(request, response);
    }
    const outcome = await take(source, {
      rawBody: body.rawBody,
      header: (name) => request.headers[name]?.toString(),
    });
    count(outcome.result);
    // A click is answered without text: Slack would read it. Strangers are told nothing but no.
    sendTo(response, outcome.status, source === 'slack' ? '' : outcome.result);
    log(source, outcome);
    const read = deps.paging.read();
    if (outcome.whisper === undefined || read.kind === 'unusable') return;
    const told = await whisper(outcome.whisper, read.paging);
    deps.metrics.count('slack', `whisper ${told}`.replaceAll(' ', '_'), 0);
  };
}

function sendTo(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}

/** Answers before it has all come; the rest is thrown away, then the connection. */
function refuseRest(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.setHeader('connection', 'close');
  sendTo(response, 413, 'too large');
  setTimeout(() => request.destroy(), LINGER_MS).unref();
}

function showMetrics({ metrics }: AnswerDeps): RequestListener {
  return (request, response) => {
    if (request.url !== '/metrics') return sendTo(response, 404, 'GET /metrics');
    metrics.text().then(
      (text) => sendTo(response, 200, text),
      () => sendTo(response, 500, ''),
    );
  };
}

async function listen(server: Server, { host, port }: Address): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return `http://${host}:${address.port}`;
}

async function end(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), END_WITHIN_MS).unref();
  });
}
