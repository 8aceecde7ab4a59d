import { beginMeans, lookMeans } from './means.ts';
import type { MeansBlock, MeansOptions, MeansState } from './means.ts';
import { beginProportions, lookProportions } from './proportions.ts';
import type { ProportionsBlock, ProportionsOptions, ProportionsState } from './proportions.ts';
import { checkAlpha } from './test-reading.ts';
import type { TestReading } from './test-reading.ts';

/**
 * An A/B test of one or more arms against the control, looked at as often as one likes.
 *
 * Each arm's goals are tested both ways, better and worse. Which of all goals of all arms are told:
 *
 * - `familywise`: by the step-down procedure of Holm (Scand. J. Statistics 1979) on the lowest 1/e so
 *   far, which are p-values valid at every look (Johari et al., Always Valid Inference, Operations
 *   Research 2022; Vovk and Wang, E-values, Annals of Statistics 2021). The chance that anything at
 *   all is told that is not so, at any look, is at most alpha, whatever depends on whatever; and all
 *   intervals hold at once.
 * - `false_discovery`: by e-BH, so that of those told at most a share of alpha is expected to be
 *   false (Wang and Ramdas, JRSS B 2022). For many arms, of which some may be wrong.
 *
 * Guard-rails are tested one way; each has its share of alpha (Bonferroni) and stops its arm at the
 * first look that shows it to be worse, whatever the goals have seen by then.
 */
export interface AbState {
  readonly kind: 'ab';
  readonly alpha: number;
  readonly control: 'familywise' | 'false_discovery';
  /** Arm → metric → its tests. */
  readonly arms: Readonly<Record<string, AbArm>>;
}

interface AbArm {
  readonly metrics: Readonly<Record<string, AbMetricState>>;
  /** The guard-rail that stopped the arm, which stays stopped. */
  readonly stoppedBy: string | null;
}

interface AbMetricState {
  readonly role: 'goal' | 'guard_rail';
  readonly worse: AbTest;
  /** Of goals only: evidence that the arm is better. */
  readonly better: AbTest | null;
  readonly worseAt: TestReading | null;
  readonly betterAt: TestReading | null;
}

type AbTest = ProportionsState | MeansState;

export type AbMetric =
  | ({ readonly kind: 'proportion'; readonly role: 'goal' | 'guard_rail' } & Omit<
      ProportionsOptions,
      'alpha'
    >)
  | ({ readonly kind: 'mean'; readonly role: 'goal' | 'guard_rail' } & Omit<MeansOptions, 'alpha'>);

export interface AbOptions {
  readonly alpha: number;
  /** What alpha is the chance of, over all goals of all arms: `familywise` by default. */
  readonly control?: AbState['control'];
  readonly arms: readonly string[];
  /** The same metrics for every arm. */
  readonly metrics: Readonly<Record<string, AbMetric>>;
}

/**
 * New blocks of an arm and the control in the same blocks of time, of every metric that has any.
 */
export type AbData = Readonly<Record<string, Readonly<Record<string, AbBlocks>>>>;

export type AbBlocks =
  | { readonly kind: 'proportion'; readonly blocks: readonly ProportionsBlock[] }
  | { readonly kind: 'mean'; readonly blocks: readonly MeansBlock[] };

export interface AbReading {
  readonly arms: Readonly<Record<string, AbArmReading>>;
}

export interface AbArmReading {
  /** `stopped` wins over all; `better` needs a goal that is better and none that is worse. */
  readonly decision: 'stopped' | 'better' | 'worse' | 'undecided';
  readonly metrics: Readonly<Record<string, AbMetricReading>>;
  readonly reason: string;
}

export interface AbMetricReading {
  readonly decision: 'better' | 'worse' | 'undecided';
  readonly reading: TestReading | null;
}

/**
 * Half of alpha is the guard-rails', shared by all of all arms; without any it is the goals' too.
 */
