import { ApplicationFailure, Context, activityInfo } from '@temporalio/activity';
import { formatDuration } from '../domain/quantity.ts';
import { Failure } from '../domain/failure.ts';
import {
  type Attempt,
  type Tried,
  attemptsBefore,
  isTried,
  mayHaveArrived,
  withAttempt,
} from '../domain/escalation/ledger.ts';
import { type PlannedLevel, planAssigned, planLevel } from '../domain/escalation/plan-level.ts';
import type {
  FoundPolicy,
  PageLeft,
  PageSent,
  PlanAssignedRequest,
  PlanLevelRequest,
  SendPageRequest,
  ShowStatusRequest,
} from '../domain/escalation/page-request.ts';
import type { Page } from '../domain/paging/page.ts';
import { rosterOf } from '../domain/paging/roster.ts';
import { lastResortOf, snapshotOf } from '../domain/paging/snapshot-of.ts';
import type { Delivery, PageChannel } from '../providers/page/page-channel.ts';
import type { PagingDeps } from './paging-deps.ts';
import { toApplicationFailure } from './failure.ts';

export type PagingActivities = ReturnType<typeof createPagingReads> &
  ReturnType<typeof createPagingSends>;

/** What an incident looks up: it is only read, and runs inside the workflow task. */
export function createPagingReads({ paging }: PagingDeps) {
  return {
    /** The policy as it is written now, and what is said where it cannot be had. */
    async findPolicy(name: string): Promise<FoundPolicy> {
      const read = paging.read();
      if (read.kind === 'unusable') return { kind: 'unknown', why: read.why, lastResort: [] };
      const policy = snapshotOf(read.paging, name);
      if (policy !== undefined) return { kind: 'found', policy };
      const known = Object.keys(read.paging.policies).join(', ') || 'none';
      const why = `there is no policy ${name} in the workers' paging file (it has: ${known})`;
      return {
        kind: 'unknown',
        why,
        ...lastResortOf(read.paging.channels, read.paging.lastResort),
      };
    },

    async planLevel({ atMs, ...request }: PlanLevelRequest): Promise<PlannedLevel> {
      return planLevel(rosterNow(paging), request, atMs);
    },

    async planAssigned({ targets, turn, atMs }: PlanAssignedRequest) {
      return planAssigned(rosterNow(paging), targets, turn, atMs);
    },
  };
}

/** A worker without a usable file plans nothing: another one may have it, or it is mended. */
function rosterNow(paging: PagingDeps['paging']) {
  const read = paging.read();
  if (read.kind === 'unusable') throw new Error(read.why);
  return rosterOf(read.paging);
}

/** What reaches people; served from a queue of its own. */
export function createPagingSends(deps: PagingDeps) {
  return {
    /**
     * One attempt at one page. Before it begins, Temporal is told so and asked whether it is still
     * wanted: what has been called off is never sent, and an attempt whose worker died stays known.
     * Ends for good when it may have arrived and the incident does not know that yet: called off
     * while it waits for its next try, it would say nothing.
     */
    async sendPage(request: SendPageRequest): Promise<PageSent> {
      const page = { ...request, action: 'trigger' } as const;
      const { earlier = [] } = request;
      const { receipt, handle, attempts } = await attempt(
        deps,
        { ...page, earlier, isUnknownLast: !mayHaveArrived(earlier) },
        (port, wanted) => port.send(wanted, NEVER_ABORTED),
      );
      return { receipt, handle: handle ?? null, attempts };
    },

    /** Shows another status on a message that was sent before. */
    async showStatus(request: ShowStatusRequest): Promise<{ readonly receipt: string }> {
      return attempt(deps, { ...request, earlier: [], isUnknownLast: false }, (port, page) =>
        port.update(page, request.handle ?? '', NEVER_ABORTED),
      );
    },
  };
}

interface Wanted extends Omit<ShowStatusRequest, 'handle'>, Pick<SendPageRequest, 'alert'> {
  readonly earlier: readonly Attempt[];
  /** No try follows one that may have arrived. */
  readonly isUnknownLast: boolean;
}

