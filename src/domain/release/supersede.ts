import type { Accepted, CancelCommand, DeployCommand } from './commands.ts';
import {
  type QueuedDeploy,
  type ServiceState,
  answerTo,
  answered,
  cancelRequest,
} from './service-state.ts';
import { type Refusal, inProgress } from './service-refusals.ts';

/** As many releases of a service may wait for their turn. */
const QUEUE_MAX = 20;

export type Superseding =
  | { readonly kind: 'refuse'; readonly refusal: Refusal }
  /** It waits; those that waited before it and are not needed any more are called off. */
  | {
      readonly kind: 'wait';
      readonly drops: readonly QueuedDeploy[];
      /** The running release is told to go back to stable first. */
      readonly aborts: boolean;
    };

/** What a release does that finds another one running, by the policy of its own file. */
export function supersede(state: ServiceState, command: DeployCommand): Superseding {
  const { active, queue } = state;
  const { spec } = command;
  if (active === null) throw new RangeError('nothing is running that could be superseded');
  const refused = (refusal: Refusal): Superseding => ({ kind: 'refuse', refusal });
  if (active.kind === 'release' && active.version === spec.version) {
    const { code, message } = inProgress(active);
    return refused({ code, message: `${message}: it is this very version` });
  }
  const isFull = queue.length >= QUEUE_MAX;
  switch (spec.supersede) {
    case 'reject':
      return refused(inProgress(active));
    case 'queue':
      return isFull
        ? refused({
            code: 'QueueFull',
            message: `${queue.length} releases of ${state.service} wait already`,
          })
        : { kind: 'wait', drops: [], aborts: false };
    case 'coalesce':
      return { kind: 'wait', drops: queue, aborts: false };
    case 'replace':
      return { kind: 'wait', drops: queue, aborts: active.kind === 'release' };
    default:
      return spec.supersede satisfies never;
  }
}

/** The release waits for its turn; its answer says behind whom. */
export function queued(
  state: ServiceState,
  command: DeployCommand,
  drops: readonly QueuedDeploy[],
  atMs: number,
): ServiceState {
  const without = drops.reduce(
    (now, { command: { requestId } }) =>
      calledOff(now, requestId, `superseded by ${command.spec.version}`),
    state,
  );
  const queue = [...without.queue, { command, sinceMs: atMs }];
  const answer: Accepted = {
    kind: 'queued',
    requestId: command.requestId,
    version: command.spec.version,
    position: queue.length,
    behind: state.active?.workflowId ?? 'nothing',
    remarks: drops.map(({ command: { spec } }) => `${spec.version} was waiting and is called off`),
  };
  return answered({ ...without, queue }, command.requestId, answer);
}

export function refuseCancel(state: ServiceState, command: CancelCommand): Refusal | undefined {
  const { who, why, requestId, queuedRequestId } = command;
  if ([who, why, requestId, queuedRequestId].some((text) => typeof text !== 'string')) {
    return { code: 'NotAllowedNow', message: 'cancel needs who, why and both request ids' };
  }
  // A repeat is answered as the first time.
  if (answerTo(state, cancelRequest(requestId)) !== undefined) return undefined;
  const waits = state.queue.some(({ command: own }) => own.requestId === queuedRequestId);
  if (waits) return undefined;
  const message = `no release of ${state.service} waits under the request id ${queuedRequestId}`;
  return { code: 'NotFound', message };
}

/** A waiting release will not begin; who asks for it is told why. */
export function calledOff(state: ServiceState, requestId: string, why: string): ServiceState {
  const dropped = state.queue.find(({ command }) => command.requestId === requestId);
  if (dropped === undefined) return state;
  const { version } = dropped.command.spec;
  const answer: Accepted = { kind: 'called_off', requestId, version, why, remarks: [] };
  const queue = state.queue.filter((one) => one !== dropped);
  return answered({ ...state, queue }, requestId, answer);
}

/** It was stable a moment ago: inside its own rollback window it comes back without its steps. */
export function isFast(state: ServiceState, { spec }: DeployCommand, nowMs: number): boolean {
  const served = state.runs.filter((run) => run.served !== undefined || run.kind === 'rollback');
  const at = served.findIndex((run) => run.version === spec.version && run.served !== undefined);
  // What came after it, or nothing: then it serves still, or never did.
  const successor = at > 0 ? served[at - 1] : undefined;
  const untilMs = successor?.endedAtMs ?? successor?.startedAtMs;
  return untilMs !== undefined && nowMs - untilMs <= spec.rollbackWindowMs;
}
