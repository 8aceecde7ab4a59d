import { type Client, WorkflowUpdateStage } from '@temporalio/client';
import { Failure } from '../domain/failure.ts';
import type { IncidentAnswer, IncidentAsked } from '../domain/escalation/incident.ts';
import { ackSignal, incidentUpdates, resolveSignal } from '../workflows/incident-messages.ts';
import type { Caller } from './caller.ts';
import { type Request, asked, updateIdOf } from './request.ts';

/** What people say from where they were paged; it has a twin that needs no worker. */
export type UrgentVerb = 'acknowledge' | 'resolve';

export interface UrgentRequest extends Request {
  /** When that was shown which is answered: an incident that opened later is not meant. */
  readonly shownAtMs?: number;
}

/** What has become of an urgent verb. All three are durable. */
export type Answered =
  /** It counts; these pages may still arrive. */
  | ({ readonly kind: 'applied' } & IncidentAnswer)
  /** It counts; which pages may still arrive has not been said in time. */
  | { readonly kind: 'accepted' }
  /** No worker has answered in time: Temporal keeps it, and it applies when one is there. */
  | { readonly kind: 'signalled' };

const SIGNALS = { acknowledge: ackSignal, resolve: resolveSignal } as const;

/** Of the time that there is; the rest is for the signal. */
const UPDATE_SHARE = 0.6;

/**
 * Says an urgent verb and returns, or throws, within `withinMs`, but not before it is durable. The
 * signal carries the request id of the update, so that whichever arrives first counts, once.
 */
export async function answerIncident(
  temporal: Client,
  caller: Caller,
  {
    id,
    verb,
    request,
  }: { readonly id: string; readonly verb: UrgentVerb } & {
    readonly request: UrgentRequest;
  },
  withinMs: number,
): Promise<Answered> {
  const untilMs = Date.now() + withinMs;
  const { shownAtMs } = request;
  const args: IncidentAsked = {
    ...asked(request),
    ...(shownAtMs === undefined ? {} : { shownAtMs }),
  };
  const handle = temporal.workflow.getHandle(id);
  const update = await unlessSilent(() =>
    caller.within(withinMs * UPDATE_SHARE, id, () =>
      handle.startUpdate(incidentUpdates[verb], {
        updateId: updateIdOf(verb, args),
        args: [args],
        waitForStage: WorkflowUpdateStage.ACCEPTED,
      }),
    ),
  );
  const restMs = Math.max(1, untilMs - Date.now());
  if (update !== undefined) {
    const answer = await unlessSilent(() => caller.within(restMs, id, () => update.result()));
    return answer === undefined ? { kind: 'accepted' } : { kind: 'applied', ...answer };
  }
  try {
    await caller.within(restMs, id, () => handle.signal(SIGNALS[verb], args));
  } catch (error) {
    if (!isSilence(error)) throw error;
    throw new Failure(
      'TemporalUnreachable',
      'Temporal does not answer; what was asked may still be carried out: ' +
        `repeat it with the same request id (${args.requestId})`,
      { cause: error },
    );
  }
  return { kind: 'signalled' };
}

/** Undefined: nobody has answered in time. */
async function unlessSilent<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isSilence(error)) return undefined;
    throw error;
  }
}

function isSilence(error: unknown): boolean {
  return error instanceof Failure && error.code === 'NoWorker';
}
