import { describe, expect, test } from 'vitest';
import {
  type Course,
  type Policy,
  beginning,
  elapsed,
  entered,
  failed,
  freezing,
  newCourse,
  nextMove,
} from '../../../src/domain/release/course.ts';
import { planOf } from '../../../src/domain/release/plan.ts';
import { VERBS, type Verb } from '../../../src/domain/release/progress.ts';
import { refuse, steer, thawedAt, verbsOf } from '../../../src/domain/release/steer.ts';
import { specOf } from './specs.ts';

const NOW_MS = 1_000_000;
const POLICY: Policy = { autoRollback: true, hasFallback: true };
const BY_HAND: Policy = { ...POLICY, autoRollback: false };
const ASKED = { requestId: 'r-1', who: 'ada', why: 'because' };

const plan = planOf(
  specOf({
    strategy: 'canary',
    steps: [
      { weight: 10, for: '1m' },
      { gate: { name: 'go', person: {} } },
      { weight: 50, for: '1m' },
    ],
  }),
  { stableInstances: 2, fast: false },
);

/** The course as it enters, or stays at, the step of this name. */
function at(name: string, stage: Course['stage']): Course {
  let course = newCourse(plan, NOW_MS);
  for (let turn = 0; turn < 50; turn += 1) {
    if (course.plan[course.at]?.name === name && course.stage === stage) return course;
    const move = nextMove(course);
    if (move.kind === 'enter') course = entered(beginning(course), NOW_MS);
    else if (move.kind === 'stay' && move.why === 'gate') course = said(course, 'approve');
    else course = elapsed(course, NOW_MS, POLICY);
  }
  throw new Error(`the plan has no ${stage} of ${name}`);
}

function said(course: Course, verb: Verb, more: object = {}): Course {
  expect(refuse(course, verb, more, POLICY)).toBeUndefined();
  return steer(course, verb, { ...ASKED, ...more }, NOW_MS, POLICY);
}

const breach = { trigger: 'error_rate', reason: '40 %', canRetry: false } as const;
const window = { name: 'friday', untilMs: NOW_MS + 1000, onBegin: 'hold' } as const;

/** Each state that a person can meet, with all that can be said to it. */
const STATES: readonly (readonly [string, Course, readonly Verb[]])[] = [
  ['an instance is started', at('deploy', 'entering'), ['pause', 'abort', 'extend']],
  ['health is checked', at('prove', 'entering'), ['pause', 'abort', 'extend']],
  ['a weight is being set', at('weight-10', 'entering'), ['pause', 'abort', 'extend']],
  [
    'a weight is watched',
    at('weight-10', 'staying'),
    ['pause', 'promote', 'promote_full', 'step_back', 'abort', 'extend'],
  ],
  [
    'it is paused at a weight',
    said(at('weight-10', 'staying'), 'pause'),
    ['resume', 'promote', 'promote_full', 'step_back', 'abort', 'extend'],
  ],
  [
    'a weight is being set and a pause has come',
    said(beginning(at('weight-10', 'entering')), 'pause'),
    ['resume', 'abort', 'extend'],
  ],
  [
    'a weight is being set and a freeze window has begun',
    freezing(beginning(at('weight-10', 'entering')), window),
    ['pause', 'resume', 'abort', 'extend'],
  ],
  [
    'a gate waits for a person',
    at('go', 'staying'),
    ['pause', 'promote', 'promote_full', 'step_back', 'abort', 'approve', 'reject', 'extend'],
  ],
  [
    'a freeze window holds it before the next weight',
    freezing(said(at('go', 'staying'), 'approve'), window),
    ['pause', 'resume', 'promote', 'promote_full', 'step_back', 'abort', 'extend'],
  ],
  [
    'it has stepped back',
    entered(said(at('weight-50', 'staying'), 'step_back'), NOW_MS),
    ['resume', 'promote', 'promote_full', 'step_back', 'abort', 'extend'],
  ],
  [
    'a breach holds it',
    failed(at('weight-50', 'staying'), breach, BY_HAND),
    ['promote', 'promote_full', 'step_back', 'abort', 'extend'],
  ],
  [
    'a failed step holds it',
    failed(at('weight-50', 'entering'), { ...breach, canRetry: true }, BY_HAND),
    ['promote', 'promote_full', 'step_back', 'retry', 'abort', 'extend'],
  ],
  [
    'all of the traffic is watched',
    at('stabilize', 'staying'),
    ['pause', 'promote', 'step_back', 'abort', 'extend'],
  ],
  ['the old version stays for a while', at('keep', 'staying'), ['promote', 'abort', 'extend']],
  ['the old version is being removed', at('retire', 'entering'), []],
  ['it goes back', said(at('go', 'staying'), 'abort'), []],
];

