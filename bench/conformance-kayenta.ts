import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { brentRoot } from '../src/domain/judge/kayenta/brent-root.ts';
import { classifyMetric } from '../src/domain/judge/kayenta/classify-metric.ts';
import {
  mannWhitneyInterval,
  wilcoxonDifference,
} from '../src/domain/judge/kayenta/mann-whitney-interval.ts';
import { normalQuantile } from '../src/domain/judge/kayenta/normal-quantile.ts';
import { ascending } from '../src/domain/judge/kayenta/rank-sum.ts';

/**
 * Whether our port of Kayenta's judge meets vectors that were recorded from Kayenta's own tests:
 * `npm run conformance:kayenta -- FILE --json`. The file is `{mannWhitney, classifier, extra}`,
 * lists of cases with both arms and what is expected of them, and no part of the project. Prints a
 * line a case; the last line is `{passed, total, failed: [names]}` over `mannWhitney` and
 * `classifier`. A case of `extra` that records a Kayenta verdict is tried and printed, and not
 * counted; those of other methods are only named. Exits with 1 where a case differs, with 2 where
 * the file is odd.
 */
const arm = z.array(z.number().nullable());
const decreaseAndIncrease = z.tuple([z.number(), z.number()]);

const intervalCase = z.object({
  name: z.string().min(1),
  experiment: z.array(z.number()).min(1),
  control: z.array(z.number()).min(1),
  confidenceLevel: z.number().gt(0).lt(1),
  tolerance: z.number().positive(),
  expectNamed: z.record(z.string(), z.number()),
  expectDirect: z.array(z.object({ of: z.string(), expected: z.number() })),
});

const classifierCase = z.object({
  name: z.string().min(1),
  options: z.object({
    tolerance: z.number(),
    conf: z.number().gt(0).lt(1),
    eff: decreaseAndIncrease,
    crit: decreaseAndIncrease,
    measure: z.enum(['meanRatio', 'cles']),
    dir: z.enum(['increase', 'decrease', 'either']),
    nan: z.enum(['remove', 'replace']),
    critical: z.boolean(),
    mustHaveData: z.boolean().optional(),
  }),
  experiment: arm,
  control: arm,
  /** `null`: the recorded test says nothing about it. */
  expect: z.object({ classification: z.string().nullable(), critical: z.boolean().nullable() }),
});

const recordedVerdict = z.object({
  name: z.string().min(1),
  experiment: arm,
  control: arm,
  options: z.object({
    tolerance: z.number(),
    confLevel: z.number().gt(0).lt(1),
    effectSizeThresholds: decreaseAndIncrease,
    criticalThresholds: decreaseAndIncrease,
  }),
  observed: z.object({
    classification: z.string(),
    ci: z.tuple([z.number(), z.number()]),
    estimate: z.number(),
  }),
});

const vectors = z.object({
  mannWhitney: z.array(intervalCase),
  classifier: z.array(classifierCase),
  extra: z.array(z.union([recordedVerdict, z.object({ name: z.string() })])).default([]),
});

/** What a case came to: the differences, none where it is met. */
type Differences = readonly string[];

function tryInterval(given: z.infer<typeof intervalCase>): Differences {
  const x = ascending(given.experiment);
  const y = ascending(given.control);
  const [from, to] = [(x[0] ?? NaN) - (y.at(-1) ?? NaN), (x.at(-1) ?? NaN) - (y[0] ?? NaN)];
  const interval = mannWhitneyInterval(given.experiment, given.control, given.confidenceLevel);
  if (interval === undefined) return ['there is no interval'];
  const lowerTail = (1 - given.confidenceLevel) / 2;
  const quantile = -normalQuantile(lowerTail);
  const plain = (shift: number): number => wilcoxonDifference(x, y, shift, 0, 'plain');
  const plainEstimate = brentRoot(plain, { x: from, f: plain(from) }, { x: to, f: plain(to) });
  const found: Readonly<Record<string, readonly (number | undefined)[]>> = {
    rMumin: [from],
    rMumax: [to],
    rZqLower: [quantile],
    rZqUpper: [-quantile],
    rFlower1: [wilcoxonDifference(x, y, from, quantile)],
    rFupper1: [wilcoxonDifference(x, y, to, quantile)],
    rFlower2: [wilcoxonDifference(x, y, from, -quantile)],
    rFupper2: [wilcoxonDifference(x, y, to, -quantile)],
    rCil: [interval.low],
    rCiLow: [interval.low],
    rCiu: [interval.high],
    rCiHigh: [interval.high],
    // R's own wilcox.test estimates without the correction for continuity and Kayenta with it;
    // recordings hold both under this name.
    rEst: [interval.estimate, plainEstimate],
    'result.confidenceInterval.head': [interval.low],
    'result.confidenceInterval.last': [interval.high],
    'result.estimate': [interval.estimate],
  };
  const differenceAt = /^mannWhitney\.wilcoxonDiff\(([-\d.e]+), ([-\d.e]+), x, y\)$/;
  const valuesOf = (name: string): readonly (number | undefined)[] => {
    const call = differenceAt.exec(name);
    if (call === null) return found[name] ?? [];
    return [wilcoxonDifference(x, y, Number(call[1]), Number(call[2]))];
  };
  const expected = [
    ...Object.entries(given.expectNamed),
    ...given.expectDirect.map((direct) => [direct.of, direct.expected] as const),
  ];
  if (expected.length === 0) return ['nothing is expected'];
  return expected.flatMap(([name, value]) => {
    const values = valuesOf(name);
    const isMet = values.some((own) => Math.abs((own ?? NaN) - value) <= given.tolerance);
    return isMet ? [] : [`${name} is ${values.join(' or ') || 'unknown'}, expected ${value}`];
  });
}

