import { formatDuration } from '../quantity.ts';
import { countOf, instancesFor } from './capacity.ts';
import type { Contradiction } from './release-checks.ts';
import type { ParsedRelease, Strategy } from './release.schema.ts';
import type { WrittenStep } from './strategy.schema.ts';

/** Keys of the file's own strategy that are each right and cannot hold together. */
export function strategyContradictions(release: ParsedRelease): readonly Contradiction[] {
  const { strategy } = release;
  switch (strategy) {
    case 'blue_green':
      return ofSwitchSteps(release);
    case 'canary':
      return ofCanary(release);
    case 'rolling':
      return [];
    case 'ab_test':
      return ofArms(release);
    default:
      return strategy satisfies never;
  }
}

function ofSwitchSteps({ switch_steps: weights = [] }: ParsedRelease): readonly Contradiction[] {
  const falls = notRising(
    weights.map((weight, index) => ({ path: ['switch_steps', index], weight })),
  );
  const last = weights.at(-1);
  if (falls.length > 0 || last === undefined || last === 100) return falls;
  return [
    {
      path: ['switch_steps', weights.length - 1],
      message:
        `${last} is the last weight, and the version before would be removed while it has ` +
        `${100 - last} % of the traffic: write [${[...weights, 100].join(', ')}]`,
    },
  ];
}

interface Placed {
  readonly path: Contradiction['path'];
  readonly weight: number;
}

/** A weight only rises: `belay step-back` is the way down. */
function notRising(weights: readonly Placed[]): readonly Contradiction[] {
  return weights.flatMap(({ path, weight }, index) => {
    const before = weights[index - 1]?.weight;
    if (before === undefined || weight > before) return [];
    const message = `${weight} does not rise: the weight before it is ${before}`;
    return [{ path, message }];
  });
}

function ofCanary(release: ParsedRelease): readonly Contradiction[] {
  const { steps = [], canary_traffic_percent: limit } = release;
  const placed = steps.map((step, index) => ({ step, index }));
  const weights = placed.flatMap(({ step: { weight }, index }) =>
    weight === undefined ? [] : [{ path: ['steps', index, 'weight'], weight }],
  );
  return [
    ...notRising(weights),
    ...placed.flatMap(({ step, index }) => ofOneStep(release, step, index)),
    ...shrinking(release),
    ...withoutFirstStep(limit, release.steps === undefined ? undefined : weights),
  ];
}

/** Where the limit leaves no weight below 100, every user would meet the candidate at once. */
function withoutFirstStep(
  limit: number | undefined,
  weights: readonly Placed[] | undefined,
): readonly Contradiction[] {
  const path = ['canary_traffic_percent'];
  if (limit === 0) {
    return [{ path, message: '0 would leave no step before all of the traffic: write at least 1' }];
  }
  if (limit === undefined || weights === undefined) return [];
  const below = weights.map(({ weight }) => weight).filter((weight) => weight < 100);
  const least = Math.min(...below);
  if (below.length === 0 || least <= limit) return [];
  const message = `${limit} would drop every weight below 100: the least under steps is ${least}`;
  return [{ path, message }];
}

function ofOneStep(
  { steps = [], session_affinity: affinity }: ParsedRelease,
  step: WrittenStep,
  index: number,
): readonly Contradiction[] {
  const found: Contradiction[] = [];
  const tell = (key: string, message: string): void => {
    found.push({ path: ['steps', index, key], message });
  };
  if (step.for !== undefined && step.weight === undefined && step.mirror === undefined) {
    tell('for', 'belongs to weight and mirror: a wait of its own is `hold`, a verdict `analysis`');
  }
  const before = steps.slice(0, index);
  if (step.analysis !== undefined && !before.some(meetsUsers)) {
    tell('analysis', 'comes before any traffic: there would be nothing to judge');
  }
  if (step.session_affinity === undefined) return found;
  if (affinity !== undefined) {
    tell('session_affinity', 'stands at the top of the file as well: write it in one place');
  }
  if (before.some((other) => other.session_affinity !== undefined)) {
    tell('session_affinity', 'is there already: users would be given new places');
  }
  return found;
}

function meetsUsers({ weight = 0, match, mirror = 0 }: WrittenStep): boolean {
  return weight > 0 || mirror > 0 || match !== undefined;
}