export function beginAb({ alpha, arms, metrics, control = 'familywise' }: AbOptions): AbState {
  checkAlpha(alpha);
  if (arms.length === 0 || Object.keys(metrics).length === 0) {
    throw new RangeError('an A/B test needs an arm beside the control, and a metric');
  }
  const { goals, guardRails } = sharesOf(alpha, metrics);
  const perGuardRail = guardRails / Math.max(1, arms.length * countOf(metrics, 'guard_rail'));
  const perGoal = goals / Math.max(1, arms.length * countOf(metrics, 'goal'));
  const ofGoal = control === 'familywise' ? perGoal : goals;
  const begin = (metric: AbMetric): AbMetricState => ({
    role: metric.role,
    worse: beginTest(metric, metric.role === 'goal' ? ofGoal : perGuardRail),
    better: metric.role === 'goal' ? beginTest(turned(metric), ofGoal) : null,
    worseAt: null,
    betterAt: null,
  });
  const begun = (): AbArm => ({
    metrics: Object.fromEntries(
      Object.entries(metrics).map(([name, metric]): [string, AbMetricState] => [
        name,
        begin(metric),
      ]),
    ),
    stoppedBy: null,
  });
  return {
    ...{ kind: 'ab', control, alpha: goals },
    arms: Object.fromEntries(arms.map((arm): [string, AbArm] => [arm, begun()])),
  };
}

/**
 * Adds what is new of every arm and tells each arm's decision. Data of an arm or a metric that was
 * not begun, or of another kind, is refused; a stopped arm takes no more data.
 */
export function lookAb(
  state: AbState,
  data: AbData,
): { readonly state: AbState; readonly reading: AbReading } {
  for (const [arm, metrics] of Object.entries(data)) {
    for (const name of Object.keys(metrics)) {
      if (state.arms[arm]?.metrics[name] === undefined) {
        throw new RangeError(`no metric ${name} of an arm ${arm} was begun`);
      }
    }
  }
  const arms = Object.fromEntries(
    Object.entries(state.arms).map(([name, arm]): [string, AbArm] => [
      name,
      arm.stoppedBy === null ? lookArm(arm, data[name] ?? {}) : arm,
    ]),
  );
  const next = { ...state, arms };
  return { state: next, reading: readingOf(next) };
}

/**
 * e-BH: the places of the e-values that are told at a false discovery rate of `alpha`: of K, the k
 * highest, for the largest k whose k-th highest is at least K / (k · alpha). NaN is no evidence.
 */
export function eBenjaminiHochberg(eValues: readonly number[], alpha: number): readonly number[] {
  const ordered = eValues
    .map((eValue, place) => ({ eValue: Number.isNaN(eValue) ? 0 : eValue, place }))
    .toSorted((one, other) => other.eValue - one.eValue);
  let told = 0;
  ordered.forEach(({ eValue }, index) => {
    if (eValue * (index + 1) * alpha >= eValues.length) told = index + 1;
  });
  return ordered
    .slice(0, told)
    .map(({ place }) => place)
    .toSorted((one, other) => one - other);
}

/**
 * Holm: the places of the p-values that are told at a familywise error of `alpha`. From the lowest
 * on, the k-th of K must be at most alpha / (K − k + 1); the first that is not ends it. NaN is 1.
 */
export function holm(pValues: readonly number[], alpha: number): readonly number[] {
  const ordered = pValues
    .map((pValue, place) => ({ pValue: Number.isNaN(pValue) ? 1 : pValue, place }))
    .toSorted((one, other) => one.pValue - other.pValue);
  const firstKept = ordered.findIndex(
    ({ pValue }, index) => pValue * (ordered.length - index) > alpha,
  );
  return ordered
    .slice(0, firstKept === -1 ? ordered.length : firstKept)
    .map(({ place }) => place)
    .toSorted((one, other) => one - other);
}

function sharesOf(alpha: number, metrics: AbOptions['metrics']) {
  const hasGoals = countOf(metrics, 'goal') > 0;
  const hasGuardRails = countOf(metrics, 'guard_rail') > 0;
  if (!hasGoals) return { goals: alpha, guardRails: alpha };
  return hasGuardRails
    ? { goals: alpha / 2, guardRails: alpha / 2 }
    : { goals: alpha, guardRails: 0 };
}

function countOf(metrics: AbOptions['metrics'], role: AbMetric['role']): number {
  return Object.values(metrics).filter((metric) => metric.role === role).length;
}

