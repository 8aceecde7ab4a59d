import { Failure } from '../../domain/failure.ts';
import type { ChannelSettings } from '../../domain/paging/channel.schema.ts';
import { alertKey } from '../../domain/paging/alert-key.ts';
import type { Page } from '../../domain/paging/page.ts';
import {
  cut,
  factsOf,
  headline,
  onOneLine,
  printable,
  repeatNote,
  webLinks,
} from '../../domain/paging/page-words.ts';
import { ANSWER_WITHIN_MS, exchange, reach, refusal } from './exchange.ts';
import type { Delivery, PageChannel } from './page-channel.ts';
import { requireAddress } from './require-address.ts';
import { type SecretPlaces, openSecrets } from './secrets.ts';

/** Of Events API v2; an event of these parts stays far below its 512 KB. */
const MAX = { summary: 1024, source: 255, text: 16_000, link: 255, links: 20 };
const FACTS_MAX = { count: 50, name: 200, value: 1000, total: 20_000 };
const DEDUP_KEY_MAX_LENGTH = 255;
const ROUTING_KEY = /^[A-Za-z0-9]{32}$/;

interface PagerDutyDeps extends SecretPlaces {
  readonly answerWithinMs?: number | undefined;
}

/**
 * PagerDuty by Events API v2. Every page of an incident has the incident's key as `dedup_key`, so
 * PagerDuty shows one alert for it, whoever and how often it was sent; its handle is that key. It
 * notifies nobody of an alert that is acknowledged: paged again after that, it is another alert.
 */
export function createPagerDutyChannel(
  spec: ChannelSettings<'pagerduty'>,
  { answerWithinMs = ANSWER_WITHIN_MS, ...places }: PagerDutyDeps,
): PageChannel {
  const provider = 'PagerDuty';

  async function enqueue(page: Page, key: string, signal: AbortSignal): Promise<Delivery> {
    requireAddress(spec, page.to);
    const secrets = openSecrets(places);
    const routingKey = requireRoutingKey(secrets.read(spec.routingKey));
    const answer = await exchange(
      {
        provider,
        method: 'POST',
        url: spec.url,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ routing_key: routingKey, ...pagerDutyEvent(page, key) }),
      },
      secrets,
      { answerWithinMs, signal },
    );
    if (answer.status !== 202) throw refusal(provider, answer, secrets);
    return { receipt: `dedup_key ${key}`.slice(0, 200), handle: key };
  }

  return {
    can: { dropsRepeats: true, updates: true, answers: spec.webhookSecret !== undefined },
    send: (page, signal) => enqueue(page, alertKey(page), signal),
    handleOf: alertKey,
    update: (page, handle, signal) => enqueue(page, handle, signal),
    async check(signal) {
      const secrets = openSecrets(places);
      requireRoutingKey(secrets.read(spec.routingKey));
      if (spec.webhookSecret !== undefined) secrets.read(spec.webhookSecret);
      await reach(provider, spec.url, secrets, { answerWithinMs, signal });
      return 'PagerDuty is reachable; that it knows the routing key, only a page shows';
    },
  };
}

function requireRoutingKey(key: string): string {
  if (ROUTING_KEY.test(key)) return key;
  throw new Failure('PageRejected', 'PagerDuty: a routing key has 32 letters and digits');
}

/** An event but for its routing key. What is acknowledged or resolved needs only its key. */
export function pagerDutyEvent(page: Page, dedupKey: string): object {
  const event = { event_action: page.action, dedup_key: dedupKey.slice(0, DEDUP_KEY_MAX_LENGTH) };
  if (page.action !== 'trigger') return event;
  const { incident } = page;
  const note = repeatNote(page);
  return {
    ...event,
    client: 'Belay',
    links: webLinks(incident)
      .slice(0, MAX.links)
      .map(({ text, url }) => ({ href: url, text: cut(text, MAX.link) })),
    payload: {
      summary: cut(onOneLine(incident.title) || headline(page), MAX.summary),
      source: cut(onOneLine(incident.source) || 'unknown', MAX.source),
      severity: incident.severity,
      timestamp: new Date(incident.openedAtMs).toISOString(),
      group: cut(onOneLine(incident.policy), MAX.source),
      custom_details: {
        ...Object.fromEntries(factsOf(page, FACTS_MAX).map(({ name, value }) => [name, value])),
        text: cut(printable(incident.text), MAX.text),
        ...(note === undefined ? {} : { note }),
      },
    },
  };
}
