import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { incidentKeyOf } from '../../domain/paging/alert-key.ts';
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
      /** When it was said there: it may have been on its way for two days. */
      readonly shownAtMs: number | undefined;
    }
  /**
   * Nothing for Belay: another event, an incident of somebody else, or what no person has done,
   * such as Belay itself. Answer it with 200.
   */
  | { readonly kind: 'other' }
  /** Signed, but no event. Answer it with 400. */
  | { readonly kind: 'garbage' }
  /** Answer it with 401. */
  | { readonly kind: 'refused'; readonly why: string };

const webhook = z.object({
  event: z.object({
    id: z.string().min(1).max(200),
    event_type: z.string(),
    occurred_at: z.iso.datetime({ offset: true }).optional().catch(undefined),
    agent: z
      .object({
        id: z.string().optional(),
        type: z.string().optional(),
        summary: z.string().nullish(),
      })
      .nullish()
      .catch(undefined),
    data: z.object({ incident_key: z.string().min(1).max(255).nullish() }),
  }),
});

/** As an agent is named that is a person; integrations and services are agents as well. */
const PERSON = /^user(?:_reference)?$/;

/** Reads a webhook of PagerDuty, version 3. What Belay itself sent comes back, by no person. */
export function readPagerDutyAnswer(
  { rawBody, signature = '' }: PagerDutyRequest,
  webhookSecret: string,
): PagerDutyAnswer {
  const wanted = `v1=${createHmac('sha256', webhookSecret).update(rawBody).digest('hex')}`;
  const given = signature.split(',').slice(0, SIGNATURES_MAX);
  if (!given.some((one) => isSameText(one.trim(), wanted))) {
    return { kind: 'refused', why: 'no signature is that of the webhook secret' };
  }
  const body = parsed(rawBody);
  if (typeof body !== 'object' || body === null) return { kind: 'garbage' };
  const event = webhook.safeParse(body).data?.event;
  const kind = kindOf(event?.event_type);
  const incidentKey = event?.data.incident_key;
  if (event === undefined || kind === undefined || !incidentKey) return { kind: 'other' };
  const { id, agent, occurred_at: occurredAt } = event;
  if (agent?.type === undefined || !PERSON.test(agent.type)) return { kind: 'other' };
  return {
    kind,
    incidentKey: incidentKeyOf(incidentKey),
    who: agent.summary || agent.id || 'somebody in PagerDuty',
    requestId: `pagerduty/${id}`,
    shownAtMs: occurredAt === undefined ? undefined : Date.parse(occurredAt),
  };
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
