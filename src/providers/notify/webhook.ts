import { request as fetchUrl } from 'undici';
import { Failure } from '../../domain/failure.ts';
import type { NotificationSpec } from '../../domain/release/release.schema.ts';
import { cannotBeSent } from '../cannot-be-sent.ts';
import type { NotificationChannel } from './channel.ts';

const ANSWER_WITHIN_MS = 10_000;
/** Whatever a receiver asks for: later than this nobody is being told. */
const RETRY_AFTER_MAX_MS = 5 * 60_000;
/** Refusals that may pass: request timeout, too early, too many requests. */
const PASSING = new Set([408, 425, 429]);
/** `Sun, 06 Nov 1994 08:49:37 GMT`, or the older form with the whole weekday. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*, \d\d.* GMT$/;

/**
 * Sends the notification as JSON by POST, with `Idempotency-Key: <dedupKey>`
 * (draft-ietf-httpapi-idempotency-key-header), so that the receiver can drop a repeat. Any 2xx is
 * taken; redirects are refused, as a secret in a header must not travel on.
 */
export function createWebhookChannel(
  spec: Extract<NotificationSpec, { kind: 'webhook' }>,
  secret: (name: string) => string | undefined,
  answerWithinMs = ANSWER_WITHIN_MS,
): NotificationChannel {
  return {
    async send(notification, signal) {
      const headers: Record<string, string> = {};
      for (const [header, variable] of Object.entries(spec.headersFromEnv)) {
        const value = secret(variable);
        if (value === undefined) {
          throw new Failure(
            'NotificationRejected',
            `the worker's environment has no ${variable}, which the header ${header} needs`,
          );
        }
        headers[header.toLowerCase()] = value;
      }
      const {
        statusCode,
        headers: answered,
        body,
      } = await fetchUrl(spec.url, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          'idempotency-key': notification.dedupKey,
          'user-agent': 'belay',
        },
        body: JSON.stringify(notification),
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]),
      }).catch((error: unknown) => {
        signal.throwIfAborted();
        const code = cannotBeSent(error) ? 'NotificationRejected' : 'NotificationUndelivered';
        throw new Failure(code, `${hostOf(spec.url)}: ${String(error)}`, { cause: error });
      });
      // The answer has come; its text is only for a person and must not undo that.
      await body.dump().catch(() => undefined);
      if (statusCode >= 200 && statusCode < 300) return { receipt: `status ${statusCode}` };
      const why = `${hostOf(spec.url)} answered with status ${statusCode}`;
      if (statusCode < 500 && !PASSING.has(statusCode)) {
        throw new Failure('NotificationRejected', why);
      }
      throw new Failure('NotificationUndelivered', why, {
        retryAfterMs: readRetryAfter(answered['retry-after'], Date.now()),
      });
    },
  };
}

/** `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3); `undefined` for neither. */
export function readRetryAfter(
  header: string | string[] | undefined,
  nowMs: number,
): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text.trim())) return Math.min(RETRY_AFTER_MAX_MS, Number(text) * 1000);
  // `Date.parse` alone would take "in 5" for a day in May 2001.
  const ms = HTTP_DATE.test(text.trim()) ? Date.parse(text) - nowMs : Number.NaN;
  return Number.isFinite(ms) ? Math.min(RETRY_AFTER_MAX_MS, Math.max(0, ms)) : undefined;
}

/** The path of a webhook is often its secret: it stays out of messages. */
function hostOf(url: string): string {
  return `the webhook at ${new URL(url).host}`;
}