function beginTest(metric: AbMetric, alpha: number): AbTest {
  switch (metric.kind) {
    case 'proportion':
      return beginProportions({ dispersion: 'independent', ...metric, alpha });
    case 'mean':
      return beginMeans({ ...metric, alpha });
    default:
      return metric satisfies never;
  }
}

function turned(metric: AbMetric): AbMetric {
  return { ...metric, worse: metric.worse === 'lower' ? 'higher' : 'lower' };
}

function lookArm(arm: AbArm, data: Readonly<Record<string, AbBlocks>>): AbArm {
  let { stoppedBy } = arm;
  const metrics = Object.fromEntries(
    Object.entries(arm.metrics).map(([name, metric]): [string, AbMetricState] => {
      const blocks = data[name];
      if (blocks === undefined) return [name, metric];
      const worse = lookTest(metric.worse, blocks);
      const better = metric.better === null ? null : lookTest(metric.better, blocks);
      if (metric.role === 'guard_rail' && worse.reading.decision === 'worse') stoppedBy ??= name;
      return [
        name,
        {
          ...metric,
          worse: worse.state,
          better: better?.state ?? null,
          worseAt: worse.reading,
          betterAt: better?.reading ?? null,
        },
      ];
    }),
  );
  return { metrics, stoppedBy };
}

function lookTest(test: AbTest, data: AbBlocks) {
  if (test.kind === 'proportions' && data.kind === 'proportion') {
    return lookProportions(test, data.blocks);
  }
  if (test.kind === 'means' && data.kind === 'mean') return lookMeans(test, data.blocks);
  throw new RangeError(`blocks of a ${data.kind} for a test of ${test.kind}`);
}

/** A reading that is `unknown` for want of data has no evidence, whatever it had before. */
function evidenceIn(reading: TestReading | null): {
  readonly eValue: number;
  readonly pValue: number;
} {
  return reading === null || reading.effect === null ? { eValue: 0, pValue: 1 } : reading;
}

function readingOf(state: AbState): AbReading {
  const hypotheses = Object.entries(state.arms).flatMap(([arm, { metrics }]) =>
    Object.entries(metrics)
      .filter(([, { role }]) => role === 'goal')
      .flatMap(([name, { worseAt, betterAt }]) => [
        { key: `${arm}/${name}/worse`, ...evidenceIn(worseAt) },
        { key: `${arm}/${name}/better`, ...evidenceIn(betterAt) },
      ]),
  );
  const places =
    state.control === 'familywise'
      ? holm(
          hypotheses.map(({ pValue }) => pValue),
          state.alpha,
        )
      : eBenjaminiHochberg(
          hypotheses.map(({ eValue }) => eValue),
          state.alpha,
        );
  const told = new Set(places.map((place) => hypotheses[place]?.key));
  return {
    arms: Object.fromEntries(
      Object.entries(state.arms).map(([name, arm]): [string, AbArmReading] => [
        name,
        armReading(name, arm, told),
      ]),
    ),
  };
}

function armReading(name: string, arm: AbArm, told: ReadonlySet<string | undefined>): AbArmReading {
  const metrics = Object.fromEntries(
    Object.entries(arm.metrics).map(([metric, at]): [string, AbMetricReading] => {
      const isWorse =
        at.role === 'goal' ? told.has(`${name}/${metric}/worse`) : arm.stoppedBy === metric;
      const isBetter = told.has(`${name}/${metric}/better`);
      const decision = isWorse ? 'worse' : isBetter ? 'better' : 'undecided';
      return [metric, { decision, reading: at.worseAt }];
    }),
  );
  const apart = Object.entries(metrics).filter(([, { decision }]) => decision !== 'undecided');
  const reason = apart
    .map(([metric, { decision, reading }]) => `${metric} is ${decision}: ${reading?.reason}`)
    .join('; ');
  return {
    decision: decisionOf(
      arm,
      apart.map(([, { decision }]) => decision),
    ),
    metrics,
    reason: reason === '' ? 'no goal of the arm is told apart from the control' : reason,
  };
}

function decisionOf(
  { stoppedBy }: AbArm,
  decisions: readonly AbMetricReading['decision'][],
): AbArmReading['decision'] {
  if (stoppedBy !== null) return 'stopped';
  if (decisions.includes('worse')) return 'worse';
  return decisions.includes('better') ? 'better' : 'undecided';
}
