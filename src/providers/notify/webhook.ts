import { request as fetchUrl } from 'undici';
import { Failure } from '../../domain/failure.ts';
import type { NotificationSpec } from '../../domain/release/release.schema.ts';
import { cannotBeSent } from '../cannot-be-sent.ts';
import { mayPass, readRetryAfter } from '../retry-after.ts';
import { secretHeaders } from '../secret-headers.ts';
import type { NotificationChannel } from './channel.ts';

const ANSWER_WITHIN_MS = 10_000;

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
      const secrets = secretHeaders(spec.headersFromEnv, secret);
      if (secrets.kind === 'missing') throw new Failure('NotificationRejected', secrets.why);
      const {
        statusCode,
        headers: answered,
        body,
      } = await fetchUrl(spec.url, {
        method: 'POST',
        headers: {
          ...secrets.headers,
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
      if (!mayPass(statusCode)) throw new Failure('NotificationRejected', why);
      throw new Failure('NotificationUndelivered', why, {
        retryAfterMs: readRetryAfter(answered['retry-after'], Date.now()),
      });
    },
  };
}

/** The path of a webhook is often its secret: it stays out of messages. */
function hostOf(url: string): string {
  return `the webhook at ${new URL(url).host}`;
}
