import { Context, activityInfo } from '@temporalio/activity';
import {
  type FlushEnd,
  type FlushPage,
  type FlushRequest,
  type Flushed,
  SEND_FOR_MS,
} from '../domain/alerting/flush.ts';
import { type Attempt, mayHaveArrived, withAttempt } from '../domain/escalation/ledger.ts';
import { Failure } from '../domain/failure.ts';
import type { Page } from '../domain/paging/page.ts';
import type { Paging } from '../domain/paging/paging-file.ts';
import type { PageChannel } from '../providers/page/page-channel.ts';
import type { RateBudget } from '../providers/page/rate-budget.ts';
import type { Clock } from './clock.ts';
import type { PagingDeps } from './paging-deps.ts';

/** So many pages begin together; of as many it may be unknown after a kill whether they arrived. */
const TOGETHER_MAX = 50;
const BACKOFF_MS = { first: 500, max: 15_000 };
/** Pages that have arrived are not kept waiting for longer by those that have not. */
const RETURNS_AFTER_MS = 5000;
const RETURNS_WITHIN_MS = 20_000;
const LOST = 'nothing has been heard of it: its worker may have died';

/** What is left with Temporal before each call, for the next try of the activity. */
interface Left {
  readonly ends: readonly FlushEnd[];
  readonly begun: readonly Pick<Pending, 'key' | 'attempts'>[];
}

interface Pending {
  readonly key: string;
  readonly page: FlushPage;
  readonly attempts: readonly Attempt[];
  readonly notBeforeMs: number;
}

type FlushDeps = PagingDeps & { readonly clock: Clock };

interface Channel {
  readonly port: PageChannel;
  readonly budget: RateBudget;
  readonly fallback: string | null;
}

/** What tells channels of groups of alerts. */
export function createFlush(deps: FlushDeps) {
  return {
    /**
     * Sends the pages of a batch, each at most once unless its worker dies amid them: then those
     * that had begun are sent again and say so. Before any begins, but for the first of the first
     * try, which has just come from there, Temporal is asked whether they are still wanted. Returns
     * soon after the first have ended: others are `later`.
     */
    async flushPages(request: FlushRequest): Promise<Flushed> {
      const startedMs = deps.clock.nowMs();
      const { cancellationSignal } = Context.current();
      const run = beginRun(request, startedMs);
      const read = deps.paging.read();
      if (read.kind === 'unusable') {
        // The next try must not take it that this one had begun with pages.
        await deps.temporal.begin(run.left([], startedMs), cancellationSignal);
        throw new Failure('PageUndelivered', read.why);
      }
      const channel = find(deps, read.paging, request.channel);
      if (typeof channel === 'string') return run.rejected(channel);
      const isLong = (waitMs: number): boolean => {
        const passedMs = deps.clock.nowMs() - startedMs;
        return (
          (run.ends.size > 0 && passedMs > RETURNS_AFTER_MS) ||
          passedMs + waitMs > RETURNS_WITHIN_MS
        );
      };
      for (let isFresh = activityInfo().attempt === 1; run.pending.size > 0; isFresh = false) {
        const nowMs = deps.clock.nowMs();
        run.giveUp(nowMs);
        const { together, waitMs } = run.next(channel.budget, nowMs);
        if (together.length > 0) {
          const isWanted =
            (isFresh && !cancellationSignal.aborted) ||
            (await deps.temporal.begin(run.left(together, nowMs), cancellationSignal));
          if (!isWanted) return run.over('called_off', channel);
          await Promise.all(together.map((one) => sendOne(deps, channel, run, one)));
          continue;
        }
        if (run.pending.size === 0) break;
        if (isLong(waitMs)) return run.over('later', channel);
        try {
          await deps.clock.pause(waitMs, cancellationSignal);
        } catch {
          return run.over('called_off', channel);
        }
        Context.current().heartbeat(run.left([], nowMs));
      }
      return run.over('later', channel);
    },
  };
}

function find({ paging }: PagingDeps, { channels }: Paging, name: string): Channel | string {
  const spec = Object.hasOwn(channels, name) ? channels[name] : undefined;
  if (spec === undefined) return `there is no channel ${name} in the workers' paging file`;
  return {
    port: paging.channel(name, spec),
    budget: paging.budget(name, spec.rate),
    fallback: spec.fallback ?? null,
  };
}

type Run = ReturnType<typeof beginRun>;

