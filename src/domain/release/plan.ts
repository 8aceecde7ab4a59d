import { batchSizeOf, countOf, instancesFor } from './capacity.ts';
import type { GateSpec, Moment } from './gate.schema.ts';
import type { HookSpec } from './hook.schema.ts';
import type { Phase } from './progress.ts';
import type { ReleaseSpec } from './release-spec.ts';
import type { AffinitySpec, MatchSpec } from './strategy.schema.ts';

/** What a release does, one after the other. Each kind is carried out by one activity or timer. */
export type StepAct =
  | { readonly kind: 'deploy'; readonly instances: number }
  | { readonly kind: 'prove' }
  | { readonly kind: 'validate' }
  | { readonly kind: 'hook'; readonly hook: HookSpec }
  | { readonly kind: 'gate'; readonly gate: GateSpec }
  | { readonly kind: 'scale'; readonly instances: number }
  | { readonly kind: 'weight'; readonly weightPercent: number; readonly forMs: number }
  /** Stays as it is; `judge`: ends only when the version has been judged good. */
  | { readonly kind: 'stay'; readonly forMs: number; readonly judge: boolean }
  | { readonly kind: 'mirror'; readonly percent: number; readonly forMs: number }
  | { readonly kind: 'match'; readonly match: MatchSpec }
  | { readonly kind: 'affinity'; readonly affinity: AffinitySpec }
  /** Rolling: the candidate's instances go from one number to another, stable's the other way. */
  | { readonly kind: 'batch'; readonly from: number; readonly to: number; readonly forMs: number }
  /** A/B: until it is decided which arm is better, or its end. */
  | { readonly kind: 'compare'; readonly forMs: number }
  /** From here on the candidate is what a later release goes back to. */
  | { readonly kind: 'promote' }
  | { readonly kind: 'keep'; readonly forMs: number }
  | { readonly kind: 'retire' };

export type Step = StepAct & { readonly name: string; readonly phase: Phase };
export type StepKind = Step['kind'];

/** What a plan depends on beside the release file. */
export interface PlanFacts {
  /** How many instances serve now; null for the first release of a service. */
  readonly stableInstances: number | null;
  /** The version was stable a moment ago: it comes back without warm-up, validation and steps. */
  readonly fast: boolean;
}

const CANARY_WEIGHTS = [1, 5, 10, 25, 50, 100];
const ROLLOUT_MS = 30 * 60_000;

/** Every step that a release will take, in order. Pure: the same file gives the same plan. */
export function planOf(spec: ReleaseSpec, facts: PlanFacts): readonly Step[] {
  const desired = facts.stableInstances ?? spec.environment.instances;
  const isPlain = facts.stableInstances === null || facts.fast;
  const strategy = isPlain ? 'blue_green' : spec.strategy;
  const isRolling = strategy === 'rolling';
  const traffic = isPlain ? [allAtOnce()] : trafficSteps(spec, desired);
  const needsValidation =
    !facts.fast && (spec.strategy === 'blue_green' || facts.stableInstances === null);
  // Nothing would stay ready: no version before, or its instances have been replaced one by one.
  const hasNoWayBack = isRolling || facts.stableInstances === null;
  const full = spec.environment.instances;
  const instances = isPlain ? full : (spec.instancesAtStart ?? full);
  const promotion: readonly GateSpec[] =
    spec.promotion === 'manual' ? [{ ...APPROVAL, name: 'promotion' }] : [];
  const { acts, stabilizeMs } = inOneWatch(spec, withCapacity(traffic, instances, full, isRolling));
  return named([
    ...hooksOf(spec, 'on expand', 'deploying'),
    ...around(spec, 'deploying', isRolling ? [] : [{ kind: 'deploy', instances }]),
    ...around(spec, 'checking', isRolling ? [] : [{ kind: 'prove' }]),
    ...around(spec, 'validating', needsValidation ? [{ kind: 'validate' }] : []),
    ...around(spec, 'traffic', acts, promotion),
    ...around(spec, 'stabilizing', [{ kind: 'stay', forMs: stabilizeMs, judge: true }]),
    { phase: 'stabilizing', kind: 'promote' },
    ...around(spec, 'cleaning_up', [
      ...(hasNoWayBack ? [] : ([{ kind: 'keep', forMs: spec.cleanupDelayMs }] as const)),
      { kind: 'retire' },
    ]),
    ...hooksOf(spec, 'on contract', 'cleaning_up'),
  ]);
}

type Unnamed = StepAct & { readonly phase: Phase; readonly name?: string };
type Act = StepAct & { readonly name?: string };

function allAtOnce(): Act {
  return { kind: 'weight', weightPercent: 100, forMs: 0 };
}

