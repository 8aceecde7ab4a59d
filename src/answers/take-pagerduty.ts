import { incidentId } from '../domain/escalation/incident-id.ts';
import { cut, onOneLine } from '../domain/paging/page-words.ts';
import { type PagerDutyAnswer, readPagerDutyAnswer } from '../providers/page/pagerduty-answer.ts';
import type { AnswerDeps, Incoming, Outcome } from './deps.ts';
import { readSecrets, webhookSecrets } from './read-secrets.ts';
import { INCIDENT_ID, say } from './say.ts';

/** PagerDuty waits 5 s; the rest is for the way. */
const WITHIN_MS = 4000;
const WHO_MAX = 200;

/**
 * A webhook of PagerDuty. It says again for two days what was answered with 5xx, and ends the
 * subscription where too much is answered with 4xx.
 */
export async function takePagerDuty(deps: AnswerDeps, incoming: Incoming): Promise<Outcome> {
  const read = deps.paging.read();
  if (read.kind === 'unusable') return { status: 503, result: 'unavailable', text: read.why };
  const { values, unread } = readSecrets(webhookSecrets(read.paging), deps);
  const answer = firstGood(values, incoming);
  switch (answer.kind) {
    case 'refused':
      if (unread !== undefined) return { status: 503, result: 'unavailable', text: unread };
      return { status: 401, result: 'unauthorized', text: answer.why };
    case 'garbage':
      return { status: 400, result: 'invalid', text: 'the body is no JSON' };
    case 'other':
      return { status: 200, result: 'ignored', text: 'nothing for Belay' };
    case 'acknowledge':
    case 'resolve': {
      const { kind: verb, incidentKey, who, requestId, shownAtMs } = answer;
      const id = incidentId(incidentKey);
      if (!INCIDENT_ID.test(id)) {
        return { status: 200, result: 'ignored', text: 'an incident of somebody else' };
      }
      const why = verb === 'resolve' ? 'resolved in PagerDuty' : 'acknowledged in PagerDuty';
      const request = { who: cut(onOneLine(who), WHO_MAX), why, requestId };
      const said = shownAtMs === undefined ? request : { ...request, shownAtMs };
      return say(deps, { incidentId: id, verb, request: said }, WITHIN_MS);
    }
    default:
      return answer satisfies never;
  }
}

/** By the first secret that signed it; several subscriptions may lead here. */
function firstGood(secrets: readonly string[], { rawBody, header }: Incoming): PagerDutyAnswer {
  const request = { rawBody, signature: header('x-pagerduty-signature') };
  let last: PagerDutyAnswer = { kind: 'refused', why: 'no channel has a webhook_secret' };
  for (const secret of secrets) {
    last = readPagerDutyAnswer(request, secret);
    if (last.kind !== 'refused') return last;
  }
  return last;
}
