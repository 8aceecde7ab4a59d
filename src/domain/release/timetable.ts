import { formatMatchers } from '../alerting/matcher.ts';
import type { Signal } from '../judge/measurement.ts';
import type { GateSpec } from './gate.schema.ts';
import { openHours } from './open-hours.ts';
import { type PlanFacts, type Step, type StepKind, planOf } from './plan.ts';
import type { Phase } from './progress.ts';
import type { ReleaseSpec } from './release-spec.ts';
import type { Strategy } from './release.schema.ts';
import { silencedBy } from './release-silence.ts';
import { stepLength } from './step-length.ts';
import { sentenceOf } from './step-sentence.ts';

/** Everything that a release will do, and when. */
export interface Timetable {
  readonly service: string;
  readonly version: string;
  readonly strategy: Strategy;
  /** `observe`: it judges and says what it would have done; nothing of this moves. */
  readonly mode: ReleaseSpec['mode'];
  /** The first release of a service has no version to go back to. */
  readonly isFirst: boolean;
  readonly entries: readonly TimetableEntry[];
  /** All waits together; the earliest end where `isEarliest`. */
  readonly totalMs: number;
  readonly isEarliest: boolean;
  /** Alerts that page nobody until the version is stable or gone; each is a set of matchers. */
  readonly silenced: readonly string[];
}

export interface TimetableEntry {
  readonly name: string;
  readonly kind: StepKind;
  readonly phase: Phase;
  /** From the beginning of the release. Waits are exact, and what is only carried out counts 0. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Something of unknown length comes before, such as a gate: not earlier than this. */
  readonly isEarliest: boolean;
  /** How long the step may take at most, where it may take longer than `toMs - fromMs`. */
  readonly limitMs: number | undefined;
  /** The candidate's share of the traffic once the step has been carried out. */
  readonly weightPercent: number;
  /** What happens, in one sentence. */
  readonly what: string;
  readonly gate: GateView | undefined;
  /** Each of them alone has the consequence. */
  readonly risks: readonly Risk[];
  readonly consequence: Consequence | undefined;
}

/** Who answers at a gate, and what its silence means. */
export interface GateView {
  readonly kind: GateSpec['kind'];
  /** A verb, a URL or another service's release. */
  readonly answeredBy: string;
  /** None: it waits for as long as it takes. */
  readonly timeoutMs: number | undefined;
  readonly onTimeout: 'reject' | 'approve';
}

/**
 * What follows when something goes wrong. `ends`: no user has met the candidate, it is removed;
 * `goes_back`: traffic goes back first; `holds`: it stays as it is and waits for a person.
 */
export const CONSEQUENCES = ['ends', 'goes_back', 'holds'] as const;
export type Consequence = (typeof CONSEQUENCES)[number];

/** What would take a release back at a step. */
export type Risk =
  /** Instances do not start, or the load balancer does not take or confirm the change. */
  | { readonly kind: 'environment' }
  | { readonly kind: 'traffic' }
  | { readonly kind: 'health'; readonly withinMs: number }
  | { readonly kind: 'unhealthy'; readonly roundsInARow: number }
  | { readonly kind: 'threshold'; readonly signal: Signal; readonly limit: number }
  /** Worse than stable by more than these shares. */
  | {
      readonly kind: 'drift';
      readonly latencyIncreaseMax: number;
      readonly errorRateIncreaseMax: number;
    }
  | { readonly kind: 'no_data'; readonly budgetMs: number }
  /** The other arm of an A/B test is kept. */
  | { readonly kind: 'experiment'; readonly undecided: 'control' | 'candidate' }
  | { readonly kind: 'gate'; readonly timeoutMs: number | undefined }
  | { readonly kind: 'hook'; readonly name: string };

/** The timetable of a release file. Pure: nothing is asked and nothing begins. */
export function timetableOf(spec: ReleaseSpec, facts: PlanFacts): Timetable {
  const plan = planOf(spec, facts);
  const { service, version, strategy, mode } = spec;
  const isFirst = facts.stableInstances === null;
  const entries: TimetableEntry[] = [];
  let at = { fromMs: 0, isEarliest: false, weightPercent: 0, touched: false, promoted: false };
  for (const step of plan) {
    const { forMs, limitMs } = stepLength(step, spec, facts);
    const weightPercent = weightAfter(step, plan, at.weightPercent);
    const touched = at.touched || meetsUsers(step);
    const risks = at.promoted ? afterPromotion(step) : risksOf(step, spec, isFirst, touched);
    entries.push({
      name: step.name,
      kind: step.kind,
      phase: step.phase,
      fromMs: at.fromMs,
      toMs: at.fromMs + forMs,
      isEarliest: at.isEarliest,
      limitMs,
      weightPercent,
      what: sentenceOf(step, spec, { isFirst, fast: facts.fast }),
      gate: step.kind === 'gate' ? gateView(step.gate, step.name, service) : undefined,
      risks,
      consequence: risks.length === 0 ? undefined : consequenceOf(spec, isFirst, touched),
    });
    at = {
      fromMs: at.fromMs + forMs,
      isEarliest: at.isEarliest || step.kind === 'gate' || step.kind === 'compare',
      weightPercent,
      touched,
      promoted: at.promoted || step.kind === 'promote',
    };
  }
  const { fromMs: totalMs, isEarliest } = at;
  const silenced = (silencedBy(spec) ?? []).map(formatMatchers);
  return { service, version, strategy, mode, isFirst, entries, totalMs, isEarliest, silenced };
}