function trafficSteps(spec: ReleaseSpec, desired: number): readonly Act[] {
  const { strategy } = spec;
  switch (strategy) {
    case 'blue_green': {
      const weights = spec.switchSteps ?? [100];
      const each = Math.floor((spec.rolloutMs ?? ROLLOUT_MS) / weights.length);
      return weights.map((weightPercent) => ({
        kind: 'weight',
        weightPercent,
        forMs: weightPercent === 100 ? 0 : each,
      }));
    }
    case 'canary':
      return [...affinitySteps(spec), ...canarySteps(spec, desired)];
    case 'rolling':
      return batchSteps(spec, desired);
    case 'ab_test':
      return abSteps(spec);
    default:
      return strategy satisfies never;
  }
}

function affinitySteps({ affinity }: ReleaseSpec): readonly Act[] {
  return affinity === undefined ? [] : [{ kind: 'affinity', affinity }];
}

/**
 * Written out, or 1, 5, 10, 25, 50 and 100 %. `canary_traffic_percent` drops the higher steps
 * before promotion, and the time is divided over the rest.
 */
function canarySteps(spec: ReleaseSpec, desired: number): readonly Act[] {
  const limit = spec.canaryTrafficPercent;
  const rolloutMs = spec.rolloutMs ?? ROLLOUT_MS;
  const { steps } = spec;
  if (steps === undefined) {
    const weights = CANARY_WEIGHTS.filter(
      (weight) => limit === undefined || weight <= limit || weight === 100,
    );
    if (limit !== undefined && limit > 0 && !weights.includes(limit)) {
      weights.splice(-1, 0, limit);
    }
    const forMs = Math.floor(rolloutMs / weights.length);
    return weights.map((weightPercent) => ({ kind: 'weight', weightPercent, forMs }));
  }
  const kept = steps.filter(
    ({ weight }) =>
      weight === undefined || limit === undefined || weight <= limit || weight === 100,
  );
  const count = kept.filter(({ weight }) => weight !== undefined).length;
  const each = spec.rolloutMs === undefined ? 0 : Math.floor(rolloutMs / Math.max(1, count));
  const acts = kept.map((step): Act => writtenStep(step, each, desired));
  const last = acts.findLast((act) => act.kind === 'weight');
  return last?.weightPercent === 100 ? acts : [...acts, allAtOnce()];
}

type WrittenStep = NonNullable<ReleaseSpec['steps']>[number];

/** The schema has seen to it that exactly one kind is written. */
function writtenStep(step: WrittenStep, eachMs: number, desired: number): Act {
  const name = step.name === undefined ? {} : { name: step.name };
  const { weight, hold, gate, webhook, scale } = step;
  if (weight !== undefined) {
    return { ...name, kind: 'weight', weightPercent: weight, forMs: step.for ?? eachMs };
  }
  if (hold === 'until_approved') return { ...name, kind: 'gate', gate: APPROVAL };
  if (hold !== undefined) return { ...name, kind: 'stay', forMs: hold, judge: false };
  if (step.analysis !== undefined) {
    return { ...name, kind: 'stay', forMs: step.analysis, judge: true };
  }
  if (gate !== undefined) return { name: gate.name, kind: 'gate', gate };
  if (webhook !== undefined) {
    const { url, timeout: attemptTimeoutMs } = webhook;
    const rest = { timeoutMs: 5 * 60_000, onTimeout: 'reject', headersFromEnv: {} } as const;
    return {
      ...name,
      kind: 'gate',
      gate: { name: 'webhook', kind: 'webhook', url, attemptTimeoutMs, ...rest },
    };
  }
  if (scale !== undefined) return { ...name, kind: 'scale', instances: countOf(scale, desired) };
  if (step.mirror !== undefined) {
    return { ...name, kind: 'mirror', percent: step.mirror, forMs: step.for ?? 0 };
  }
  if (step.match !== undefined) return { ...name, kind: 'match', match: step.match };
  if (step.session_affinity !== undefined) {
    return { ...name, kind: 'affinity', affinity: step.session_affinity };
  }
  throw new RangeError('a step without a kind has passed its check');
}

const APPROVAL: GateSpec = {
  name: 'approval',
  kind: 'person',
  timeoutMs: undefined,
  onTimeout: 'reject',
};

function batchSteps(spec: ReleaseSpec, desired: number): readonly Act[] {
  const size = batchSizeOf(spec.rolling, desired);
  const count = Math.ceil(desired / size);
  const forMs =
    spec.rolling.stabilizeMs ?? Math.floor((spec.rolloutMs ?? ROLLOUT_MS) / Math.max(1, count));
  return Array.from({ length: count }, (_, at): Act => {
    const to = Math.min(desired, (at + 1) * size);
    return { kind: 'batch', from: at * size, to, forMs };
  });
}

