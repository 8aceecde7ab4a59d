import { DISPERSION } from '../judge/sequential/dispersion.ts';
import { FIRST_LOOK_POINTS } from '../judge/shift-looks.ts';
import { formatDuration } from '../quantity.ts';
import type { Contradiction } from './release-checks.ts';
import type { ParsedRelease } from './release.schema.ts';
import { valueIn } from './strategy-checks.ts';

/** What the judge of a release file cannot do as it is written. */
export function judgeContradictions(release: ParsedRelease): readonly Contradiction[] {
  return [
    ...ownMetricProblems(release),
    ...(release.judge.method === 'kayenta'
      ? [...groupProblems(release), ...shortSteps(release, { by: "Kayenta's judge", pointsMin: 5 })]
      : [...directionProblems(release), ...tooShortForOwn(release)]),
  ];
}

/** Metrics of the file's own are asked of a Prometheus, by queries that can tell the arms apart. */
function ownMetricProblems({ judge, metrics }: ParsedRelease): readonly Contradiction[] {
  const hasServer = metrics.some(({ kind }) => kind === 'prometheus');
  return judge.metrics.flatMap(({ query }, index) => {
    const path = ['judge', 'metrics', index, 'query'];
    if (!hasServer) {
      return [{ path, message: 'needs a prometheus source: add one to metrics, with its url' }];
    }
    if (query.includes('{version}')) return [];
    return [{ path, message: 'has no {version}: candidate and stable would get the same answer' }];
  });
}

function directionProblems({ judge }: ParsedRelease): readonly Contradiction[] {
  return judge.metrics.flatMap(({ direction, method }, index) =>
    direction === 'either' && method === 'sequential'
      ? [
          {
            path: ['judge', 'metrics', index, 'direction'],
            message: 'either is not for method sequential: write mann_whitney, or two metrics',
          },
        ]
      : [],
  );
}

/** Weights with which no version could ever pass, or that would be nobody's. */
function groupProblems({ judge }: ParsedRelease): readonly Contradiction[] {
  const path = ['judge', 'group_weights'];
  const { errors, latency, metrics, groupWeights } = judge;
  const groups = new Set([errors, latency, ...metrics].map(({ group }) => group));
  const foreign = Object.keys(groupWeights).filter((name) => !groups.has(name));
  if (foreign.length > 0) {
    const known = [...groups].join(', ');
    return [{ path, message: `names ${foreign.join(', ')}; the groups are ${known}` }];
  }
  const sum = Object.values(groupWeights).reduce((total, weight) => total + weight, 0);
  if (sum > 100 + ROUNDING) return [{ path, message: `come to ${sum}, more than 100` }];
  const isWhole = Object.keys(groupWeights).length === groups.size;
  if (!isWhole || sum >= 100 - ROUNDING) return [];
  return [{ path, message: `name every group and come to ${sum}: it must be 100` }];
}

/** Sums of decimal weights may be a hair off. */
const ROUNDING = 1e-6;

/** Without history each test of a metric needs so many values: with fewer it says nothing. */
function tooShortForOwn(release: ParsedRelease): readonly Contradiction[] {
  const needed = release.judge.metrics.filter(({ noData }) => noData !== 'ignore');
  const slowest = needed.find(({ method }) => method === 'sequential') ?? needed[0];
  if (slowest === undefined) return [];
  const { name, method } = slowest;
  const pointsMin = method === 'sequential' ? DISPERSION.runBlocksMin : FIRST_LOOK_POINTS;
  return shortSteps(release, { by: `${method} of judge.metrics ${name}`, pointsMin });
}

/** Of a step the first seconds and the last ones are not counted. */
const UNSETTLED_MS = 4000;

/** Steps that end before so many points an arm, with which no difference could show. */
function shortSteps(
  { steps = [], watch, rolling, ...release }: ParsedRelease,
  { by, pointsMin }: { readonly by: string; readonly pointsMin: number },
): readonly Contradiction[] {
  if (release.rollout_duration !== undefined) return [];
  const leastMs = pointsMin * watch.interval + UNSETTLED_MS;
  const message =
    `is shorter than ${formatDuration(leastMs)}, ${pointsMin} times watch.interval and a little: ` +
    `${by} would not know enough`;
  const isShort = (ms: number | undefined): boolean => ms !== undefined && ms > 0 && ms < leastMs;
  switch (release.strategy) {
    case 'canary':
      return steps.flatMap(({ weight = 0, for: forMs, analysis }, index) => [
        ...(weight > 0 && weight < 100 && isShort(forMs)
          ? [{ path: ['steps', index, 'for'], message }]
          : []),
        ...(isShort(analysis) ? [{ path: ['steps', index, 'analysis'], message }] : []),
      ]);
    case 'rolling':
      return isShort(rolling.stabilize) ? [{ path: ['rolling', 'stabilize'], message }] : [];
    case 'blue_green':
    case 'ab_test':
      return [];
    default:
      return release.strategy satisfies never;
  }
}

const OF_KAYENTA = ['group', 'critical'] as const;
const OF_EACH = ['method', 'max_increase', 'severity', 'weight'] as const;

/** Keys of one way to judge, written beside the other. */
export function judgeRemarks({ judge }: ParsedRelease, written: unknown): readonly string[] {
  const block = valueIn(written, 'judge');
  const isKayenta = judge.method === 'kayenta';
  const whole = isKayenta ? ['alpha'] : ['pass', 'marginal', 'group_weights'];
  const own = valueIn(block, 'metrics');
  const parts: readonly (readonly [string, unknown])[] = [
    ['errors', valueIn(block, 'errors')],
    ['latency', valueIn(block, 'latency')],
    ...(Array.isArray(own) ? own : []).map((metric, index): readonly [string, unknown] => [
      `metrics.${index}`,
      metric,
    ]),
  ];
  const keys = [
    ...whole.filter((key) => valueIn(block, key) !== undefined),
    ...parts.flatMap(([name, part]) =>
      (isKayenta ? OF_EACH : OF_KAYENTA)
        .filter((key) => valueIn(part, key) !== undefined)
        .map((key) => `${name}.${key}`),
    ),
  ];
  return keys.map((key) => `judge.${key} has no effect under judge.method ${judge.method}`);
}
