import { quantile, valueOfBucket } from '../../src/domain/judge/histogram.ts';
import type { Histogram } from '../../src/domain/judge/histogram.ts';
import { classifyMetric } from '../../src/domain/judge/kayenta/classify-metric.ts';
import { judgeKayenta } from '../../src/domain/judge/kayenta/judge-kayenta.ts';
import type { Scenario } from './measure.ts';
import { seeded } from './random.ts';
import type { Contender, Flag, Series } from './series.ts';

/** Of its judge: the interval of the shift is one of 98 %. */
export const OWN_LEVEL = 0.98;

const LOOK_EVERY = 10;

/** The level that no bisection goes beyond: twelve nines. */
const NINES_MAX = 12;

/** Bisection stops at a hundredth of a nine. */
const NINES_PRECISION = 0.01;

interface Arms {
  readonly control: readonly number[];
  readonly experiment: readonly number[];
}

/**
 * The port of Kayenta's judge as its users run it: a point a minute, a look every ten minutes at
 * all of the points so far, an increase is bad. Errors are those of a thousand requests; latency is
 * the mean of each minute, which moves half as much by chance as its p95 does.
 */
export function kayentaContender(name: string, level: number): Contender {
  return { name, judges: () => true, run: (series) => firstHigh(armsOf(series), level) };
}

/**
 * The same as a release has it with `judge.method: kayenta`: five steps of 24 minutes, each looked
 * at once, at its end. Of one metric that differs the score is 0.
 */
export function stepsContender(name: string): Contender {
  return { name, judges: () => true, run: (series) => firstBadStep(pointsOf(series)) };
}

const STEP_POINTS = 24;

function firstBadStep({ control, experiment }: Arms): Flag {
  for (let end = STEP_POINTS; end <= control.length; end += STEP_POINTS) {
    const of = (values: readonly number[]): readonly number[] =>
      values.slice(end - STEP_POINTS, end);
    const { kind } = judgeKayenta({
      metrics: [
        {
          ...{ name: 'metric', groups: ['all'], direction: 'increase' },
          ...{ control: of(control), experiment: of(experiment) },
        },
      ],
      score: { thresholds: { pass: 95, marginal: 75 } },
    });
    if (kind === 'fail') return { flagged: true, atLook: end };
  }
  return { flagged: false, atLook: null };
}

/** Of latencies a release looks at the p95. */
function pointsOf(series: Series): Arms {
  if (series.kind !== 'latency') return armsOf(series);
  const p95 = (histogram: Histogram): number => quantile(histogram, 0.95) ?? NaN;
  return {
    control: series.blocks.map(({ baseline }) => p95(baseline)),
    experiment: series.blocks.map(({ candidate }) => p95(candidate)),
  };
}

/**
 * The confidence level at which the port takes back `rate` of the releases of an A/A scenario, over
 * all of its looks: by bisection in the number of nines, on releases of other seeds than those that
 * are compared. A release that is taken back at a level is so at any lower one, so that only those
 * are judged again that a step has left open. A rate of none is one release of all of them; one that twelve nines do
 * not bring about is left at twelve nines.
 */
export function calibratedLevel(scenario: Scenario, rate: number, repetitions: number): number {
  const allowed = Math.max(1, Math.round(rate * repetitions));
  let open = Array.from({ length: repetitions }, (_, index) =>
    armsOf(scenario.series(seeded(CALIBRATION_SEED + index))),
  );
  let surely = 0;
  let [low, high] = [0, NINES_MAX];
  while (high - low > NINES_PRECISION) {
    const middle = (low + high) / 2;
    const flagged = open.filter((arms) => firstHigh(arms, levelOf(middle)).flagged);
    if (surely + flagged.length > allowed) {
      low = middle;
      open = flagged;
    } else {
      high = middle;
      surely += flagged.length;
      const settled = new Set(flagged);
      open = open.filter((arms) => !settled.has(arms));
    }
  }
  return levelOf(high);
}

const CALIBRATION_SEED = 1_000_001;

function levelOf(nines: number): number {
  return 1 - 10 ** -nines;
}

function firstHigh({ control, experiment }: Arms, confidenceLevel: number): Flag {
  for (let look = LOOK_EVERY; look <= control.length; look += LOOK_EVERY) {
    const metric = {
      name: 'metric',
      groups: [],
      direction: 'increase',
      control: control.slice(0, look),
      experiment: experiment.slice(0, look),
    } as const;
    const { label } = classifyMetric(metric, { confidenceLevel });
    if (label === 'High') return { flagged: true, atLook: look };
  }
  return { flagged: false, atLook: null };
}

function armsOf(series: Series): Arms {
  switch (series.kind) {
    case 'counts': {
      const rate = (errors: number, requests: number): number => (1000 * errors) / requests;
      return {
        control: series.blocks.map(({ baseline, units }) => rate(baseline, units.baseline)),
        experiment: series.blocks.map(({ candidate, units }) => rate(candidate, units.candidate)),
      };
    }
    case 'means':
      return {
        control: series.blocks.map(({ baseline }) => baseline),
        experiment: series.blocks.map(({ candidate }) => candidate),
      };
    case 'latency':
      return {
        control: series.blocks.map(({ baseline }) => meanOf(baseline)),
        experiment: series.blocks.map(({ candidate }) => meanOf(candidate)),
      };
    default:
      return series satisfies never;
  }
}

function meanOf({ counts, total }: Histogram): number {
  const sum = Object.entries(counts).reduce(
    (all, [bucket, count]) => all + count * valueOfBucket(Number(bucket)),
    0,
  );
  return sum / total;
}
