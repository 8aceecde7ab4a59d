import { createHmac, randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  type PretendAnswer,
  type PretendOptions,
  type PretendRequest,
  type PretendServer,
  answerJson,
  jsonOf,
  startPretendServer,
} from './pretend-server.ts';

/** Documented as 512 KB. */
const EVENT_MAX_BYTES = 512_000;

const webLink = z.url({ protocol: /^https?$/ });
const routing = { routing_key: z.string().regex(/^[A-Za-z0-9]{32}$/) };
const dedupKey = z.string().min(1).max(255);

/** Events API v2; anything beyond is an error. */
const event = z.discriminatedUnion('event_action', [
  z.strictObject({
    ...routing,
    event_action: z.literal('trigger'),
    dedup_key: dedupKey,
    client: z.string().optional(),
    client_url: webLink.optional(),
    links: z.array(z.strictObject({ href: webLink, text: z.string() })).optional(),
    payload: z.strictObject({
      summary: z.string().min(1).max(1024),
      source: z.string().min(1),
      severity: z.enum(['critical', 'error', 'warning', 'info']),
      timestamp: z.iso.datetime(),
      component: z.string().optional(),
      group: z.string().optional(),
      class: z.string().optional(),
      custom_details: z.record(z.string(), z.string()),
    }),
  }),
  z.strictObject({ ...routing, event_action: z.literal('acknowledge'), dedup_key: dedupKey }),
  z.strictObject({ ...routing, event_action: z.literal('resolve'), dedup_key: dedupKey }),
]);

/** An incident as a person sees it now. */
export interface PagerDutyShown {
  readonly dedupKey: string;
  readonly status: 'triggered' | 'acknowledged' | 'resolved';
  readonly summary: string;
  readonly severity: string;
  /** Triggers with the same key while it was open: nobody is called again for them. */
  readonly repeats: number;
}

/** An event that was taken. */
export interface PagerDutyEvent {
  readonly atMs: number;
  readonly action: 'trigger' | 'acknowledge' | 'resolve';
  readonly dedupKey: string;
  /** Of a trigger; else empty. */
  readonly summary: string;
}

/** A webhook (v3) as PagerDuty sends it. */
export interface PagerDutyCall {
  readonly rawBody: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface PretendPagerDuty extends PretendServer {
  readonly shown: readonly PagerDutyShown[];
  /** What made them so, in the order in which it came. */
  readonly events: readonly PagerDutyEvent[];
  /** What was not as PagerDuty documents it. */
  readonly problems: readonly string[];
  readonly enqueueUrl: string;
  /** Somebody acknowledges or resolves it there. */
  answerAs(answer: {
    readonly dedupKey: string;
    readonly kind: 'acknowledged' | 'resolved';
    readonly who: string;
  }): PagerDutyCall;
}

export interface PretendPagerDutyOptions extends PretendOptions {
  readonly routingKey: string;
  readonly webhookSecret: string;
}

/** PagerDuty's Events API v2. As the real one, it shows a `dedup_key` once while it is open. */
export async function startPretendPagerDuty(
  options: PretendPagerDutyOptions,
): Promise<PretendPagerDuty> {
  const { routingKey, webhookSecret } = options;
  const shown: PagerDutyShown[] = [];
  const events: PagerDutyEvent[] = [];
  const problems: string[] = [];

  const openAt = (key: string): number =>
    shown.findIndex(({ dedupKey: one, status }) => one === key && status !== 'resolved');

  function trigger(key: string, payload: { readonly summary: string; readonly severity: string }) {
    const at = openAt(key);
    const open = shown[at];
    if (open !== undefined) {
      shown[at] = { ...open, repeats: open.repeats + 1 };
      return;
    }
    const { summary, severity } = payload;
    shown.push({ dedupKey: key, status: 'triggered', summary, severity, repeats: 0 });
  }

  /** Of a key that nobody knows, nothing changes. */
  function move(key: string, status: 'acknowledged' | 'resolved'): void {
    const at = openAt(key);
    const open = shown[at];
    if (open !== undefined) shown[at] = { ...open, status };
  }

  function take(request: PretendRequest): PretendAnswer {
    const { data, error } = event.safeParse(jsonOf(request.body));
    const errors = (error?.issues ?? []).map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    );
    if (Buffer.byteLength(request.body) > EVENT_MAX_BYTES) errors.push('the event is too large');
    problems.push(...errors);
    if (data === undefined || errors.length > 0) {
      return answerJson(400, {
        status: 'invalid event',
        message: 'Event object is invalid',
        errors,
      });
    }
    const { dedup_key: key } = data;
    // Of another integration: taken and dropped, as the documents say.
    if (data.routing_key === routingKey) {
      const { event_action: action } = data;
      const summary = data.event_action === 'trigger' ? data.payload.summary : '';
      events.push({ atMs: Date.now(), action, dedupKey: key, summary });
      if (data.event_action === 'trigger') trigger(key, data.payload);
      else move(key, data.event_action === 'resolve' ? 'resolved' : 'acknowledged');
    }
    return answerJson(202, { status: 'success', message: 'Event processed', dedup_key: key });
  }

  const server = await startPretendServer((request) => {
    if (request.path !== '/v2/enqueue') return { status: 404, body: '' };
    return request.method === 'POST' ? take(request) : { status: 405, body: '' };
  }, options);

  return {
    ...server,
    shown,
    events,
    problems,
    enqueueUrl: `${server.url}/v2/enqueue`,
    answerAs({ dedupKey: key, kind, who }) {
      move(key, kind);
      const rawBody = JSON.stringify({
        event: {
          id: randomUUID(),
          event_type: `incident.${kind}`,
          resource_type: 'incident',
          occurred_at: new Date().toISOString(),
          agent: { id: 'PLH1HKV', type: 'user_reference', summary: who },
          client: { name: 'PagerDuty' },
          data: { id: 'PGR0VU2', type: 'incident', status: kind, incident_key: key },
        },
      });
      const hmac = createHmac('sha256', webhookSecret).update(rawBody);
      return { rawBody, headers: { 'x-pagerduty-signature': `v1=${hmac.digest('hex')}` } };
    },
  };
}