function tryClassifier(given: z.infer<typeof classifierCase>): Differences {
  const { options, expect } = given;
  const [allowedDecrease, allowedIncrease] = options.eff;
  const [criticalDecrease, criticalIncrease] = options.crit;
  const { label, critical } = classifyMetric(
    {
      name: given.name,
      groups: [],
      experiment: given.experiment,
      control: given.control,
      direction: options.dir,
      nanStrategy: options.nan,
      critical: options.critical,
      mustHaveData: options.mustHaveData ?? false,
      effectSize: {
        measure: options.measure,
        allowedDecrease,
        allowedIncrease,
        criticalDecrease,
        criticalIncrease,
      },
    },
    { tolerance: options.tolerance, confidenceLevel: options.conf },
  );
  const isLabelMet = expect.classification === null || expect.classification === label;
  const isCriticalMet = expect.critical === null || expect.critical === critical;
  return [
    ...(isLabelMet ? [] : [`${label}, expected ${expect.classification}`]),
    ...(isCriticalMet ? [] : [`critical ${critical}, expected ${expect.critical}`]),
  ];
}

function tryRecorded(given: z.infer<typeof recordedVerdict>): Differences {
  const [allowedDecrease, allowedIncrease] = given.options.effectSizeThresholds;
  const [criticalDecrease, criticalIncrease] = given.options.criticalThresholds;
  const limits = { allowedDecrease, allowedIncrease, criticalDecrease, criticalIncrease };
  const { label, shift } = classifyMetric(
    { ...given, groups: [], effectSize: limits },
    { tolerance: given.options.tolerance, confidenceLevel: given.options.confLevel },
  );
  const { classification, ci, estimate } = given.observed;
  const figures = [
    ['low', shift?.low, ci[0]],
    ['high', shift?.high, ci[1]],
    ['estimate', shift?.estimate, estimate],
  ] as const;
  return [
    ...(label === classification ? [] : [`${label}, expected ${classification}`]),
    ...figures
      .filter(([, own, expected]) => !(Math.abs((own ?? NaN) - expected) < 1e-12))
      .map(([name, own, expected]) => `${name} is ${own}, expected ${expected}`),
  ];
}

function printed(name: string, differences: Differences): boolean {
  const isMet = differences.length === 0;
  process.stdout.write(`${isMet ? 'ok    ' : 'DIFFER'}  ${name}\n`);
  for (const difference of differences) process.stdout.write(`          ${difference}\n`);
  return isMet;
}

function readVectors(): z.infer<typeof vectors> | string {
  const file = process.argv.slice(2).find((argument) => !argument.startsWith('--'));
  if (file === undefined) return 'name the file of vectors: npm run conformance:kayenta -- FILE';
  try {
    const parsed = vectors.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (!parsed.success) return `${file} holds no vectors: ${z.prettifyError(parsed.error)}`;
    const { mannWhitney, classifier } = parsed.data;
    return mannWhitney.length + classifier.length > 0 ? parsed.data : `${file} holds no case`;
  } catch (error) {
    return `cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const given = readVectors();
if (typeof given === 'string') {
  process.stderr.write(`${given}\n`);
  process.exitCode = 2;
} else {
  const cases = [
    ...given.mannWhitney.map((one) => ({ name: one.name, differences: tryInterval(one) })),
    ...given.classifier.map((one) => ({ name: one.name, differences: tryClassifier(one) })),
  ];
  const failed = cases
    .filter(({ name, differences }) => !printed(name, differences))
    .map(({ name }) => name);
  let isBesideMet = true;
  process.stdout.write('\nbeside the count:\n');
  for (const one of given.extra) {
    if ('observed' in one) isBesideMet = printed(one.name, tryRecorded(one)) && isBesideMet;
    else process.stdout.write(`other   ${one.name}: of another method\n`);
  }
  const passed = cases.length - failed.length;
  process.stdout.write(`\n${passed} of ${cases.length} cases are met\n`);
  const result = { passed, total: cases.length, failed };
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (failed.length > 0 || !isBesideMet) process.exitCode = 1;
}
