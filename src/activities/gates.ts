import { Context } from '@temporalio/activity';
import type { ServiceView } from '../domain/release/commands.ts';
import { hasReleased } from '../domain/release/has-released.ts';
import { serviceWorkflowId } from '../domain/release/names.ts';
import { openHours } from '../domain/release/open-hours.ts';
import { opensAt } from '../domain/release/time-of-day.ts';
import { beating } from './beating.ts';
import type { Clock } from './clock.ts';
import type { ActivityDeps } from './deps.ts';
import type { AskGateRequest, GateAnswer } from './requests.ts';

/** Between two attempts at one webhook, unless it says itself when. */
const ATTEMPT_AFTER_MS = { first: 1000, most: 30_000 };
/** Between two questions to one service, whose workflow answers each of them. */
const QUERY_AFTER_MS = { first: 2000, most: 30_000 };
const QUERY_WITHIN_MS = 15_000;
/** The last attempt begins when the time is over, and may still be answered. */
const ATTEMPT_LEAST_MS = 1000;
/** A clock that is set, or a machine that slept, is seen within this. */
const SLICE_MAX_MS = 60_000;

type Gate<Kind> = Extract<AskGateRequest['gate'], { kind: Kind }>;

/** Asks at a gate that is not a person's. */
export function createGateActivities(deps: ActivityDeps) {
  return {
    /**
     * Asks until there is an answer or the time is over. Asking changes nothing, and the end is a
     * time: an attempt on another worker simply goes on.
     */
    async askGate(request: AskGateRequest): Promise<GateAnswer> {
      return beating(async (signal) => {
        const { gate } = request;
        switch (gate.kind) {
          case 'webhook':
            return askWebhook(deps, gate, request, signal);
          case 'after':
            return askService(deps.clock, gate, request, signal);
          case 'time':
            return untilOpen(deps.clock, gate, signal);
          default:
            return gate satisfies never;
        }
      });
    },
  };
}

/** 2xx is go and 4xx stop; anything else is asked again, for the last time at the end. */
async function askWebhook(
  { call, clock }: ActivityDeps,
  { url, headersFromEnv, attemptTimeoutMs, onTimeout }: Gate<'webhook'>,
  { input, untilMs }: AskGateRequest,
  signal: AbortSignal,
): Promise<GateAnswer> {
  let waitMs = ATTEMPT_AFTER_MS.first;
  for (let attempts = 1; ; attempts += 1) {
    const leftMs = Math.max(untilMs - clock.nowMs(), ATTEMPT_LEAST_MS);
    const timeoutMs = Math.min(attemptTimeoutMs, leftMs);
    const request = { url, headersFromEnv, timeoutMs, key: input.key, body: input };
    const answer = await call(request, signal);
    switch (answer.kind) {
      case 'done':
        return { kind: 'go', text: answer.text };
      case 'refused':
        return { kind: 'stop', reason: answer.text || answer.why };
      case 'unanswered': {
        const left = untilMs - clock.nowMs();
        if (left <= 0) return over(onTimeout, `${answer.why} (${attempts} attempts)`);
        await clock.pause(Math.min(answer.retryAfterMs ?? waitMs, left), signal);
        waitMs = Math.min(waitMs * 2, ATTEMPT_AFTER_MS.most);
        break;
      }
      default:
        return answer satisfies never;
    }
  }
}

/** Until another service has released a version; that it does not answer is only no answer yet. */
async function askService(
  clock: Clock,
  { service, version, onTimeout }: Gate<'after'>,
  { untilMs }: AskGateRequest,
  signal: AbortSignal,
): Promise<GateAnswer> {
  let waitMs = QUERY_AFTER_MS.first;
  for (;;) {
    const seen = await look(service, signal);
    if (seen.kind === 'known' && hasReleased(seen.view, version)) {
      return { kind: 'go', text: `${service} has released ${seen.view.stable ?? version}` };
    }
    const left = untilMs - clock.nowMs();
    if (left <= 0) {
      const has = seen.kind === 'known' ? `has ${seen.view.stable ?? 'no version'}` : seen.why;
      return over(onTimeout, `${service} ${has}; ${version} is wanted`);
    }
    await clock.pause(Math.min(waitMs, left), signal);
    waitMs = Math.min(waitMs * 2, QUERY_AFTER_MS.most);
  }
}

type Seen =
  | { readonly kind: 'known'; readonly view: ServiceView }
  | { readonly kind: 'unknown'; readonly why: string };

async function look(service: string, signal: AbortSignal): Promise<Seen> {
  const { client } = Context.current();
  const handle = client.workflow.getHandle(serviceWorkflowId(service));
  const limit = AbortSignal.any([signal, AbortSignal.timeout(QUERY_WITHIN_MS)]);
  try {
    const view = await client.withAbortSignal(limit, () => handle.query<ServiceView>('state'));
    return { kind: 'known', view };
  } catch (error) {
    signal.throwIfAborted();
    const isUnknown = error instanceof Error && error.name === 'WorkflowNotFoundError';
    return { kind: 'unknown', why: isUnknown ? 'has no release' : 'does not answer' };
  }
}

async function untilOpen(
  clock: Clock,
  gate: Gate<'time'>,
  signal: AbortSignal,
): Promise<GateAnswer> {
  for (;;) {
    const nowMs = clock.nowMs();
    const opensAtMs = opensAt(gate, nowMs);
    if (opensAtMs <= nowMs) return { kind: 'go', text: `it is open: ${openHours(gate)}` };
    await clock.pause(Math.min(opensAtMs - nowMs, SLICE_MAX_MS), signal);
  }
}

function over(onTimeout: 'reject' | 'approve', last: string): GateAnswer {
  return onTimeout === 'approve'
    ? { kind: 'go', text: `the time is over; last: ${last}` }
    : { kind: 'stop', reason: `the time is over; last: ${last}` };
}
