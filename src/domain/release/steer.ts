import { formatDuration } from '../quantity.ts';
import type { Asked } from './commands.ts';
import {
  type Course,
  type Policy,
  answered,
  isAfterRetire,
  levelOf,
  movesTraffic,
  next,
  stopped,
} from './course.ts';
import type { Step } from './plan.ts';
import { VERBS, type Verb } from './progress.ts';

/** What a person asks of a running release, beside who, why and the id of the request. */
export interface Steering extends Asked {
  /** approve, reject. */
  readonly gate?: string;
  /** extend: the name of a step and how much longer. */
  readonly step?: string;
  readonly byMs?: number;
  /** resume, promote: in spite of a freeze window; `why` is its reason. */
  readonly overrideFreeze?: boolean;
}

const EXTENDED_MAX_MS = 30 * 86_400_000;

/** Every verb that the release takes now, in the order of the table of verbs. */
export function verbsOf(course: Course, policy: Policy): readonly Verb[] {
  return VERBS.filter((verb) => refuse(course, verb, {}, policy) === undefined);
}

type Wanted = Pick<Steering, 'gate' | 'step' | 'byMs' | 'overrideFreeze'>;

/** Why a verb makes no sense now; undefined when it does. Without details, whether it could at all. */
export function refuse(
  course: Course,
  verb: Verb,
  wanted: Wanted,
  policy: Policy,
): string | undefined {
  const step = course.plan[course.at];
  if (course.end !== null) return 'it is going back already';
  if (step === undefined) return 'it has come to its end';
  switch (verb) {
    case 'abort':
      return refuseAbort(course, step, policy);
    case 'pause':
      if (course.promoted) return 'the candidate is stable already';
      if (course.held !== null) return 'it waits for a person already';
      return course.pause === null ? undefined : 'it is paused already';
    case 'resume':
      if (course.pause !== null) return undefined;
      return course.freeze === null ? 'it is not paused' : frozen(course, wanted);
    case 'promote':
      return isMoving(course) ? `${step.name} is being carried out` : frozen(course, wanted);
    case 'promote_full':
      return refuseFull(course) ?? frozen(course, wanted);
    case 'step_back':
      if (course.promoted) return 'the candidate is stable already';
      if (isMoving(course)) return `${step.name} is being carried out`;
      return levelOf(course) < 0 || course.stand.weightPercent === 0
        ? 'the candidate has no traffic'
        : undefined;
    case 'retry':
      if (course.held === null) return 'no step has failed';
      return course.held.canRetry ? undefined : 'what failed is not one step';
    case 'approve':
    case 'reject':
      return refuseAnswer(course, step, wanted.gate);
    case 'extend':
      return refuseExtend(course, wanted);
    default:
      return verb satisfies never;
  }
}

function refuseAbort(course: Course, step: Step, { hasFallback }: Policy): string | undefined {
  if (step.kind === 'retire' || (course.promoted && isAfterRetire(course))) {
    return 'the version before is being removed';
  }
  return course.touched && !hasFallback ? 'there is no version to go back to' : undefined;
}

/**
 * Between the decision to enter a step and its end nobody can say where the release stands; a pause
 * or a freeze that came meanwhile changes nothing about that.
 */
function isMoving({ stage, pause, freeze, held, detour, busy }: Course): boolean {
  const isAboutTo = stage === 'entering' && (detour !== null || (!pause && !freeze));
  return held === null && (busy || isAboutTo);
}

/** A freeze that is over holds nothing any more, also where nobody has said so yet. */
export function thawedAt(course: Course, nowMs: number): Course {
  const { freeze } = course;
  return freeze !== null && freeze.untilMs <= nowMs ? { ...course, freeze: null } : course;
}

function frozen({ freeze }: Course, { overrideFreeze }: Wanted): string | undefined {
  if (freeze === null || overrideFreeze === true || overrideFreeze === undefined) return undefined;
  return (
    `the freeze window ${freeze.name} is open until ${new Date(freeze.untilMs).toISOString()}: ` +
    'override it with a reason'
  );
}

function refuseFull(course: Course): string | undefined {
  const { plan, at } = course;
  const ready = plan.findLastIndex(({ kind }) => kind === 'prove' || kind === 'validate');
  if (at <= ready) return 'the candidate has not been proven ready';
  const first = plan.findIndex((one) => one.kind !== 'scale' && movesTraffic(one));
  if (plan.slice(at, first).some(({ kind }) => kind === 'hook')) {
    return 'its hooks before traffic have not been called';
  }
  if (isMoving(course)) return `${plan[at]?.name ?? ''} is being carried out`;
  const isRolling = plan.some(({ kind }) => kind === 'batch');
  const last = plan.findLastIndex(({ kind }) => kind === 'weight' || kind === 'batch');
  const isThere = at > last || (at === last && course.stage === 'staying');
  if (isThere) return 'the candidate has all of the traffic';
  return isRolling && course.hurry ? 'it is in a hurry already' : undefined;
}

function refuseAnswer(course: Course, step: Step, gate: string | undefined): string | undefined {
  const waits = course.stage === 'staying' && course.held === null && step.kind === 'gate';
  if (!waits || step.gate.kind !== 'person') return 'it does not wait at a gate for a person';
  return gate === undefined || gate === step.name
    ? undefined
    : `it waits at the gate ${step.name}, not ${gate}`;
}

