import { startPretendPagerDuty } from '../../src/dev/pretend/pagerduty.ts';
import { type PretendRequest, jsonOf } from '../../src/dev/pretend/pretend-server.ts';
import type { PagingDocument } from '../../src/domain/paging/paging.schema.ts';
import { startPretendReceiver } from './pretend-receiver.ts';

/** One page as it came to a provider; a repeat is another one. */
export interface Arrival {
  /** When it began to come in. */
  readonly atMs: number;
  /** By which its provider tells repeats: of the page, in PagerDuty of the whole incident. */
  readonly key: string;
  readonly channel: 'hook' | 'pager';
  /** It says of itself that it may have come before. */
  readonly saysRepeated: boolean;
}

const SECRETS = { PD_ROUTING: 'a'.repeat(32), PD_WEBHOOK: 'webhook-of-a-test' };
/** No page waits for its channel here: what is measured is the rest. */
const UNLIMITED = { rate: { limit: '1000/s', burst: 1000 } } as const;

export type PageArrivals = Awaited<ReturnType<typeof startPageArrivals>>;

/**
 * A webhook, which cannot tell repeats, and a PagerDuty, which can, in this process; `channels` and
 * `secrets` bring the workers there.
 */
export async function startPageArrivals() {
  const hook = await startPretendReceiver('/hook');
  const pager = await startPretendPagerDuty({
    routingKey: SECRETS.PD_ROUTING,
    webhookSecret: SECRETS.PD_WEBHOOK,
  });
  const channels = {
    hook: { type: 'webhook', url: hook.webhookUrl, ...UNLIMITED },
    pager: {
      ...{ type: 'pagerduty', url: pager.enqueueUrl, ...UNLIMITED },
      ...{ routing_key: { env: 'PD_ROUTING' }, webhook_secret: { env: 'PD_WEBHOOK' } },
    },
  } satisfies PagingDocument['channels'];
  return {
    channels,
    secrets: SECRETS,
    /** In the order in which they came, of each channel. */
    arrivals: (): readonly Arrival[] => [
      ...hook.requests.map(hooked),
      ...pager.requests.flatMap(paged),
    ],
    /** How many have come to the webhook so far; cheap. */
    hookCount: (): number => hook.requests.length,
    /** Of the webhook, from this one on. */
    hooksFrom: (at: number): readonly Arrival[] => hook.requests.slice(at).map(hooked),
    /** What was not as it is documented. */
    problems: (): readonly string[] => [...hook.problems, ...pager.problems],
    async close(): Promise<void> {
      await hook.close();
      await pager.close();
    },
  };
}

const SAYS_REPEATED = /may have arrived before/;

function hooked({ atMs, headers, body }: PretendRequest): Arrival {
  const key = String(headers['idempotency-key']);
  return { atMs, key, channel: 'hook', saysRepeated: SAYS_REPEATED.test(body) };
}

/** Its events that show another status are no pages. */
function paged({ atMs, body }: PretendRequest): readonly Arrival[] {
  const event = jsonOf(body);
  if (typeof event !== 'object' || event === null) return [];
  if (!('event_action' in event) || event.event_action !== 'trigger') return [];
  const key = 'dedup_key' in event ? String(event.dedup_key) : '';
  return [{ atMs, key, channel: 'pager', saysRepeated: SAYS_REPEATED.test(body) }];
}