function weightAfter(step: Step, plan: readonly Step[], before: number): number {
  if (step.kind === 'weight') return step.weightPercent;
  if (step.kind !== 'batch') return before;
  const last = plan.findLast(({ kind }) => kind === 'batch');
  const all = last?.kind === 'batch' ? last.to : step.to;
  return Math.round((100 * step.to) / all);
}

/** From here on going wrong means going back, as `beginning` of the course has it. */
function meetsUsers({ kind }: Step): boolean {
  return ['weight', 'batch', 'match', 'mirror', 'affinity'].includes(kind);
}

function gateView(gate: GateSpec, name: string, service: string): GateView {
  const { kind, timeoutMs, onTimeout } = gate;
  const view = { kind, timeoutMs, onTimeout };
  switch (gate.kind) {
    case 'person':
      return { ...view, answeredBy: `belay approve ${service} ${name}` };
    case 'webhook':
      return { ...view, answeredBy: gate.url };
    case 'after':
      return { ...view, answeredBy: `${gate.service} >= ${gate.version}` };
    case 'time':
      return { ...view, answeredBy: openHours(gate) };
    default:
      return gate satisfies never;
  }
}

function risksOf(
  step: Step,
  spec: ReleaseSpec,
  isFirst: boolean,
  touched: boolean,
): readonly Risk[] {
  const guarded = (): readonly Risk[] => (touched ? underTraffic(spec, isFirst) : []);
  const judged = (): readonly Risk[] =>
    touched ? [...guarded(), { kind: 'no_data', budgetMs: spec.watch.noDataBudgetMs }] : [];
  switch (step.kind) {
    case 'deploy':
    case 'scale':
      return [{ kind: 'environment' }];
    case 'prove':
      return [{ kind: 'health', withinMs: spec.health.deadlineMs }];
    case 'validate':
      return [
        ...thresholdsOf(spec, ['latency_p95', 'error_rate']),
        ...driftOf(spec, isFirst),
        { kind: 'no_data', budgetMs: spec.validation.noDataBudgetMs },
      ];
    case 'hook':
      return afterPromotion(step);
    case 'gate':
      return [{ kind: 'gate', timeoutMs: rejectsAfter(step.gate) }, ...guarded()];
    case 'weight':
    case 'match':
    case 'mirror':
    case 'affinity':
      return [{ kind: 'traffic' }, ...(stays(step) ? judged() : [])];
    case 'batch':
      return [
        { kind: 'environment' },
        { kind: 'traffic' },
        { kind: 'health', withinMs: spec.health.deadlineMs },
        ...(stays(step) ? judged() : []),
      ];
    case 'stay':
      return step.judge ? judged() : guarded();
    case 'compare': {
      const undecided = spec.abTest?.undecided ?? 'control';
      return [{ kind: 'experiment', undecided }, ...guarded()];
    }
    case 'promote':
    case 'keep':
    case 'retire':
      return [];
    default:
      return step satisfies never;
  }
}

const stays = (step: Step): boolean => 'forMs' in step && step.forMs > 0;

/** Once the candidate is stable nothing takes it back by itself but a hook that must succeed. */
function afterPromotion(step: Step): readonly Risk[] {
  return step.kind === 'hook' && step.hook.onFailure === 'fail'
    ? [{ kind: 'hook', name: step.hook.name }]
    : [];
}

function rejectsAfter({ timeoutMs, onTimeout }: GateSpec): number | undefined {
  return onTimeout === 'reject' ? timeoutMs : undefined;
}

/** Where it only waits, no data is no reason to move; while a hook or a start runs nobody looks. */
function underTraffic(spec: ReleaseSpec, isFirst: boolean): readonly Risk[] {
  return [
    ...thresholdsOf(spec, ['latency_p95', 'error_rate', 'throughput']),
    ...driftOf(spec, isFirst),
    { kind: 'unhealthy', roundsInARow: spec.health.failuresInARow },
  ];
}

/** The critical ones; memory and CPU are warnings and take nothing back. */
function thresholdsOf(spec: ReleaseSpec, signals: readonly Signal[]): readonly Risk[] {
  const { latencyP95MaxMs, errorRateMax, throughputMinPerSecond } = spec.thresholds;
  const limits: Partial<Record<Signal, number | undefined>> = {
    latency_p95: latencyP95MaxMs,
    error_rate: errorRateMax,
    throughput: throughputMinPerSecond,
  };
  return signals.flatMap((signal): readonly Risk[] => {
    const limit = limits[signal];
    return limit === undefined ? [] : [{ kind: 'threshold', signal, limit }];
  });
}

function driftOf({ validation }: ReleaseSpec, isFirst: boolean): readonly Risk[] {
  const { latencyIncreaseMax, errorRateIncreaseMax } = validation;
  return isFirst ? [] : [{ kind: 'drift', latencyIncreaseMax, errorRateIncreaseMax }];
}

function consequenceOf(
  { autoRollback }: ReleaseSpec,
  isFirst: boolean,
  touched: boolean,
): Consequence {
  if (!touched) return 'ends';
  return autoRollback && !isFirst ? 'goes_back' : 'holds';
}
