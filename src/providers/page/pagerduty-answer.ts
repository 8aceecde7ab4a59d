import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { isSameText } from './same-text.ts';

const SIGNATURES_MAX = 10;

/** A request as it came: the body must be the bytes that were signed. */
export interface PagerDutyRequest {
  readonly rawBody: string;
  /** `X-PagerDuty-Signature`: one for each secret that is valid while they are changed. */
  readonly signature: string | undefined;
}

export type PagerDutyAnswer =
  | {
      readonly kind: 'acknowledge' | 'resolve';
      /** The key of the incident: what Belay sent as `dedup_key`. */
      readonly incidentKey: string;
      readonly who: string;
      /** The same when PagerDuty sends the same event again: the scheme has no time stamp. */
      readonly requestId: string;
    }
  /** Nothing for Belay: another event, or an incident of somebody else. Answer it with 200. */
  | { readonly kind: 'other' }
  /** Answer it with 401. */
  | { readonly kind: 'refused'; readonly why: string };

const webhook = z.object({
  event: z.object({
    id: z.string().min(1).max(200),
    event_type: z.string(),
    agent: z
      .object({ id: z.string().optional(), summary: z.string().nullish() })
      .nullish()
      .catch(undefined),
    data: z.object({ incident_key: z.string().min(1).max(255).nullish() }),
  }),
});

/** Reads a webhook of PagerDuty, version 3. What Belay itself sent comes back as well. */
export function readPagerDutyAnswer(
  { rawBody, signature = '' }: PagerDutyRequest,
  webhookSecret: string,
): PagerDutyAnswer {
  const wanted = `v1=${createHmac('sha256', webhookSecret).update(rawBody).digest('hex')}`;
  const given = signature.split(',').slice(0, SIGNATURES_MAX);
  if (!given.some((one) => isSameText(one.trim(), wanted))) {
    return { kind: 'refused', why: 'no signature is that of the webhook secret' };
  }
  const event = webhook.safeParse(parsed(rawBody)).data?.event;
  const kind = kindOf(event?.event_type);
  const incidentKey = event?.data.incident_key;
  if (event === undefined || kind === undefined || !incidentKey) return { kind: 'other' };
  const who = event.agent?.summary || event.agent?.id || 'somebody in PagerDuty';
  return { kind, incidentKey, who, requestId: `pagerduty/${event.id}` };
}

function kindOf(eventType: string | undefined): 'acknowledge' | 'resolve' | undefined {
  if (eventType === 'incident.acknowledged') return 'acknowledge';
  return eventType === 'incident.resolved' ? 'resolve' : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
