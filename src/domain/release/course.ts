import type { FailureCode } from '../failure.ts';
import type { Asked } from './commands.ts';
import type { Step } from './plan.ts';
import type { Cause, RollbackTrigger } from './progress.ts';

/**
 * Where a release stands in its plan. A pure state machine: the workflow carries out what
 * `nextMove` says and tells what came of it; people steer by `steer.ts`. Plain JSON.
 */
export interface Course {
  readonly plan: readonly Step[];
  /** The step that is carried out or waited at; `plan.length` when all is done. */
  readonly at: number;
  readonly stage: 'entering' | 'staying';
  /** What is in force: the candidate's share and the number of its instances. */
  readonly stand: Stand;
  /** Entered instead of the step's own target, after a step back. */
  readonly detour: number | null;
  /** Of a stay that has an end. */
  readonly clock: Clock | null;
  readonly pause: Asked | null;
  readonly freeze: Freeze | null;
  /** Something failed and nobody is allowed to go back without a person. */
  readonly held: Held | null;
  /** Traffic may have been moved: the way back is a rollback, not only a clean-up. */
  readonly touched: boolean;
  /** The candidate has been made stable. */
  readonly promoted: boolean;
  /** No more waits between batches. */
  readonly hurry: boolean;
  /** A step is being carried out: until that is over nobody can say where the release stands. */
  readonly busy: boolean;
  readonly end: End | null;
}

export interface Stand {
  readonly weightPercent: number;
  readonly candidates: number;
  /** Since when it is like this; what is judged begins here. */
  readonly sinceMs: number;
}

export interface Clock {
  readonly leftMs: number;
  /** Null while it stands still. */
  readonly sinceMs: number | null;
}

export interface Freeze {
  readonly name: string;
  readonly untilMs: number;
}

export interface Held {
  readonly trigger: RollbackTrigger | FailureCode;
  readonly reason: string;
  /** The step may be tried again as it is. */
  readonly canRetry: boolean;
  /** Nobody has answered by then: it goes back. Null, it waits for as long as it takes. */
  readonly untilMs: number | null;
}

export interface End {
  readonly cause: Cause;
  readonly reason: string;
  /** A person, or whoever acts for one. */
  readonly asked: Asked | null;
}

export interface Policy {
  readonly autoRollback: boolean;
  readonly hasFallback: boolean;
}

export type Move =
  | { readonly kind: 'enter'; readonly step: Step; readonly target: number | null }
  | {
      readonly kind: 'stay';
      readonly step: Step;
      readonly why: 'clock' | 'gate' | 'compare' | 'paused' | 'frozen' | 'held';
      /** Null: until somebody or something says otherwise. */
      readonly untilMs: number | null;
      /** Ends only when the version has been judged good; else it is only guarded meanwhile. */
      readonly judge: boolean;
    }
  | { readonly kind: 'end'; readonly end: End }
  | { readonly kind: 'done' };

export function newCourse(plan: readonly Step[], nowMs: number): Course {
  return {
    plan,
    at: 0,
    stage: 'entering',
    stand: { weightPercent: 0, candidates: 0, sinceMs: nowMs },
    detour: null,
    clock: null,
    pause: null,
    freeze: null,
    held: null,
    touched: false,
    promoted: false,
    hurry: false,
    busy: false,
    end: null,
  };
}

/** What is to be done now. Going back comes before everything else. */
export function nextMove(course: Course): Move {
  const { end, held, pause, freeze, detour } = course;
  if (end !== null) return { kind: 'end', end };
  const step = course.plan[course.at];
  if (step === undefined) return { kind: 'done' };
  const stay = { kind: 'stay', step, judge: false } as const;
  if (held !== null) return { ...stay, why: 'held', untilMs: held.untilMs };
  if (course.stage === 'entering') {
    // A step back is carried out although the release is paused by it.
    if (detour !== null) return { kind: 'enter', step, target: detour };
    if (pause !== null && canWait(step)) return { ...stay, why: 'paused', untilMs: null };
    if (freeze !== null && movesTraffic(step)) {
      return { ...stay, why: 'frozen', untilMs: freeze.untilMs };
    }
    return { kind: 'enter', step, target: null };
  }
  if (pause !== null) return { ...stay, why: 'paused', untilMs: null };
  const { clock } = course;
  const untilMs = clock?.sinceMs == null ? null : clock.sinceMs + clock.leftMs;
  switch (step.kind) {
    case 'gate':
      return { ...stay, why: 'gate', untilMs };
    case 'compare':
      return { ...stay, why: 'compare', untilMs };
    case 'stay':
      return { ...stay, why: 'clock', untilMs, judge: step.judge };
    case 'weight':
    case 'mirror':
      return { ...stay, why: 'clock', untilMs, judge: true };
    case 'keep':
      return { ...stay, why: 'clock', untilMs };
    case 'deploy':
    case 'prove':
    case 'validate':
    case 'hook':
    case 'scale':
    case 'match':
    case 'affinity':
    case 'promote':
    case 'retire':
    case 'batch':
      throw new RangeError(`a ${step.kind} step has no stay`);
    default:
      return step satisfies never;
  }
}

