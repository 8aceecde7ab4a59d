import { cut, onOneLine } from '../domain/paging/page-words.ts';
import type { Paging } from '../domain/paging/paging-file.ts';
import { personAt } from '../domain/paging/person-at.ts';
import { type SlackAnswer, readSlackAnswer } from '../providers/page/slack-answer.ts';
import type { AnswerDeps, Incoming, Outcome } from './deps.ts';
import { readSecrets, signingSecrets } from './read-secrets.ts';
import { INCIDENT_ID, say } from './say.ts';

/** Slack waits 3 s; the rest is for the way. */
const WITHIN_MS = 2200;
const WHO_MAX = 200;

/**
 * A click on a button of a page. Slack repeats nothing, so that the person must see what has gone
 * wrong: it is whispered to them.
 */
export async function takeSlack(deps: AnswerDeps, incoming: Incoming): Promise<Outcome> {
  const read = deps.paging.read();
  if (read.kind === 'unusable') return { status: 503, result: 'unavailable', text: read.why };
  const { paging } = read;
  const { values, unread } = readSecrets(signingSecrets(paging), deps);
  const answer = firstGood(values, incoming, deps.nowMs());
  switch (answer.kind) {
    case 'refused':
      if (unread !== undefined) return { status: 503, result: 'unavailable', text: unread };
      return { status: 401, result: 'unauthorized', text: answer.why };
    case 'garbage':
      return { status: 400, result: 'invalid', text: 'the payload is no JSON' };
    case 'other':
      return { status: 200, result: 'ignored', text: 'nothing for Belay' };
    case 'acknowledge':
    case 'resolve':
      return INCIDENT_ID.test(answer.incidentId)
        ? click(deps, paging, answer)
        : { status: 200, result: 'ignored', text: 'no incident of Belay' };
    default:
      return answer satisfies never;
  }
}

async function click(
  deps: AnswerDeps,
  paging: Paging,
  answer: Extract<SlackAnswer, { readonly kind: 'acknowledge' | 'resolve' }>,
): Promise<Outcome> {
  const { kind: verb, incidentId, userId, requestId, shownAtMs, responseUrl: url } = answer;
  const who = cut(onOneLine(personAt(paging, 'slack', userId) ?? answer.who), WHO_MAX);
  const request = { who, why: `clicked ${verb} in Slack`, requestId };
  const outcome = await say(
    deps,
    { incidentId, verb, request: shownAtMs === undefined ? request : { ...request, shownAtMs } },
    WITHIN_MS,
  );
  const text = toldOf(outcome);
  return url === undefined || text === undefined ? outcome : { ...outcome, whisper: { url, text } };
}

/** What has gone well the message itself shows. */
function toldOf({ result, text }: Outcome): string | undefined {
  if (result === 'applied') return text.includes('may still arrive') ? text : undefined;
  if (result !== 'unavailable') return text;
  return 'Your click is NOT kept: Temporal does not answer. Click again, or use belay incident ack.';
}

/** By the first secret that signed it; several apps may have channels here. */
function firstGood(
  secrets: readonly string[],
  { rawBody, header }: Incoming,
  nowMs: number,
): SlackAnswer {
  const request = {
    rawBody,
    timestamp: header('x-slack-request-timestamp'),
    signature: header('x-slack-signature'),
  };
  let last: SlackAnswer = { kind: 'refused', why: 'no channel has a signing_secret' };
  for (const secret of secrets) {
    last = readSlackAnswer(request, secret, nowMs);
    if (last.kind !== 'refused') return last;
  }
  return last;
}
