import type { Answered, UrgentRequest, UrgentVerb } from '../client/client.ts';
import { Failure } from '../domain/failure.ts';
import type { AnswerDeps, Outcome } from './deps.ts';

export interface Word {
  readonly incidentId: string;
  readonly verb: UrgentVerb;
  readonly request: UrgentRequest;
}

/** Only ids that Belay makes: whatever else is said of no incident of ours. */
export const INCIDENT_ID = /^incident\/[0-9a-f]{64}$/;

/** What is said to the sender, and to the person: the sentence names who was first, or what to do. */
export async function say(
  { incidents }: Pick<AnswerDeps, 'incidents'>,
  { incidentId, verb, request }: Word,
  withinMs: number,
): Promise<Outcome> {
  const about = { incidentId, who: request.who };
  try {
    return { ...about, ...done(await incidents.answer(incidentId, verb, request, withinMs)) };
  } catch (error) {
    return { ...about, ...failed(error, incidentId) };
  }
}

function done(answered: Answered): Outcome {
  switch (answered.kind) {
    case 'applied': {
      const { inFlight, status } = answered;
      const may = inFlight.length === 0 ? '' : `; may still arrive: ${inFlight.join(', ')}`;
      return { status: 200, result: 'applied', text: `${status}${may}` };
    }
    case 'accepted':
      return { status: 200, result: 'applied', text: 'accepted' };
    case 'signalled':
      return {
        status: 200,
        result: 'signalled',
        text: 'kept, but not applied yet: no worker of Belay answers. Tell whoever runs it.',
      };
    default:
      return answered satisfies never;
  }
}

/** A repeat helps only where it may end otherwise. */
function failed(error: unknown, incidentId: string): Outcome {
  const code = error instanceof Failure ? error.code : 'Internal';
  const message = error instanceof Error ? error.message : String(error);
  switch (code) {
    case 'AlreadyAcknowledged':
    case 'NotAllowedNow': {
      const why = message.replace(`${incidentId}: `, '');
      return { status: 200, result: 'refused', text: `${why}` };
    }
    case 'NotFound':
      return { status: 200, result: 'unknown', text: 'this incident has ended, or never was' };
    default:
      return { status: 503, result: 'unavailable', text: `not kept: ${code}: ${message}` };
  }
}