/** Once the old version is being removed there is nothing left to wait for. */
function canWait({ kind }: Step): boolean {
  return kind !== 'promote' && kind !== 'retire';
}

export function movesTraffic({ kind }: Step): boolean {
  switch (kind) {
    case 'weight':
    case 'batch':
    case 'match':
    case 'mirror':
    case 'affinity':
    case 'scale':
      return true;
    case 'deploy':
    case 'prove':
    case 'validate':
    case 'hook':
    case 'gate':
    case 'stay':
    case 'compare':
    case 'promote':
    case 'keep':
    case 'retire':
      return false;
    default:
      return kind satisfies never;
  }
}

/** The step is about to be carried out: from here on traffic may have moved, whatever is answered. */
export function beginning(course: Course): Course {
  const step = course.plan[course.at];
  const moves = step !== undefined && movesTraffic(step) && step.kind !== 'scale';
  return { ...course, busy: true, touched: course.touched || moves };
}

/** The step has been carried out; its stay begins, where it has one. */
export function entered(before: Course, nowMs: number): Course {
  const course = { ...before, busy: false };
  const step = course.plan[course.at];
  if (step === undefined) return course;
  if (course.detour !== null) {
    const stand = standAfter(course, step, course.detour, nowMs);
    return { ...course, detour: null, stand };
  }
  const stand = standAfter(course, step, null, nowMs);
  const promoted = course.promoted || step.kind === 'promote';
  const stayMs = stayOf(step);
  if (stayMs === undefined) return next({ ...course, stand, promoted });
  const clock = stayMs === null ? null : { leftMs: stayMs, sinceMs: nowMs };
  return stopped({ ...course, stand, promoted, stage: 'staying', clock }, nowMs);
}

/** What the step was to bring about is in force, although the step is not over. */
export function reached(course: Course, target: number | null, nowMs: number): Course {
  const step = course.plan[course.at];
  if (step === undefined) return course;
  return { ...course, busy: false, stand: standAfter(course, step, target, nowMs) };
}

function standAfter(course: Course, step: Step, target: number | null, nowMs: number): Stand {
  const { stand } = course;
  switch (step.kind) {
    case 'weight': {
      return { ...stand, weightPercent: target ?? step.weightPercent, sinceMs: nowMs };
    }
    case 'batch': {
      const candidates = target ?? step.to;
      const last = course.plan.findLast(({ kind }) => kind === 'batch');
      const all = last?.kind === 'batch' ? last.to : candidates;
      return { candidates, weightPercent: Math.round((100 * candidates) / all), sinceMs: nowMs };
    }
    case 'deploy':
    case 'scale':
      return { ...stand, candidates: step.instances };
    case 'match':
    case 'mirror':
    case 'affinity':
      return { ...stand, sinceMs: nowMs };
    case 'prove':
    case 'validate':
    case 'hook':
    case 'gate':
    case 'stay':
    case 'compare':
    case 'promote':
    case 'keep':
    case 'retire':
      return stand;
    default:
      return step satisfies never;
  }
}

/** How long a step is stayed at: null until it is answered, undefined not at all. */
export function stayOf(step: Step): number | null | undefined {
  switch (step.kind) {
    case 'weight':
    case 'mirror':
      return step.forMs === 0 ? undefined : step.forMs;
    case 'stay':
    case 'keep':
      return step.forMs === 0 ? undefined : step.forMs;
    case 'compare':
      return step.forMs;
    case 'gate':
      return step.gate.timeoutMs ?? null;
    case 'deploy':
    case 'prove':
    case 'validate':
    case 'hook':
    case 'scale':
    case 'match':
    case 'affinity':
    case 'promote':
    case 'retire':
      return undefined;
    // It has stabilized before it counts as carried out.
    case 'batch':
      return undefined;
    default:
      return step satisfies never;
  }
}

