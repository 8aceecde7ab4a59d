import { formatDuration } from '../quantity.ts';

/** How a running workflow stands with its server. Times are the server's, in ms since 1970. */
export interface RunStanding {
  readonly workflowId: string;
  readonly type: string;
  readonly historyLength: number;
  readonly task:
    | { readonly kind: 'none' }
    | {
        readonly kind: 'waits' | 'with_a_worker';
        readonly attempt: number;
        /** `waits`: since when; `with_a_worker`: since when it has it. */
        readonly sinceMs: number;
      };
  readonly activities: readonly PendingActivity[];
}

export interface PendingActivity {
  readonly type: string;
  /** When a worker should take it, or took it, or when it must have ended. */
  readonly dueMs: number;
  readonly waitsFor: 'a worker' | 'its end';
}

export interface RunTimer {
  readonly id: string;
  readonly dueMs: number;
}

export interface RunProblem {
  readonly condition: 'tasks_failing' | 'overdue';
  /** One line: `release/checkout/7 (canary): …`. */
  readonly text: string;
}

export interface RunLimits {
  /** A workflow task that was tried more often than this is failing. */
  readonly attempts: number;
  /** What is later than this is overdue. */
  readonly overdueByMs: number;
}

/** Everything that is wrong with one run at `nowMs`. */
export function runProblems(
  run: RunStanding,
  timers: readonly RunTimer[],
  nowMs: number,
  { attempts, overdueByMs }: RunLimits,
): readonly RunProblem[] {
  const { task } = run;
  const name = `${run.workflowId} (${run.type})`;
  const problems: RunProblem[] = [];
  if (task.kind !== 'none' && task.attempt > attempts) {
    const text = `${name}: its workflow task is at attempt ${task.attempt}`;
    problems.push({ condition: 'tasks_failing', text });
  }
  const late = duesOf(run, timers).find(({ dueMs }) => nowMs - dueMs > overdueByMs);
  if (late !== undefined) {
    const by = formatDuration(Math.floor((nowMs - late.dueMs) / 1000) * 1000);
    problems.push({ condition: 'overdue', text: `${name}: ${late.what}, ${by} late` });
  }
  return problems;
}

/** From when on this run may be overdue, unless something happens; `undefined`: it never is. */
export function overdueFromMs(
  run: RunStanding,
  timers: readonly RunTimer[],
  { overdueByMs }: RunLimits,
): number | undefined {
  const first = duesOf(run, timers)[0];
  return first === undefined ? undefined : first.dueMs + overdueByMs;
}

interface Due {
  readonly dueMs: number;
  readonly what: string;
}

/** What must happen next, the earliest first. */
function duesOf({ task, activities }: RunStanding, timers: readonly RunTimer[]): readonly Due[] {
  const ofTask = (sinceMs: number, what: string): Due => ({ dueMs: sinceMs, what });
  const dues: Due[] = activities.map(({ type, dueMs, waitsFor }) => ({
    dueMs,
    what: `activity ${type} waits for ${waitsFor}`,
  }));
  if (task.kind === 'waits')
    dues.push(ofTask(task.sinceMs, 'its workflow task waits for a worker'));
  if (task.kind === 'with_a_worker') {
    dues.push(ofTask(task.sinceMs, 'its workflow task was not given up by the server'));
  } else {
    // While a worker has the task, timers that fire are kept back and not in the history yet.
    for (const { id, dueMs } of timers) dues.push({ dueMs, what: `timer ${id} has not fired` });
  }
  return dues.toSorted((one, other) => one.dueMs - other.dueMs);
}