async function attempt(
  deps: PagingDeps,
  request: Wanted,
  work: (port: PageChannel, page: Page) => Promise<Delivery>,
): Promise<Delivery & { readonly attempts: readonly Attempt[] }> {
  const { paging, clock, temporal } = deps;
  const { channel, person, contact, key, action, incident, round, level } = request;
  const before = attemptsOfTries(request.earlier);
  const atMs = clock.nowMs();
  const found = find(deps, channel, person, contact);
  if (found.kind === 'missing') throw rejected(found.why, before, atMs);
  if (found.kind === 'unusable') {
    nothingBegun(before);
    // Another worker may have a file that can be used.
    throw new Failure('PageUndelivered', found.why);
  }
  const budget = paging.budget(channel, found.spec.rate);
  const permit = budget.take({ key, dueMs: request.dueMs }, atMs);
  if (permit.kind === 'wait') {
    nothingBegun(before);
    throw notYet(channel, permit.forMs, before);
  }
  const tried = (outcome: Attempt['outcome'], text: string): readonly Attempt[] =>
    withAttempt(before, { atMs, outcome, text });
  const page: Page = {
    ...{ dedupKey: key, action, incident, round, level, alert: request.alert },
    to: found.to,
    who: person ?? undefined,
    maybeRepeated: mayHaveArrived(before),
  };
  const handle = found.port.handleOf?.(page);
  const { cancellationSignal } = Context.current();
  const begun = { attempts: tried('unknown', 'begun'), handle };
  if (!(await temporal.begin(begun, cancellationSignal))) {
    budget.leave(key);
    throw ApplicationFailure.create({
      type: 'CalledOff',
      message: `${channel}: called off before it began`,
      nonRetryable: true,
      details: [before],
      category: 'BENIGN',
    });
  }
  try {
    const delivery = await work(found.port, page);
    return { ...delivery, attempts: tried('accepted', delivery.receipt) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.retryAfterMs !== undefined) {
      // From when it was asked for: the answer may have taken seconds.
      const nowMs = clock.nowMs();
      budget.blockUntil(nowMs + error.retryAfterMs, nowMs);
    }
    const isUnknown = error.isUnknown === true;
    const attempts = tried(isUnknown ? 'unknown' : 'failed', error.message);
    await temporal.begin({ attempts, handle }, cancellationSignal);
    throw withAttempts(error, attempts, {
      handle: mayHaveArrived(attempts) ? handle : undefined,
      isUnfinished: isUnknown && request.isUnknownLast,
    });
  }
}

/** What has begun goes to its end, so that it is known; its channel ends it within 10 s. */
const NEVER_ABORTED = new AbortController().signal;

function attemptsOfTries(earlier: readonly Attempt[]): readonly Attempt[] {
  const { heartbeatDetails, attempt: number, scheduledTimestampMs } = activityInfo();
  const left = isTried(heartbeatDetails) ? heartbeatDetails : { attempts: earlier, tries: 0 };
  return attemptsBefore(left, number, scheduledTimestampMs);
}

/** This try sends nothing: the next one need not say that it may be a repeat. */
function nothingBegun(attempts: readonly Attempt[]): void {
  const left: Tried = { attempts, tries: activityInfo().attempt };
  Context.current().heartbeat(left);
}

function find({ paging }: PagingDeps, name: string, person: string | null, contact: string | null) {
  const read = paging.read();
  if (read.kind === 'unusable') return read;
  const { channels, people } = read.paging;
  const spec = Object.hasOwn(channels, name) ? channels[name] : undefined;
  if (spec === undefined)
    return { kind: 'missing', why: `there is no channel ${name} any more` } as const;
  const port = paging.channel(name, spec);
  if (person === null || contact === null)
    return { kind: 'found', port, spec, to: undefined } as const;
  const own = Object.hasOwn(people, person) ? people[person]?.contacts[contact] : undefined;
  if (own === undefined || own.channel !== name) {
    return {
      kind: 'missing',
      why: `${person} has no contact ${contact} in ${name} any more`,
    } as const;
  }
  return { kind: 'found', port, spec, to: own.to } as const;
}

function rejected(why: string, before: readonly Attempt[], atMs: number): unknown {
  const attempts = withAttempt(before, { atMs, outcome: 'failed', text: why });
  return withAttempts(new Failure('PageRejected', why), attempts, { isUnfinished: false });
}

function withAttempts(failure: Failure, attempts: readonly Attempt[], left: PageLeft): unknown {
  const failed = toApplicationFailure(failure);
  if (!(failed instanceof ApplicationFailure)) return failed;
  const { message, nonRetryable, nextRetryDelay } = failed;
  return ApplicationFailure.create({
    ...{ type: failure.code, message, nonRetryable: left.isUnfinished || nonRetryable === true },
    cause: failure,
    details: [attempts, left],
    ...(nextRetryDelay === undefined ? {} : { nextRetryDelay }),
  });
}

/** No attempt has been made: Temporal keeps the wait, so that an acknowledgement ends it. */
function notYet(channel: string, forMs: number, before: readonly Attempt[]): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'NotYet',
    message: `${channel} takes the next page in ${formatDuration(forMs)}`,
    details: [before],
    nextRetryDelay: forMs,
    category: 'BENIGN',
  });
}