function beginRun({ pages }: FlushRequest, startedMs: number) {
  const before = leftBefore();
  const ends = new Map((before?.ends ?? []).map((one) => [one.key, one] as const));
  const pending = new Map<string, Pending>();
  for (const page of pages) {
    const { key } = page;
    if (ends.has(key)) continue;
    const begun = before?.begun.find((one) => one.key === key)?.attempts;
    const attempts = begun ?? page.earlier;
    pending.set(key, { key, page, attempts, notBeforeMs: startedMs });
  }
  if (before === undefined && activityInfo().attempt > 1) {
    // It died before it said anything: amid the first of them, for all that is known.
    for (const one of [...pending.values()].slice(0, TOGETHER_MAX)) {
      pending.set(one.key, { ...one, attempts: lostAfter(one.attempts, startedMs) });
    }
  }

  function end(key: string, state: FlushEnd['state'], given: Partial<FlushEnd> = {}): void {
    const one = pending.get(key);
    if (one === undefined) return;
    pending.delete(key);
    ends.set(key, { key, state, attempts: one.attempts, receipt: null, ...given });
  }

  return {
    pending,
    ends,
    end,
    /** What may begin now, and how long it is until more may. */
    next(budget: RateBudget, nowMs: number) {
      const together: Pending[] = [];
      let waitMs = 1000;
      for (const one of pending.values()) {
        if (together.length === TOGETHER_MAX) break;
        if (one.notBeforeMs > nowMs) {
          waitMs = Math.min(waitMs, one.notBeforeMs - nowMs);
          continue;
        }
        const permit = budget.take({ key: one.key, dueMs: one.page.dueMs }, nowMs);
        if (permit.kind === 'go') together.push(one);
        else {
          waitMs = Math.min(waitMs, Math.max(1, permit.forMs));
          break;
        }
      }
      return { together, waitMs };
    },
    giveUp(nowMs: number): void {
      for (const { key, page, attempts } of [...pending.values()]) {
        if (attempts.length === 0 || page.dueMs + SEND_FOR_MS > nowMs) continue;
        end(key, mayHaveArrived(attempts) ? 'unknown' : 'failed');
      }
    },
    failed(key: string, attempts: readonly Attempt[], againAtMs: number | null): void {
      const one = pending.get(key);
      if (one === undefined) return;
      pending.set(key, { ...one, attempts, notBeforeMs: againAtMs ?? one.notBeforeMs });
      if (againAtMs === null) end(key, mayHaveArrived(attempts) ? 'unknown' : 'failed');
    },
    left(together: readonly Pending[], nowMs: number): Left {
      const now = new Set(together.map(({ key }) => key));
      const begun = [...pending.values()].map(({ key, attempts }) => ({
        key,
        attempts: now.has(key) ? lostAfter(attempts, nowMs) : attempts,
      }));
      return { ends: [...ends.values()], begun: begun.filter((one) => one.attempts.length > 0) };
    },
    rejected(why: string): Flushed {
      for (const { key, attempts } of [...pending.values()]) {
        const refused = withAttempt(attempts, { atMs: startedMs, outcome: 'failed', text: why });
        end(key, mayHaveArrived(attempts) ? 'unknown' : 'failed', { attempts: refused });
      }
      return { ends: [...ends.values()], fallback: null };
    },
    over(state: 'later' | 'called_off', { budget, fallback }: Channel): Flushed {
      for (const key of [...pending.keys()]) {
        budget.leave(key);
        end(key, state);
      }
      return { ends: [...ends.values()], fallback };
    },
  };
}

function lostAfter(attempts: readonly Attempt[], atMs: number): readonly Attempt[] {
  return withAttempt(attempts, { atMs, outcome: 'unknown', text: LOST });
}

function leftBefore(): Left | undefined {
  const { heartbeatDetails: left } = activityInfo();
  return typeof left === 'object' && left !== null && 'begun' in left && 'ends' in left
    ? (left as Left)
    : undefined;
}

/** What has begun goes to its end, so that it is known; its channel ends it within 10 s. */
const NEVER_ABORTED = new AbortController().signal;

async function sendOne(
  { clock }: PagingDeps,
  { port, budget }: Channel,
  run: Run,
  { key, page: asked, attempts }: Pending,
): Promise<void> {
  const atMs = clock.nowMs();
  const page: Page = {
    ...{ dedupKey: key, action: asked.action, incident: asked.incident, level: 1, round: 1 },
    ...{ to: undefined, who: undefined, maybeRepeated: mayHaveArrived(attempts) },
    alerts: asked.alerts,
  };
  try {
    const handle = page.action === 'resolve' ? port.handleOf?.(page) : undefined;
    const { receipt } =
      handle === undefined
        ? await port.send(page, NEVER_ABORTED)
        : await port.update(page, handle, NEVER_ABORTED);
    const all = withAttempt(attempts, { atMs, outcome: 'accepted', text: receipt });
    run.end(key, 'arrived', { attempts: all, receipt });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const nowMs = clock.nowMs();
    if (error.retryAfterMs !== undefined) budget.blockUntil(nowMs + error.retryAfterMs, nowMs);
    const outcome = error.isUnknown === true ? 'unknown' : 'failed';
    const all = withAttempt(attempts, { atMs, outcome, text: error.message });
    const backoffMs = Math.min(
      BACKOFF_MS.max,
      BACKOFF_MS.first * 2 ** Math.min(10, all.length - 1),
    );
    const againAtMs = nowMs + Math.max(backoffMs, error.retryAfterMs ?? 0);
    run.failed(key, all, error.code === 'PageRejected' ? null : againAtMs);
  }
}
