import type { RunId, TemporalView } from '../client/temporal-view.ts';
import type { Observation } from '../domain/watchdog/observation.ts';
import {
  type RunLimits,
  type RunProblem,
  type RunTimer,
  overdueFromMs,
  runProblems,
} from '../domain/watchdog/run-problems.ts';

type View = Pick<TemporalView, 'running' | 'reported' | 'standing' | 'openTimers'>;

export interface RunsSettings extends RunLimits {
  readonly taskQueue: string;
  /** Of running workflows that are looked at in a round because it is their turn. */
  readonly runsAtOnce: number;
}

/** How far the looking has come. */
export interface Sweep {
  /** Running workflows that are known. */
  readonly known: number;
  /** When the last whole pass over all of them ended; `undefined`: none has. */
  readonly endedAtMs: number | undefined;
}

export interface RunsLook {
  /** Looks at those that had a problem, those that may be overdue, and at the next part of all. */
  round(nowMs: number): Promise<readonly Observation[]>;
  sweep(): Sweep;
}

interface KnownRun {
  readonly run: RunId;
  readonly historyLength: number;
  readonly timers: readonly RunTimer[];
  readonly overdueFromMs: number;
  readonly problems: readonly RunProblem[];
  /** The pass over all of them in which it was last looked at. */
  readonly pass: number;
}

/** Of those that are looked at out of turn, for each reason. */
const OUT_OF_TURN_MAX = 100;
/** More are looked at all the same, but only when it is their turn. */
const KNOWN_MAX = 20_000;
const EVENTS_MAX = 100;
const AT_THE_SAME_TIME = 8;
const TOLD_MAX = 5;

/** Asks Temporal for little in each round, however many workflows there are. */
export function createRunsLook(view: View, settings: RunsSettings): RunsLook {
  const known = new Map<string, KnownRun>();
  let next: Uint8Array | undefined;
  let pass = 0;
  let endedAtMs: number | undefined;

  async function lookAt(run: RunId, nowMs: number): Promise<void> {
    const before = known.get(run.runId);
    const standing = await view.standing(run);
    // Anew at the end: those that were not looked at for the longest time come first.
    known.delete(run.runId);
    if (standing === undefined) return;
    const { historyLength } = standing;
    const timers =
      before?.historyLength === historyLength
        ? before.timers
        : await view.openTimers(run, EVENTS_MAX);
    const problems = runProblems(standing, timers, nowMs, settings);
    if (known.size >= KNOWN_MAX && problems.length === 0) return;
    known.set(run.runId, {
      ...{ run, historyLength, timers, problems, pass },
      overdueFromMs: overdueFromMs(standing, timers, settings) ?? Number.POSITIVE_INFINITY,
    });
  }

  function outOfTurn(isWanted: (one: KnownRun) => boolean): readonly RunId[] {
    const wanted = [...known.values()].filter(isWanted).slice(0, OUT_OF_TURN_MAX);
    return wanted.map(({ run }) => run);
  }

  async function inTurn(): Promise<readonly RunId[]> {
    const page = await view.running(settings.taskQueue, settings.runsAtOnce, next);
    ({ next } = page);
    return page.runs;
  }

  /** What has ended is in no pass any more. */
  function endPass(nowMs: number): void {
    for (const [runId, one] of known) if (one.pass < pass) known.delete(runId);
    pass += 1;
    endedAtMs = nowMs;
  }

  return {
    async round(nowMs) {
      const asked = await Promise.all([
        view.reported(settings.taskQueue, OUT_OF_TURN_MAX),
        inTurn(),
      ]);
      const runs = [
        ...outOfTurn(({ problems }) => problems.length > 0),
        ...outOfTurn((one) => one.overdueFromMs < nowMs),
        ...asked.flat(),
      ];
      const once = [...new Map(runs.map((run) => [run.runId, run])).values()];
      await eachOf(once, (run) => lookAt(run, nowMs));
      if (next === undefined) endPass(nowMs);
      const all = [...known.values()];
      const conditions = ['tasks_failing', 'overdue'] as const;
      return conditions.map((condition) => observed(condition, settings.taskQueue, all));
    },
    sweep: () => ({ known: known.size, endedAtMs }),
  };
}

function observed(
  condition: RunProblem['condition'],
  queue: string,
  known: readonly KnownRun[],
): Observation {
  const problems = known.flatMap((one) =>
    one.problems.filter((problem) => problem.condition === condition),
  );
  if (problems.length === 0) {
    return { condition, queue, state: 'good', text: `${known.length} running workflows are known` };
  }
  const told = problems.slice(0, TOLD_MAX).map(({ text }) => text);
  const more = problems.length - told.length;
  if (more > 0) told.push(`and ${more} more`);
  return { condition, queue, state: 'bad', text: told.join('\n') };
}

/** A few at the same time; the first failure ends it. */
async function eachOf<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const one = async (): Promise<void> => {
    for (let each = left.shift(); each !== undefined; each = left.shift()) {
      try {
        await work(each);
      } catch (error) {
        left.length = 0;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_THE_SAME_TIME }, one));
}