function abSteps(spec: ReleaseSpec): readonly Act[] {
  const { abTest } = spec;
  if (abTest === undefined) return [allAtOnce()];
  const { match, share } = abTest;
  return [
    ...(spec.affinity === undefined && match === undefined
      ? ([{ kind: 'affinity', affinity: { cookie: 'belay_user', maxAgeS: 30 * 86_400 } }] as const)
      : affinitySteps(spec)),
    ...(match === undefined
      ? ([{ kind: 'weight', weightPercent: share, forMs: 0 }] as const)
      : ([{ kind: 'match', match }] as const)),
    { kind: 'compare', forMs: abTest.maxDurationMs },
    allAtOnce(),
  ];
}

/**
 * The time at all of the traffic and the watch after promotion are one stay, where nothing of the
 * user's stands between them: nothing changes there, and one watch sees more than two.
 */
function inOneWatch(
  spec: ReleaseSpec,
  acts: readonly Act[],
): { readonly acts: readonly Act[]; readonly stabilizeMs: number } {
  const { forMs } = spec.watch;
  const last = acts.at(-1);
  const between =
    spec.hooks.some(({ when }) => when === 'after traffic' || when === 'before stabilizing') ||
    spec.gates.some(({ before }) => before === 'stabilizing');
  if (last?.kind !== 'weight' || last.weightPercent !== 100 || between) {
    return { acts, stabilizeMs: forMs };
  }
  return {
    acts: [...acts.slice(0, -1), { ...last, forMs: 0 }],
    stabilizeMs: forMs + last.forMs,
  };
}

/**
 * No weight is above what the candidates can carry: where too few have been planned, a step that
 * starts more comes before it, and before all of the traffic every instance of the file runs.
 */
function withCapacity(
  acts: readonly Act[],
  atStart: number,
  full: number,
  isRolling: boolean,
): readonly Act[] {
  if (isRolling) return acts;
  let instances = atStart;
  return acts.flatMap((act): readonly Act[] => {
    if (act.kind === 'scale') {
      // Never fewer than have been started: they may have users already.
      instances = Math.max(instances, act.instances);
      return [{ ...act, instances }];
    }
    if (act.kind !== 'weight') return [act];
    const needed = act.weightPercent === 100 ? full : instancesFor(act.weightPercent, full);
    if (needed <= instances) return [act];
    instances = needed;
    return [{ kind: 'scale', instances }, act];
  });
}

/** The steps of a phase with the gates and hooks that stand before and after it. */
function around(
  spec: ReleaseSpec,
  moment: Moment,
  acts: readonly Act[],
  moreGates: readonly GateSpec[] = [],
): readonly Unnamed[] {
  const phase = phaseOf(spec, moment);
  const gates = [...spec.gates.filter(({ before }) => before === moment), ...moreGates];
  return [
    ...gates.map((gate): Unnamed => ({ phase, name: gate.name, kind: 'gate', gate })),
    ...hooksOf(spec, `before ${moment}`, phase),
    ...acts.map((act): Unnamed => ({ phase, ...act })),
    ...hooksOf(spec, `after ${moment}`, phase),
  ];
}

/** A canary is deployed and checked in one phase: what counts of it are its steps. */
function phaseOf({ strategy }: ReleaseSpec, moment: Moment): Phase {
  if (moment === 'traffic') return strategy === 'blue_green' ? 'switching' : 'progressing';
  return moment === 'checking' && strategy === 'canary' ? 'deploying' : moment;
}

function hooksOf(spec: ReleaseSpec, when: string, phase: Phase): readonly Unnamed[] {
  return spec.hooks
    .filter((hook) => hook.when === when)
    .map((hook): Unnamed => ({ phase, name: hook.name, kind: 'hook', hook }));
}

/** Names that a person can type: the written one, or kind and place among its kind. */
function named(steps: readonly Unnamed[]): readonly Step[] {
  const written = new Set(steps.map(({ name }) => name));
  const counts = new Map<string, number>();
  return steps.map((step): Step => {
    const stem = stemOf(step);
    const nameAt = (count: number): string => (count === 1 ? stem : `${stem}-${count}`);
    let count = (counts.get(stem) ?? 0) + 1;
    while (step.name === undefined && written.has(nameAt(count))) count += 1;
    counts.set(stem, count);
    return { ...step, name: step.name ?? nameAt(count) };
  });
}

function stemOf(step: Unnamed): string {
  if (step.kind === 'weight') return `weight-${step.weightPercent}`;
  if (step.kind === 'stay' && step.phase === 'stabilizing') return 'stabilize';
  if (step.kind === 'stay') return step.judge ? 'analysis' : 'hold';
  return step.kind === 'gate' ? step.gate.name : step.kind;
}