describe.each(STATES)('while %s', (_state, course, allowed) => {
  test(`it takes ${allowed.join(', ') || 'no verb'}`, () => {
    expect(verbsOf(course, POLICY)).toEqual(VERBS.filter((verb) => allowed.includes(verb)));
  });

  test.each(VERBS.filter((verb) => !allowed.includes(verb)))(
    'it refuses %s and says why',
    (verb) => {
      expect(refuse(course, verb, {}, POLICY)).toMatch(/\w+ \w+/);
    },
  );

  test.each(allowed)('%s has a defined end', (verb) => {
    const details = { gate: 'go', step: 'stabilize', byMs: 1000, overrideFreeze: true };
    const late = course.at > plan.findIndex(({ name }) => name === 'stabilize');
    const wanted = late && verb === 'extend' ? { ...details, step: 'keep' } : details;
    const after = steer(course, verb, { ...ASKED, ...wanted }, NOW_MS, POLICY);
    expect(after).not.toEqual(course);
    expect(() => nextMove(after)).not.toThrow();
  });
});

test('the clock of a step stands still during a pause', () => {
  const paused = steer(at('weight-10', 'staying'), 'pause', ASKED, NOW_MS + 20_000, POLICY);
  const resumed = steer(paused, 'resume', ASKED, NOW_MS + 500_000, POLICY);
  expect(nextMove(resumed)).toMatchObject({ kind: 'stay', untilMs: NOW_MS + 540_000 });
});

test('a pause that comes while a weight is set holds before the next step', () => {
  const course = entered(said(at('weight-10', 'entering'), 'pause'), NOW_MS);
  expect(nextMove(course)).toMatchObject({ kind: 'stay', why: 'paused' });
});

test('from the first weight a step back leads to none, and promote up to it again', () => {
  const back = said(at('go', 'staying'), 'step_back');
  expect(nextMove(back)).toMatchObject({ kind: 'enter', target: 0 });
  const stays = entered(back, NOW_MS);
  expect(stays.stand.weightPercent).toBe(0);
  expect(nextMove(said(stays, 'promote'))).toMatchObject({
    kind: 'enter',
    step: { name: 'weight-10' },
    target: null,
  });
});

test('a freeze window is overridden by a reason alone', () => {
  const frozen = freezing(said(at('go', 'staying'), 'approve'), window);
  expect(refuse(frozen, 'promote', { overrideFreeze: false }, POLICY)).toContain('friday');
  expect(refuse(frozen, 'promote', { overrideFreeze: true }, POLICY)).toBeUndefined();
});

test('resume ends a pause, and a freeze window only where that is said', () => {
  const frozen = freezing(said(at('go', 'staying'), 'approve'), window);
  expect(refuse(frozen, 'resume', { overrideFreeze: false }, POLICY)).toContain('friday');
  const paused = steer(frozen, 'pause', ASKED, NOW_MS, POLICY);
  expect(refuse(paused, 'resume', { overrideFreeze: false }, POLICY)).toBeUndefined();
  const resumed = steer(paused, 'resume', ASKED, NOW_MS, POLICY);
  expect(nextMove(resumed)).toMatchObject({ kind: 'stay', why: 'frozen' });
  const overridden = steer(paused, 'resume', { ...ASKED, overrideFreeze: true }, NOW_MS, POLICY);
  expect(nextMove(overridden)).toMatchObject({ kind: 'enter', step: { name: 'weight-50' } });
});

