import type { ArmMetric, OwnMetric } from '../judge/arm-metric.ts';
import type { KayentaRule } from '../judge/kayenta-arms.ts';
import {
  type AlphaLedger,
  budgetOf,
  openAccount,
  planAlpha,
  reopenLost,
  stepWeights,
} from '../judge/sequential/alpha-ledger.ts';
import type { Step } from './plan.ts';
import type { ReleaseSpec } from './release-spec.ts';

/** What the comparisons of one stay may spend; a metric whose part is used up is compared no more. */
export interface Granted {
  readonly errors: ArmMetric | undefined;
  readonly latency: ArmMetric | undefined;
  readonly metrics: readonly OwnMetric[];
  readonly kayenta?: KayentaRule;
  /** `error budget spent 0.2 of 1 %`. */
  readonly budget: string;
}

/**
 * The false-rollback budget of a release, divided over what is compared and the steps at which both
 * versions have users. Undefined where nothing is charged to it: there is no step of the kind, no stable, or
 * limits alone judge, or Kayenta's judge.
 */
export function errorBudgetOf(spec: ReleaseSpec, plan: readonly Step[]): AlphaLedger | undefined {
  const { method, alpha, errors, latency, metrics } = spec.judge;
  if (method === 'kayenta') return undefined;
  const weights: Record<string, number> = Object.fromEntries(
    metrics.map(({ name, weight }) => [name, weight]),
  );
  if (errors.method !== 'threshold') weights.errors = errors.weight;
  if (latency.method !== 'threshold') weights.latency = latency.weight;
  const steps = comparedSteps(plan);
  if (Object.keys(weights).length === 0 || steps.length === 0) return undefined;
  const shares = Object.fromEntries(steps.map(({ name }) => [name, 1]));
  return planAlpha({ alpha, weights: stepWeights(weights, shares) });
}

/**
 * Opens the accounts of a step. The first time they get what was planned; a comparison that begins
 * again at the same step, after a pause say, gets a part of the reserve: never fresh alpha.
 */
export function grantAt(
  ledger: AlphaLedger,
  step: string,
  { judge }: Pick<ReleaseSpec, 'judge'>,
): { readonly ledger: AlphaLedger; readonly granted: Granted } | undefined {
  let next = ledger;
  const alphaOf = (metric: string): number => {
    const account = next.accounts[`${metric}/${step}`];
    if (account === undefined) return 0;
    const open = account.status === 'planned' ? openAccount : reopenLost;
    const opened = open(next, `${metric}/${step}`);
    next = opened.ledger;
    return opened.alpha;
  };
  const errors = granted(judge.errors, alphaOf('errors'));
  const latency = granted(judge.latency, alphaOf('latency'));
  const metrics = judge.metrics.flatMap(
    ({ name, direction, noData, ...metric }): readonly OwnMetric[] => {
      const own = granted(metric, alphaOf(name));
      return own === undefined ? [] : [{ ...own, name, direction, noData }];
    },
  );
  if (errors === undefined && latency === undefined && metrics.length === 0) return undefined;
  return { ledger: next, granted: { errors, latency, metrics, budget: budgetOf(next).sentence } };
}

/** Kayenta's judge has a level of its own, and so one look at the end of each step. */
export function kayentaOf({ judge }: Pick<ReleaseSpec, 'judge'>): Granted {
  const { errors, latency, metrics, pass, marginal, groupWeights } = judge;
  const traffic = { direction: 'increase', noData: 'fail' } as const;
  return {
    ...{ errors: undefined, latency: undefined, metrics: [] },
    kayenta: {
      ...{ pass, marginal, groupWeights },
      metrics: [
        { ...traffic, name: 'errors', group: errors.group, critical: errors.critical },
        { ...traffic, name: 'latency', group: latency.group, critical: latency.critical },
        ...metrics.map(({ name, group, critical, direction, noData }) => ({
          ...{ name, group, critical, direction, noData },
        })),
      ],
    },
    budget: 'its confidence of 98 % is outside the error budget',
  };
}

function granted(
  { method, increaseMax, severity, weight }: ReleaseSpec['judge']['errors'],
  alpha: number,
): ArmMetric | undefined {
  if (method === 'threshold' || alpha < ALPHA_MIN) return undefined;
  return { method, alpha, increaseMax, severity, weight };
}

/** What is left is too little for any evidence to be enough. */
const ALPHA_MIN = 1e-12;

/** Steps at which it is stayed while both versions have users. */
function comparedSteps(plan: readonly Step[]): readonly Step[] {
  const whole = plan.findIndex((step) => step.kind === 'weight' && step.weightPercent === 100);
  const upTo = whole === -1 ? plan.length : whole;
  const first = plan.findIndex(
    (step) => step.kind === 'batch' || (step.kind === 'weight' && step.weightPercent > 0),
  );
  if (first === -1) return [];
  return plan.slice(first, upTo).filter((step) => {
    switch (step.kind) {
      case 'weight':
      case 'stay':
      case 'gate':
      case 'compare':
      case 'match':
      case 'batch':
        return step.phase !== 'stabilizing';
      case 'deploy':
      case 'prove':
      case 'validate':
      case 'scale':
      case 'mirror':
      case 'affinity':
      case 'hook':
      case 'promote':
      case 'keep':
      case 'retire':
        return false;
      default:
        return step satisfies never;
    }
  });
}
