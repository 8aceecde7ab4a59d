import { Readable } from 'node:stream';
import { Agent, request as fetchUrl } from 'undici';
import { Failure } from '../../domain/failure.ts';
import { cut, onOneLine } from '../../domain/paging/page-words.ts';
import { cannotBeSent } from '../cannot-be-sent.ts';
import { readLimited } from '../limited-body.ts';
import { mayPass, readRetryAfter } from '../retry-after.ts';
import type { Secrets } from './secrets.ts';

const ANSWER_MAX_BYTES = 64 * 1024;
const SAID_MAX_LENGTH = 200;
const CONNECT_WITHIN_MS = 5000;
/** Of an attempt, as the port promises. */
export const ANSWER_WITHIN_MS = 10_000;

/**
 * Pages that follow each other share connections: for many groups of alerts, making one for each takes
 * longer than the pages. One that has been idle is not used again, as the other side may cut it just
 * when a page is written to it; servers wait for 5 s and longer before they do.
 */
const IDLE_MAX_MS = 1000;
const connections = new Agent({
  connect: { timeout: CONNECT_WITHIN_MS },
  keepAliveTimeout: IDLE_MAX_MS,
  keepAliveMaxTimeout: IDLE_MAX_MS,
});

export interface Question {
  /** For messages, such as `Slack`; the path of an address is often its secret. */
  readonly provider: string;
  readonly method: 'POST' | 'PATCH' | 'GET' | 'HEAD';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  /** At most 64 KB. `undefined`: it was cut off or did not end; the status has come anyway. */
  readonly text: string | undefined;
  readonly retryAfterMs: number | undefined;
}

export interface Limits {
  readonly answerWithinMs: number;
  readonly signal: AbortSignal;
}

/** Asks once over HTTP. Whatever was answered is returned; no answer at all is thrown. */
export async function exchange(
  question: Question,
  secrets: Secrets,
  { answerWithinMs, signal }: Limits,
): Promise<Answer> {
  const { provider, method, headers, body } = question;
  const url = urlOf(question);
  const timeout = AbortSignal.timeout(answerWithinMs);
  const sent = watchedBody(body);
  try {
    const answered = await fetchUrl(url, {
      method,
      headers: { 'user-agent': 'belay', ...headers, ...sent.headers },
      ...(sent.body === undefined ? {} : { body: sent.body }),
      dispatcher: connections,
      signal: AbortSignal.any([signal, timeout]),
    });
    const text = await readLimited(answered.body, ANSWER_MAX_BYTES).catch(() => undefined);
    return {
      status: answered.statusCode,
      text: text?.text,
      retryAfterMs: readRetryAfter(answered.headers['retry-after'], Date.now()),
    };
  } catch (error) {
    signal.throwIfAborted();
    // No cause: others' errors may carry the address or the headers.
    if (cannotBeSent(error)) {
      throw new Failure('PageRejected', `${provider}: a secret is no value of a header or a URL`);
    }
    const what = timeout.aborted ? `no answer within ${answerWithinMs} ms` : reasonOf(error);
    throw new Failure('PageUndelivered', secrets.hide(`${provider}: ${what}`), {
      isUnknown: sent.hasBegun(),
    });
  }
}

function urlOf({ provider, url }: Question): URL {
  if (/^https?:\/\//i.test(url) && URL.canParse(url)) return new URL(url);
  throw new Failure('PageRejected', `${provider}: its secret is no URL with http:// or https://`);
}

interface WatchedBody {
  readonly body: Readable | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether any of it has been written to a connection. */
  hasBegun(): boolean;
}

/** It is read once there is a connection: only then can the other side have taken anything. */
function watchedBody(body: string | undefined): WatchedBody {
  if (body === undefined) return { body: undefined, headers: {}, hasBegun: () => false };
  const bytes = Buffer.from(body);
  let hasBegun = false;
  return {
    body: new Readable({
      read() {
        hasBegun = true;
        this.push(bytes);
        this.push(null);
      },
    }),
    headers: { 'content-length': String(bytes.length) },
    hasBegun: () => hasBegun,
  };
}

/** `Error: connect ECONNREFUSED 127.0.0.1:1`; of several, the first. */
function reasonOf(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return cut(onOneLine(String(first)), SAID_MAX_LENGTH);
}

/** The failure that a status other than the wanted one comes to. */
export function refusal(provider: string, answer: Answer, secrets: Secrets): Failure {
  const { status, text, retryAfterMs } = answer;
  const said = saidIn(text, secrets);
  const why = `${provider} answered with status ${status}${said === '' ? '' : `: ${said}`}`;
  if (status >= 200 && status < 300) {
    return new Failure('PageUndelivered', `${why}, which is no answer of ${provider}`, {
      isUnknown: true,
    });
  }
  if (!mayPass(status)) return new Failure('PageRejected', why);
  // 503 and those below say that nothing was done; a gateway's 502 or 504 does not know.
  const isUnknown = status >= 500 && status !== 503;
  return new Failure('PageUndelivered', why, { retryAfterMs, isUnknown });
}

/** What a provider said, on one line, without the secrets that it may echo. */
export function saidIn(text: string | undefined, secrets: Secrets): string {
  const isPage = /^\s*</.test(text ?? '');
  return isPage ? '' : cut(onOneLine(secrets.hide(text ?? '')), SAID_MAX_LENGTH);
}

/** JSON of others; `undefined` where it is none. */
export function jsonIn(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

/**
 * Whether anybody answers at an address that takes no question but a page. A status that may pass
 * is a failure, any other is an answer.
 */
export async function reach(
  provider: string,
  url: string,
  secrets: Secrets,
  limits: Limits,
): Promise<void> {
  const answer = await exchange({ provider, method: 'HEAD', url, headers: {} }, secrets, limits);
  if (mayPass(answer.status)) throw refusal(provider, answer, secrets);
}
