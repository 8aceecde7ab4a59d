import type { Client } from '@temporalio/client';
import { Failure } from '../domain/failure.ts';
import type { Verb } from '../domain/release/progress.ts';
import type { Steering } from '../domain/release/steer.ts';
import { verbUpdates } from '../workflows/messages.ts';
import type { Caller } from './caller.ts';
import type { BelayClient } from './client.ts';
import { type SteerRequest, asked, updateIdOf } from './request.ts';

type SteeringCalls = Pick<
  BelayClient,
  | 'steer'
  | 'pause'
  | 'resume'
  | 'promote'
  | 'promoteFull'
  | 'stepBack'
  | 'retry'
  | 'abort'
  | 'approve'
  | 'reject'
  | 'extend'
>;

/** What is asked of the release of a service that runs now. */
export function steerReleases(
  temporal: Client,
  { call }: Caller,
  history: BelayClient['history'],
): SteeringCalls {
  const steer: BelayClient['steer'] = async (service, verb, request) => {
    const { active } = await history(service);
    if (active === undefined) throw new Failure('NotFound', `${service} has no running release`);
    const { workflowId } = active;
    const steering = steeringOf(verb, request);
    return call(workflowId, () =>
      temporal.workflow.getHandle(workflowId).executeUpdate(verbUpdates[verb], {
        updateId: updateIdOf(verb, steering),
        args: [steering],
      }),
    );
  };
  return {
    steer,
    pause: (service, request) => steer(service, 'pause', request),
    resume: (service, request) => steer(service, 'resume', request),
    promote: (service, request) => steer(service, 'promote', request),
    promoteFull: (service, request) => steer(service, 'promote_full', request),
    stepBack: (service, request) => steer(service, 'step_back', request),
    retry: (service, request) => steer(service, 'retry', request),
    abort: (service, request) => steer(service, 'abort', request),
    approve: (service, gate, request) => steer(service, 'approve', { ...request, gate }),
    reject: (service, gate, request) => steer(service, 'reject', { ...request, gate }),
    extend: (service, step, byMs, request) => steer(service, 'extend', { ...request, step, byMs }),
  };
}

/** What a verb needs is always said: left out, the release would only be asked whether it could. */
export function steeringOf(verb: Verb, request: SteerRequest): Steering {
  const { gate, step, byMs, overrideFreeze } = request;
  const by = asked(request);
  switch (verb) {
    case 'resume':
    case 'promote':
    case 'promote_full':
      return { ...by, overrideFreeze: overrideFreeze ?? false };
    case 'approve':
    case 'reject':
      return { ...by, ...(gate === undefined ? {} : { gate }) };
    case 'extend':
      if (step === undefined || byMs === undefined) {
        throw new Failure('NotAllowedNow', 'extend needs the name of a step and how much longer');
      }
      return { ...by, step, byMs };
    case 'pause':
    case 'step_back':
    case 'retry':
    case 'abort':
      return by;
    default:
      return verb satisfies never;
  }
}
