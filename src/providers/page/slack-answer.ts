import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { isSameText } from './same-text.ts';
import { SLACK_ACTIONS } from './slack-message.ts';

/** Older requests may be repeats of one that somebody has overheard. */
const FRESH_FOR_S = 300;

/** A request as it came: the body must be the bytes that were signed, not what was read of them. */
export interface SlackRequest {
  readonly rawBody: string;
  /** `X-Slack-Request-Timestamp`. */
  readonly timestamp: string | undefined;
  /** `X-Slack-Signature`. */
  readonly signature: string | undefined;
}

export type SlackAnswer =
  | {
      readonly kind: 'acknowledge' | 'resolve';
      /** The id of the incident's workflow. */
      readonly incidentId: string;
      /** A name to show: Slack may leave all but the id empty. */
      readonly who: string;
      readonly userId: string;
      readonly teamId: string;
      /** The same when Slack sends the same click again. */
      readonly requestId: string;
      /** When the message was posted that has the button. */
      readonly shownAtMs: number | undefined;
      /** Where the person can be told something; of Slack, as its signature says. */
      readonly responseUrl: string | undefined;
    }
  /** Nothing for Belay: another button or another kind of request. Answer it with 200. */
  | { readonly kind: 'other' }
  /** Signed, but no interaction. Answer it with 400. */
  | { readonly kind: 'garbage' }
  /** Answer it with 401. */
  | { readonly kind: 'refused'; readonly why: string };

const interaction = z.object({
  type: z.literal('block_actions'),
  user: z.object({
    id: z.string().min(1).max(64),
    username: z.string().optional(),
    name: z.string().optional(),
  }),
  team: z.object({ id: z.string().min(1).max(64) }),
  container: z
    .object({ message_ts: z.string().regex(/^\d{1,12}(?:\.\d{1,9})?$/) })
    .optional()
    .catch(undefined),
  response_url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .optional()
    .catch(undefined),
  actions: z
    .array(
      z.object({
        action_id: z.string(),
        value: z.string().max(2000).optional(),
        action_ts: z.string().max(64).optional(),
      }),
    )
    .min(1),
});

/** Whether Slack sent this, just now; `undefined`: yes. */
export function slackSignatureProblem(
  { rawBody, timestamp = '', signature = '' }: SlackRequest,
  signingSecret: string,
  nowMs: number,
): string | undefined {
  if (!/^\d{1,12}$/.test(timestamp)) return 'the request has no time stamp';
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > FRESH_FOR_S) {
    return `the request is more than ${FRESH_FOR_S} s old, or the clock is wrong`;
  }
  const hmac = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${rawBody}`);
  return isSameText(signature, `v0=${hmac.digest('hex')}`)
    ? undefined
    : 'the signature is not that of the signing secret';
}

/** Reads what a click on a button of a page means. */
export function readSlackAnswer(
  request: SlackRequest,
  signingSecret: string,
  nowMs: number,
): SlackAnswer {
  const problem = slackSignatureProblem(request, signingSecret, nowMs);
  if (problem !== undefined) return { kind: 'refused', why: problem };
  const payload = payloadOf(request.rawBody);
  if (typeof payload !== 'object' || payload === null) return { kind: 'garbage' };
  const { data } = interaction.safeParse(payload);
  const action = data?.actions[0];
  const kind = kindOf(action?.action_id);
  if (data === undefined || kind === undefined || !action?.value) return { kind: 'other' };
  const { user, team, container, response_url: responseUrl } = data;
  return {
    kind,
    incidentId: action.value,
    who: user.username || user.name || user.id,
    userId: user.id,
    teamId: team.id,
    requestId: `slack/${team.id}/${user.id}/${kind}/${action.action_ts ?? request.timestamp}`,
    shownAtMs: container === undefined ? undefined : Number(container.message_ts) * 1000,
    responseUrl,
  };
}

function kindOf(actionId: string | undefined): 'acknowledge' | 'resolve' | undefined {
  if (actionId === SLACK_ACTIONS.acknowledge) return 'acknowledge';
  return actionId === SLACK_ACTIONS.resolve ? 'resolve' : undefined;
}

function payloadOf(rawBody: string): unknown {
  try {
    return JSON.parse(new URLSearchParams(rawBody).get('payload') ?? '');
  } catch {
    return undefined;
  }
}
