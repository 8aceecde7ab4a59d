import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Course,
  type Move,
  type Policy,
  answered,
  beginning,
  elapsed,
  entered,
  failed,
  freezing,
  newCourse,
  nextMove,
  reached,
} from '../../../src/domain/release/course.ts';
import { instancesFor } from '../../../src/domain/release/capacity.ts';
import { planOf } from '../../../src/domain/release/plan.ts';
import { VERBS } from '../../../src/domain/release/progress.ts';
import type { ReleaseDocument } from '../../../src/domain/release/release.schema.ts';
import { refuse, steer, verbsOf } from '../../../src/domain/release/steer.ts';
import { specOf } from './specs.ts';

/**
 * Releases of every strategy through random schedules of events: verbs of people, failures,
 * freeze windows, answers of gates, in any order and at any moment. What may never happen is
 * checked after each event.
 */
const DESIRED = 10;

const strategies: Readonly<Record<string, Partial<ReleaseDocument>>> = {
  blue_green: { strategy: 'blue_green' },
  weighted: { strategy: 'blue_green', switch_steps: [10, 50, 100], promotion: 'manual' },
  canary: { strategy: 'canary' },
  written: {
    strategy: 'canary',
    steps: [
      { scale: '20%' },
      { weight: 20, for: '5m' },
      { hold: 'until_approved' },
      { match: { header: 'x-beta', exact: 'yes' } },
      { weight: 50 },
      { analysis: '10m' },
      { mirror: 10, for: '1m' },
      { weight: 80, for: '1m' },
    ],
  },
  scaled: {
    strategy: 'canary',
    steps: [
      { scale: '10%' },
      { weight: 10, for: '5m' },
      { scale: '60%' },
      { hold: '5m' },
      { weight: 50, for: '5m' },
    ],
  },
  rolling: { strategy: 'rolling' },
  ab_test: { strategy: 'ab_test' },
};

interface Said {
  readonly kind: 'verb';
  readonly verb: (typeof VERBS)[number];
  readonly override: boolean;
}

type Event =
  | Said
  | { readonly kind: 'go_on'; readonly afterMs: number; readonly meanwhile: readonly Said[] }
  | { readonly kind: 'fail'; readonly undone: boolean }
  | { readonly kind: 'breach' }
  | { readonly kind: 'answer'; readonly go: boolean }
  | { readonly kind: 'freeze'; readonly onBegin: 'hold' | 'finish' | 'return' };

const saying = fc.record({
  kind: fc.constant('verb' as const),
  verb: fc.constantFrom(...VERBS),
  override: fc.boolean(),
});

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('go_on' as const),
      afterMs: fc.nat(9e5),
      // Said while a step is being carried out.
      meanwhile: fc.array(saying, { maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('fail' as const), undone: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'breach' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('answer' as const), go: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: saying,
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('freeze' as const),
      onBegin: fc.constantFrom('hold' as const, 'finish' as const, 'return' as const),
    }),
  },
);

/** The world as the moves make it: what has been entered, and what the data plane serves. */
interface World {
  nowMs: number;
  /** Every step that was entered, with what was aimed at; a step back is allowed to come again. */
  readonly entered: { readonly name: string; readonly detour: boolean }[];
  candidates: number;
  weightPercent: number;
}

function apply(course: Course, one: Event, world: World, policy: Policy): Course {
  const move = nextMove(course);
  switch (one.kind) {
    case 'verb':
      return ask(course, one, world, policy);
    case 'freeze': {
      const window = { name: 'friday', untilMs: world.nowMs + 3_600_000, onBegin: one.onBegin };
      return freezing(course, window);
    }
    case 'go_on':
      world.nowMs += one.afterMs;
      return carryOut(course, move, world, policy, one.meanwhile);
    case 'fail':
      if (move.kind !== 'enter') return course;
      return failed(
        beginning(course),
        { trigger: 'HealthCheckFailed', reason: 'no', canRetry: true, undone: one.undone },
        policy,
      );
    case 'breach': {
      const watched = move.kind === 'stay' && move.why !== 'held' && course.touched;
      const trouble = { trigger: 'error_rate', reason: '40 %', canRetry: false } as const;
      return watched ? failed(course, trouble, policy) : course;
    }
    case 'answer': {
      if (move.kind !== 'stay' || move.why !== 'gate') return course;
      const answer = one.go ? ({ kind: 'go' } as const) : ({ kind: 'stop', reason: 'no' } as const);
      return answered(course, answer, policy);
    }
    default:
      return one satisfies never;
  }
}

function ask(course: Course, { verb, override }: Said, world: World, policy: Policy): Course {
  const current = course.plan[course.at];
  const wanted = { step: current?.name ?? 'none', byMs: 60_000, overrideFreeze: override };
  const gate = current?.kind === 'gate' ? { gate: current.name } : {};
  if (refuse(course, verb, { ...wanted, ...gate }, policy) !== undefined) return course;
  const asked = { requestId: 'r', who: 'ada', why: 'because', ...wanted, ...gate };
  const after = steer(course, verb, asked, world.nowMs, policy);
  // What is not refused changes something.
  expect(after).not.toEqual(course);
  return after;
}