/** Instances only come; a weight brings those that it needs by itself. */
function shrinking(release: ParsedRelease): readonly Contradiction[] {
  const { steps = [], environment } = release;
  const full = environment.instances;
  let running = 1;
  return steps.flatMap(({ weight, scale }, index): readonly Contradiction[] => {
    if (weight !== undefined) running = Math.max(running, instancesFor(weight, full));
    if (scale === undefined) return [];
    const path = ['steps', index, 'scale'];
    if ((scale.count ?? 0) > full) {
      const message = `${scale.count} is more than environment.instances (${full})`;
      return [{ path, message }];
    }
    const wanted = countOf(scale, full);
    if (wanted < running) {
      const message = `comes to ${wanted} of ${running} instances: a step only adds to them`;
      return [{ path, message }];
    }
    running = wanted;
    return [];
  });
}

function ofArms({ ab_test: test }: ParsedRelease): readonly Contradiction[] {
  const found: Contradiction[] = [];
  if (test.min_duration > test.max_duration) {
    found.push({
      path: ['ab_test', 'min_duration'],
      message:
        `is ${formatDuration(test.min_duration)}, longer than max_duration ` +
        `(${formatDuration(test.max_duration)}): the test would end before it may be decided`,
    });
  }
  if (test.match === undefined && (test.share === 0 || test.share === 100)) {
    const message = `${test.share} leaves one arm without users: write 1 to 99`;
    found.push({ path: ['ab_test', 'share'], message });
  }
  return found;
}

/** Keys that belong to other strategies: files are shared, so they are taken, and said aloud. */
export function strategyRemarks(release: ParsedRelease, written: unknown): readonly string[] {
  const { strategy, switch_steps: switchSteps, mode, ab_test: test } = release;
  const has = (key: string): boolean => valueIn(written, key) !== undefined;
  const remarks = KEYS.filter(
    ([key, strategies]) => has(key) && !strategies.includes(strategy),
  ).map(([key]) => `${key} has no effect under strategy ${strategy}`);
  if (strategy === 'blue_green' && has('rollout_duration') && switchSteps === undefined) {
    remarks.push('rollout_duration has no effect under strategy blue_green without switch_steps');
  }
  const hasShare = valueIn(valueIn(written, 'ab_test'), 'share') !== undefined;
  if (strategy === 'ab_test' && test.match !== undefined && hasShare) {
    remarks.push('ab_test.share has no effect beside ab_test.match');
  }
  remarks.push(...leftAtOnce(release));
  for (const key of ['gates', 'hooks'] as const) {
    if (mode !== 'observe' || release[key].length === 0) continue;
    remarks.push(`${key} have no effect under mode observe: nobody is asked and nothing is called`);
  }
  if (mode === 'observe' && release.incidents !== undefined) {
    remarks.push('incidents has no effect under mode observe: nothing goes back');
  }
  return remarks;
}

/** Weights that the next one follows before anybody can have looked. */
function leftAtOnce(release: ParsedRelease): readonly string[] {
  const { strategy, steps = [], rollout_duration: total } = release;
  if (strategy !== 'canary' || total !== undefined) return [];
  return steps.flatMap(({ weight, for: forMs = 0 }, index) => {
    const next = steps[index + 1];
    const isLeft = next === undefined || next.weight !== undefined;
    if (weight === undefined || weight === 0 || weight === 100 || forMs > 0 || !isLeft) return [];
    return [`steps.${index} is left at once, unwatched: give it a time with for`];
  });
}

/** Of a block as it was written, before any default. */
export function valueIn(block: unknown, key: string): unknown {
  if (typeof block !== 'object' || block === null) return undefined;
  return Object.entries(block).find(([name]) => name === key)?.[1];
}

/** The strategies that a key has an effect under; what is not here has one under all of them. */
const KEYS: readonly (readonly [keyof ParsedRelease, readonly Strategy[]])[] = [
  ['canary_traffic_percent', ['canary']],
  ['rollout_duration', ['blue_green', 'canary', 'rolling']],
  ['steps', ['canary']],
  ['baseline', ['canary']],
  ['session_affinity', ['canary', 'ab_test']],
  ['switch_steps', ['blue_green']],
  ['keep_on_abort', ['blue_green', 'canary', 'ab_test']],
  ['cleanup_delay', ['blue_green', 'canary', 'ab_test']],
  ['rolling', ['rolling']],
  ['ab_test', ['ab_test']],
];
