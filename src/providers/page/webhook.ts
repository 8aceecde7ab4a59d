import { createHmac } from 'node:crypto';
import { Failure } from '../../domain/failure.ts';
import type { ChannelSettings } from '../../domain/paging/channel.schema.ts';
import type { Page } from '../../domain/paging/page.ts';
import { alertmanagerBody } from './alertmanager-body.ts';
import { ANSWER_WITHIN_MS, exchange, reach, refusal } from './exchange.ts';
import type { PageChannel } from './page-channel.ts';
import { requireAddress } from './require-address.ts';
import { type SecretPlaces, type Secrets, openSecrets } from './secrets.ts';

type WebhookSettings = ChannelSettings<'webhook'>;

interface WebhookDeps extends SecretPlaces {
  /** Of the channel, as the receiver is told it. */
  readonly name: string;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly answerWithinMs?: number | undefined;
}

/**
 * Alertmanager's webhook, so that whatever takes that takes this. `Idempotency-Key` is the page's
 * key, by which a receiver drops a repeat; `X-Belay-Delivery` names the attempt. Any 2xx is taken.
 */
export function createWebhookChannel(spec: WebhookSettings, deps: WebhookDeps): PageChannel {
  const { answerWithinMs = ANSWER_WITHIN_MS, name, nowMs, newId, ...places } = deps;
  const provider = 'the webhook';

  function bodyOf(page: Page): string {
    const externalUrl = spec.externalUrl ?? '';
    return JSON.stringify(alertmanagerBody(page, { receiver: name, externalUrl, nowMs: nowMs() }));
  }

  return {
    can: { dropsRepeats: false, updates: false, answers: false },
    async send(page, signal) {
      requireAddress(spec, page.to);
      const secrets = openSecrets(places);
      const timestamp = String(Math.floor(nowMs() / 1000));
      const body = bodyOf(page);
      const answer = await exchange(
        {
          provider,
          method: 'POST',
          url: urlOf(spec, secrets),
          headers: {
            ...headersOf(spec, secrets),
            ...signatureOf(spec, secrets, `${timestamp}.${body}`),
            'content-type': 'application/json',
            'idempotency-key': page.dedupKey,
            'x-belay-timestamp': timestamp,
            'x-belay-delivery': newId(),
          },
          body,
        },
        secrets,
        { answerWithinMs, signal },
      );
      if (answer.status >= 200 && answer.status < 300) {
        return { receipt: `status ${answer.status}` };
      }
      throw refusal(provider, answer, secrets);
    },
    async update() {
      throw new Failure('PageRejected', 'what a webhook has been told cannot be changed');
    },
    async check(signal) {
      const secrets = openSecrets(places);
      headersOf(spec, secrets);
      signatureOf(spec, secrets, '');
      await reach(provider, urlOf(spec, secrets), secrets, { answerWithinMs, signal });
      return 'the webhook is reachable; that it takes a page, only a page shows';
    },
  };
}

function urlOf({ url }: WebhookSettings, secrets: Secrets): string {
  return typeof url === 'string' ? url : secrets.read(url);
}

function headersOf({ headers }: WebhookSettings, secrets: Secrets): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, secret]) => [name.toLowerCase(), secrets.read(secret)]),
  );
}

function signatureOf(
  { signingSecret }: WebhookSettings,
  secrets: Secrets,
  signed: string,
): Record<string, string> {
  if (signingSecret === undefined) return {};
  const hash = createHmac('sha256', secrets.read(signingSecret)).update(signed).digest('hex');
  return { 'x-belay-signature': `v1=${hash}` };
}