test('a first release cannot be called off once it has traffic', () => {
  const first: Policy = { ...POLICY, hasFallback: false };
  expect(refuse(at('stabilize', 'staying'), 'abort', {}, first)).toContain('no version to go back');
  expect(refuse(at('prove', 'entering'), 'abort', {}, first)).toBeUndefined();
});

test('a breach after a step back does not let promote pass over the step', () => {
  const back = entered(said(at('stabilize', 'staying'), 'step_back'), NOW_MS);
  expect(back.stand.weightPercent).toBe(50);
  const held = failed(back, breach, BY_HAND);
  expect(nextMove(said(held, 'promote'))).toMatchObject({
    kind: 'enter',
    step: { name: 'weight-100' },
  });
});

test('a weight that could not be set is tried again by promote, never left out', () => {
  const held = failed(at('weight-100', 'entering'), { ...breach, canRetry: true }, BY_HAND);
  expect(nextMove(said(held, 'promote'))).toMatchObject({ step: { name: 'weight-100' } });
});

test('promote --full leaves out no hook that was to come before traffic', () => {
  const spec = specOf({
    ...{ strategy: 'blue_green', promotion: 'manual' },
    hooks: [{ name: 'warm', before: 'traffic', webhook: { url: 'http://hooks/warm' } }],
  });
  const gated = planOf(spec, { stableInstances: 2, fast: false });
  const atGate = gated.findIndex(({ kind }) => kind === 'gate');
  const course: Course = { ...newCourse(gated, NOW_MS), at: atGate, stage: 'staying' };
  expect(refuse(course, 'promote_full', {}, POLICY)).toBe(
    'its hooks before traffic have not been called',
  );
  const afterHook: Course = { ...course, at: atGate + 2, stage: 'entering', pause: ASKED };
  expect(refuse(afterHook, 'promote_full', {}, POLICY)).toBeUndefined();
});

test('promote --full starts what is missing, once', () => {
  const spec = specOf({
    strategy: 'canary',
    environment: { kind: 'memory', instances: 10 },
    steps: [{ scale: '10%' }, { weight: 10, for: '1m' }, { scale: '100%' }, { hold: '1m' }],
  });
  const scaled = planOf(spec, { stableInstances: 10, fast: false });
  const first = scaled.findIndex(({ kind }) => kind === 'weight');
  const course: Course = {
    ...newCourse(scaled, NOW_MS),
    ...{ at: first, stage: 'staying', touched: true },
    stand: { weightPercent: 10, candidates: 1, sinceMs: NOW_MS },
  };
  const full = steer(course, 'promote_full', ASKED, NOW_MS, POLICY);
  expect(nextMove(full)).toMatchObject({ kind: 'enter', step: { kind: 'scale', instances: 10 } });
  const grown = entered(beginning(full), NOW_MS);
  expect(nextMove(grown)).toMatchObject({ kind: 'enter', step: { name: 'weight-100' } });
  // With all of them there already it goes straight on.
  const whole: Course = { ...course, stand: { ...course.stand, candidates: 10 } };
  expect(nextMove(steer(whole, 'promote_full', ASKED, NOW_MS, POLICY))).toMatchObject({
    step: { name: 'weight-100' },
  });
});

test('a freeze window that is over refuses nothing', () => {
  const frozen = freezing(at('weight-10', 'staying'), window);
  const asked = { overrideFreeze: false };
  expect(refuse(thawedAt(frozen, NOW_MS), 'promote', asked, POLICY)).toContain('friday is open');
  expect(refuse(thawedAt(frozen, NOW_MS + 1000), 'promote', asked, POLICY)).toBeUndefined();
});