/** The stay is over and, where it was judged, the verdict was good. */
export function elapsed(course: Course, nowMs: number, policy: Policy): Course {
  if (course.held !== null) {
    const { trigger, reason } = course.held;
    const why = `${reason}; nobody answered`;
    return { ...course, held: null, end: { cause: trigger, reason: why, asked: null } };
  }
  if (course.freeze !== null && course.freeze.untilMs <= nowMs) {
    course = { ...course, freeze: null };
    if (course.stage === 'entering') return course;
  }
  const step = course.plan[course.at];
  if (step === undefined || course.stage === 'entering') return course;
  if (step.kind === 'gate' && step.gate.onTimeout === 'reject') {
    const reason = `the gate ${step.name} had no answer in time`;
    return failed(course, { trigger: 'GateClosed', reason, canRetry: true }, policy);
  }
  return next(course);
}

/** On to the next step, from whatever held this one up. */
export function next(course: Course): Course {
  return { ...course, at: course.at + 1, stage: 'entering', clock: null, held: null };
}

export interface Trouble {
  readonly trigger: RollbackTrigger | FailureCode;
  readonly reason: string;
  readonly canRetry: boolean;
  /** What the step did has been undone: nothing stands that is not known good. */
  readonly undone?: boolean;
  readonly holdUntilMs?: number;
}

/**
 * Something went wrong. Before any traffic the release simply ends; after it, it goes back by
 * itself, or holds where it may not or has nothing to go back to.
 */
export function failed(course: Course, trouble: Trouble, policy: Policy): Course {
  if (course.end !== null) return course;
  const { trigger, canRetry } = trouble;
  const now: Course = { ...course, busy: false, clock: null, detour: null };
  const nothingStands = trouble.undone === true && course.stand.candidates === 0;
  if (!course.touched || nothingStands) {
    return { ...now, end: { cause: trigger, reason: trouble.reason, asked: null } };
  }
  // A hook may fail after the version before has been removed, such as one that contracts.
  const hasFallback = policy.hasFallback && !isAfterRetire(course);
  const reason = hasFallback
    ? trouble.reason
    : `${trouble.reason} (there is no version to go back to)`;
  const holds = !hasFallback || !policy.autoRollback || trouble.undone === true;
  if (!holds) return { ...now, end: { cause: trigger, reason, asked: null } };
  const untilMs = trouble.holdUntilMs ?? null;
  return { ...now, held: { trigger, reason, canRetry, untilMs } };
}

/** Somebody has decided already, and moved the traffic: nobody is asked once more. */
export function decided(course: Course, reason: string): Course {
  if (course.end !== null) return course;
  return { ...course, end: { cause: 'TrafficTakenBack', reason, asked: null } };
}

/** The version before may be gone. */
export function isAfterRetire({ plan, at }: Course): boolean {
  return plan.slice(0, at).some(({ kind }) => kind === 'retire');
}

/** A gate was answered, by a person or by what it asks. */
export function answered(
  course: Course,
  answer: { readonly kind: 'go' } | { readonly kind: 'stop'; readonly reason: string },
  policy: Policy,
): Course {
  if (answer.kind === 'go') return next(course);
  return failed(course, { trigger: 'GateClosed', reason: answer.reason, canRetry: true }, policy);
}

/** A freeze window has begun for a release that runs. */
export function freezing(
  course: Course,
  window: Freeze & { readonly onBegin: 'hold' | 'finish' | 'return' },
): Course {
  if (course.end !== null || course.promoted) return course;
  const { name, untilMs } = window;
  switch (window.onBegin) {
    case 'finish':
      return course;
    case 'hold':
      return { ...course, freeze: { name, untilMs } };
    case 'return': {
      const reason = `the freeze window ${name} has begun`;
      return { ...course, end: { cause: 'FreezeWindow', reason, asked: null } };
    }
    default:
      return window.onBegin satisfies never;
  }
}

/** The clock stands still while the release is paused. */
export function stopped(course: Course, nowMs: number): Course {
  const { clock, pause } = course;
  if (clock === null || pause === null || clock.sinceMs === null) return course;
  const leftMs = Math.max(0, clock.leftMs - (nowMs - clock.sinceMs));
  return { ...course, clock: { leftMs, sinceMs: null } };
}

/** The last step that gave the candidate a share, and that is in force or was meant to be. */
export function levelOf(course: Course): number {
  const entering = course.stage === 'entering' && course.detour === null;
  const upTo = entering ? course.at : course.at + 1;
  return course.plan
    .slice(0, upTo)
    .findLastIndex(({ kind }) => kind === 'weight' || kind === 'batch');
}