function refuseExtend(course: Course, { step: name, byMs }: Wanted): string | undefined {
  const { plan, at } = course;
  const timed = plan.filter((step, index) => index >= at && (timeOf(step) ?? 0) > 0);
  if (timed.length === 0) return 'no step that is still to come has a time';
  if (name === undefined || byMs === undefined) return undefined;
  const found = timed.find((step) => step.name === name);
  if (found === undefined) {
    return `no step ${name} is left; there are ${timed.map((step) => step.name).join(', ')}`;
  }
  if (!Number.isInteger(byMs) || byMs <= 0) return 'a step is extended by more than 0s';
  return (timeOf(found) ?? 0) + byMs > EXTENDED_MAX_MS
    ? `a step lasts ${formatDuration(EXTENDED_MAX_MS)} at most`
    : undefined;
}

function timeOf(step: Step): number | undefined {
  if (step.kind === 'gate') return step.gate.timeoutMs;
  return 'forMs' in step ? step.forMs : undefined;
}

/** The course after a verb that is not refused. */
export function steer(
  course: Course,
  verb: Verb,
  asked: Steering,
  nowMs: number,
  policy: Policy,
): Course {
  const { requestId, who, why } = asked;
  const by: Asked = { requestId, who, why };
  switch (verb) {
    case 'abort':
      return { ...course, end: { cause: 'manual', reason: why, asked: by } };
    case 'pause':
      return stopped({ ...course, pause: by }, nowMs);
    case 'resume': {
      // The end of a pause alone does not end a freeze.
      const freeze = asked.overrideFreeze === true ? null : course.freeze;
      return running({ ...course, pause: null, freeze }, nowMs);
    }
    case 'promote':
      return promoted(course);
    case 'promote_full':
      return inFull(course);
    case 'step_back':
      return steppedBack(course, by);
    case 'retry':
      return { ...course, held: null, stage: 'entering', clock: null, pause: null };
    case 'approve':
      return answered(course, { kind: 'go' }, policy);
    case 'reject':
      return rejected(course, by);
    case 'extend':
      return extended(course, asked);
    default:
      return verb satisfies never;
  }
}

function running(course: Course, nowMs: number): Course {
  const { clock } = course;
  if (clock === null || clock.sinceMs !== null) return course;
  return { ...course, clock: { ...clock, sinceMs: nowMs } };
}

function promoted(course: Course): Course {
  const free: Course = { ...course, pause: null, freeze: null, held: null, detour: null };
  return isOver(course) ? next(free) : free;
}

/**
 * Whether going on means the step after this one. At a barrier this one has not begun; one that
 * failed is left out only where nothing that comes after it rests on it.
 */
function isOver({ stage, held, plan, at }: Course): boolean {
  if (stage === 'staying') return true;
  return held !== null && held.canRetry && plan[at]?.kind === 'hook';
}

function inFull(course: Course): Course {
  const { plan } = course;
  const free: Course = { ...course, pause: null, freeze: null, held: null, detour: null };
  if (plan.some(({ kind }) => kind === 'batch')) {
    return { ...(isOver(course) ? next(free) : free), hurry: true };
  }
  const last = plan.findLastIndex(({ kind }) => kind === 'weight');
  const most = Math.max(
    ...plan.map((step) => (step.kind === 'scale' || step.kind === 'deploy' ? step.instances : 0)),
  );
  const entering = { ...free, stage: 'entering', clock: null } as const;
  // At the last weight itself all that comes before it has been done.
  if (course.at === last || course.stand.candidates >= most) return { ...entering, at: last };
  const step = plan[last - 1];
  if (step?.kind === 'scale' && step.instances >= most) return { ...entering, at: last - 1 };
  // The steps between that start more instances are left out: all that are missing start now.
  const { phase } = plan[last] ?? { phase: 'progressing' };
  const grow: Step = { kind: 'scale', name: `scale-to-${most}`, phase, instances: most };
  return { ...entering, at: last, plan: [...plan.slice(0, last), grow, ...plan.slice(last)] };
}

/** One level down, and there it stays until somebody says otherwise. */
function steppedBack(course: Course, by: Asked): Course {
  const level = levelOf(course);
  const step = course.plan[level];
  const target = step?.kind === 'batch' ? step.from : weightBefore(course, level);
  return {
    ...course,
    at: level,
    stage: 'entering',
    detour: target,
    pause: by,
    held: null,
    clock: null,
  };
}

function weightBefore({ plan, stand }: Course, level: number): number {
  const lower = plan
    .slice(0, level + 1)
    .flatMap((step) => (step.kind === 'weight' ? [step.weightPercent] : []))
    .filter((weight) => weight < stand.weightPercent);
  return Math.max(0, ...lower);
}

/** A person's no is an end, also where the release may not go back without one. */
function rejected(course: Course, by: Asked): Course {
  return { ...course, end: { cause: 'GateClosed', reason: by.why, asked: by } };
}

function extended(course: Course, { step: name, byMs = 0 }: Steering): Course {
  const plan = course.plan.map((step): Step => {
    if (step.name !== name) return step;
    if (step.kind === 'gate') {
      const timeoutMs = (step.gate.timeoutMs ?? 0) + byMs;
      return { ...step, gate: withTimeout(step.gate, timeoutMs) };
    }
    return 'forMs' in step ? { ...step, forMs: step.forMs + byMs } : step;
  });
  const isCurrent = course.plan[course.at]?.name === name && course.stage === 'staying';
  const { clock } = course;
  if (!isCurrent || clock === null) return { ...course, plan };
  return { ...course, plan, clock: { ...clock, leftMs: clock.leftMs + byMs } };
}

function withTimeout(
  gate: Extract<Step, { kind: 'gate' }>['gate'],
  timeoutMs: number,
): Extract<Step, { kind: 'gate' }>['gate'] {
  switch (gate.kind) {
    case 'person':
      return { ...gate, timeoutMs };
    case 'webhook':
      return { ...gate, timeoutMs };
    case 'after':
      return { ...gate, timeoutMs };
    case 'time':
      return gate;
    default:
      return gate satisfies never;
  }
}
