import { request as fetchUrl } from 'undici';
import { formatDuration } from '../../domain/quantity.ts';
import { answerText } from '../../domain/release/answer-text.ts';
import { cannotBeSent } from '../cannot-be-sent.ts';
import { readLimited } from '../limited-body.ts';
import { mayPass, readRetryAfter } from '../retry-after.ts';
import { secretHeaders } from '../secret-headers.ts';
import type { Call, CallAnswer } from './call.ts';

/** Only a line of it is shown to a person. */
const BODY_MAX_BYTES = 64 * 1024;
/** Of a body that goes on, between two of its parts: the status has said what matters. */
const BODY_IDLE_MS = 5000;

/**
 * Asks by POST with JSON and `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header). 2xx is
 * done; 4xx is a no, but for 408, 425 and 429; anything else is no answer. Redirects are not
 * followed, as a secret in a header must not travel on.
 */
export function createWebhookCall({
  secret,
}: {
  readonly secret: (name: string) => string | undefined;
}): Call {
  return async (call, signal) => {
    const { url, timeoutMs, key, body } = call;
    const host = `the webhook at ${new URL(url).host}`;
    const secrets = secretHeaders(call.headersFromEnv, secret);
    if (secrets.kind === 'missing') return { kind: 'refused', text: '', why: secrets.why };
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const answered = await fetchUrl(url, {
        method: 'POST',
        headers: {
          ...secrets.headers,
          'content-type': 'application/json',
          'idempotency-key': key,
          'user-agent': 'belay',
        },
        body: JSON.stringify(body),
        // The signal is the only limit: undici's own would end a long hook after 5 minutes.
        headersTimeout: 0,
        bodyTimeout: BODY_IDLE_MS,
        signal: AbortSignal.any([signal, timeout]),
      });
      const text = await textOf(answered.body, answered.headers['content-type']);
      const retryAfterMs = readRetryAfter(answered.headers['retry-after'], Date.now());
      return answerOf(answered.statusCode, host, text, retryAfterMs);
    } catch (error) {
      signal.throwIfAborted();
      if (cannotBeSent(error)) return { kind: 'refused', text: '', why: `${host}: ${error}` };
      const what = timeout.aborted ? `no answer within ${formatDuration(timeoutMs)}` : error;
      return { kind: 'unanswered', why: `${host}: ${what}`, retryAfterMs: undefined };
    }
  };
}

function answerOf(
  status: number,
  host: string,
  text: string,
  retryAfterMs: number | undefined,
): CallAnswer {
  if (status >= 200 && status < 300) return { kind: 'done', text };
  const why = `${host} answered with status ${status}${text === '' ? '' : `: ${text}`}`;
  if (status >= 400 && !mayPass(status)) return { kind: 'refused', text, why };
  return { kind: 'unanswered', why, retryAfterMs };
}

/** The answer has come; a text that is cut off, never ends or is a page of HTML must not undo it. */
async function textOf(
  body: AsyncIterable<Uint8Array>,
  contentType: string | string[] | undefined,
): Promise<string> {
  const { text } = await readLimited(body, BODY_MAX_BYTES).catch(() => ({ text: '' }));
  if (String(contentType).startsWith('text/html')) return '';
  return answerText(parsed(text)) || answerText(text);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