function carryOut(
  course: Course,
  move: Move,
  world: World,
  policy: Policy,
  meanwhile: readonly Said[] = [],
): Course {
  if (move.kind === 'end' || move.kind === 'done') return course;
  if (move.kind === 'stay') {
    if (move.untilMs === null) return course;
    world.nowMs = Math.max(world.nowMs, move.untilMs);
    return elapsed(course, world.nowMs, policy);
  }
  const { step, target } = move;
  world.entered.push({ name: step.name, detour: target !== null });
  let now = beginning(course);
  for (const one of meanwhile) now = ask(now, one, world, policy);
  // Called off in the middle: what moves traffic is brought to its end all the same.
  if (now.end !== null && step.kind !== 'weight' && step.kind !== 'batch') return now;
  if (step.kind === 'deploy' || step.kind === 'scale') world.candidates = step.instances;
  if (step.kind === 'batch') world.candidates = target ?? step.to;
  if (step.kind === 'weight') world.weightPercent = target ?? step.weightPercent;
  const isCutOff = now.end !== null && step.kind === 'batch';
  const after = isCutOff ? reached(now, target, world.nowMs) : entered(now, world.nowMs);
  expect(after.stand.candidates).toBe(world.candidates);
  if (step.kind === 'weight') expect(after.stand.weightPercent).toBe(world.weightPercent);
  return after;
}

function check(before: Course, course: Course, world: World): void {
  const { stand, plan } = course;
  expect(stand.weightPercent).toBeGreaterThanOrEqual(0);
  expect(stand.weightPercent).toBeLessThanOrEqual(100);
  // No version gets more than its capacity can carry.
  if (stand.weightPercent > 0) {
    const needed = instancesFor(Math.min(stand.weightPercent, 99), DESIRED);
    expect(stand.candidates).toBeGreaterThanOrEqual(needed);
  }
  // The old version is removed only when the candidate has all of the traffic and is stable.
  if (nextMove(course).kind === 'enter' && plan[course.at]?.kind === 'retire') {
    expect(course.promoted).toBe(true);
    expect(stand.weightPercent).toBe(100);
  }
  // Nothing becomes stable that has not all of the traffic.
  if (nextMove(course).kind === 'enter' && plan[course.at]?.kind === 'promote') {
    expect(stand.weightPercent).toBe(100);
  }
  // Time and order only go forward, except where a person steps back or a step is tried again.
  if (before.end !== null) expect(course.end).toEqual(before.end);
  expect(world.nowMs).toBeGreaterThanOrEqual(0);
}

const cases = fc.record({
  strategy: fc.constantFrom(...Object.keys(strategies)),
  autoRollback: fc.boolean(),
  hasFallback: fc.boolean(),
  events: fc.array(event, { maxLength: 80 }),
});

test('no schedule of events breaks what must hold, and none can wedge a release', () => {
  fc.assert(
    fc.property(cases, ({ strategy, autoRollback, hasFallback, events }) => {
      const spec = specOf({
        ...strategies[strategy],
        environment: { kind: 'memory', instances: 10 },
      });
      const plan = planOf(spec, { stableInstances: hasFallback ? DESIRED : null, fast: false });
      const policy: Policy = { autoRollback, hasFallback };
      const world: World = { nowMs: 1_000_000, entered: [], candidates: 0, weightPercent: 0 };
      let course = newCourse(plan, world.nowMs);
      for (const one of events) {
        const before = course;
        course = apply(course, one, world, policy);
        check(before, course, world);
      }
      expect(mayEnd(course, world, policy)).toBe(true);
      expectOnce(world, events);
    }),
    { numRuns: 6000 },
  );
}, 60_000);

/** From wherever it is: a person who answers whatever it waits for brings it to an end. */
function mayEnd(from: Course, world: World, policy: Policy): boolean {
  let course = from;
  for (let turn = 0; turn < 200; turn += 1) {
    const move = nextMove(course);
    if (move.kind === 'done' || move.kind === 'end') return true;
    if (move.kind === 'stay' && move.untilMs === null) {
      const verbs = verbsOf(course, policy);
      // Somebody can always do something about a wait without an end.
      expect(verbs.length).toBeGreaterThan(0);
      const verb = ['resume', 'approve', 'promote', 'abort'].find((name) =>
        verbs.some((one) => one === name),
      );
      const wanted = VERBS.find((one) => one === verb);
      if (wanted === undefined) return false;
      const asked = { requestId: 'r', who: 'ada', why: 'go on', overrideFreeze: true };
      course = steer(course, wanted, asked, world.nowMs, policy);
      continue;
    }
    course = carryOut(course, move, world, policy);
  }
  return false;
}

/** No step is entered twice, unless a person asked for it. */
function expectOnce(world: World, events: readonly Event[]): void {
  const again = events.some(
    (one) => one.kind === 'verb' && (one.verb === 'step_back' || one.verb === 'retry'),
  );
  if (again) return;
  const names = world.entered.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
}
