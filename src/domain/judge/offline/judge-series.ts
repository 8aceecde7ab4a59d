import { type OwnMetric, beginOwn, lookAtOwn } from '../arm-metric.ts';
import { judgeShift } from '../kayenta/judge-shift.ts';
import type { BadDirection } from '../kayenta/test-shift.ts';
import { DISPERSION } from '../sequential/dispersion.ts';
import { compared, unjudged } from './judge-arms.ts';
import { type RecordedSeries, valuesOf } from './recorded-series.ts';
import { type JudgedMetric, NOTHING_FOUND, type RecordedFinding } from './recorded-verdict.ts';

/** Of columns whose name says what is bad; of any other one, a change in either direction is. */
const DIRECTIONS: Readonly<Record<string, BadDirection>> = {
  error_rate: 'increase',
  latency_p95: 'increase',
  memory: 'increase',
  cpu: 'increase',
  throughput: 'decrease',
};

export function directionOf(name: string, asked: BadDirection | undefined): BadDirection {
  return asked ?? (Object.hasOwn(DIRECTIONS, name) ? DIRECTIONS[name] : undefined) ?? 'either';
}

/** Where more than half of the values are missing, the others say little of the whole. */
const MISSING_SHARE_MAX = 0.5;

/** One look at the whole series, by the rank test that minds the dependence of its samples. */
export function judgeByRanks(
  series: RecordedSeries,
  { alpha, direction }: { readonly alpha: number; readonly direction: BadDirection },
): JudgedMetric {
  const { name, window } = series;
  const { baseline, candidate } = valuesOf(series);
  const samples = { baseline: baseline.length, candidate: candidate.length };
  const facts = {
    ...NOTHING_FOUND,
    ...{ metric: name, window, samples, alpha },
    method: 'mann_whitney',
  } as const;
  const lacking = lackingIn(series);
  if (lacking !== undefined) return unjudged(facts, 'no_data', lacking);
  const judged = judgeShift({ name, candidate, control: baseline, direction, alpha });
  const { figures, sentence } = judged;
  const kind = judged.kind === 'fail' ? 'violation' : judged.kind === 'pass' ? 'ok' : judged.kind;
  const found: RecordedFinding = {
    ...facts,
    kind,
    sentence,
    ...(figures === undefined
      ? {}
      : {
          baseline: figures.means.control,
          candidate: figures.means.candidate,
          effect: { estimate: figures.estimate, ...figures.interval },
          pValue: figures.pValue,
        }),
  };
  const values = growingLooks(series, (part) => {
    const { baseline: control, candidate: own } = valuesOf(part);
    return judgeShift({ name, candidate: own, control, direction, alpha }).figures?.pValue;
  });
  const evidence = {
    ...{ values, limit: alpha },
    ...({ kind: 'p_value', decides: 'the last look' } as const),
  };
  return { finding: found, trace: { ...drawn(series), evidence } };
}

/** A metric of the file's own, by the file's own rules, at every row. */
export function judgeOwnMetric(series: RecordedSeries, metric: OwnMetric): JudgedMetric {
  const { name, window } = series;
  const { method, severity, weight, alpha, increaseMax } = metric;
  const { baseline, candidate } = valuesOf(series);
  const mean = (values: readonly number[]): number | null =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value / values.length, 0);
  const facts = {
    ...NOTHING_FOUND,
    ...{ metric: name, method, severity, weight, alpha, limit: increaseMax, window },
    samples: { baseline: baseline.length, candidate: candidate.length },
    ...{ baseline: mean(baseline), candidate: mean(candidate) },
  };
  const lacking =
    lackingIn(series) ??
    (series.isPaired ? undefined : 'the arms have no rows at the same times: query both alike');
  if (lacking !== undefined) {
    const found = unjudged(facts, 'no_data', lacking);
    // It is told, and decides nothing, as in a running release.
    return metric.noData === 'ignore'
      ? { ...found, finding: { ...found.finding, weight: 0 } }
      : found;
  }
  let test = beginOwn(metric);
  let looked = lookAtOwn(test, [], name);
  const evidence = series.candidate.map((own, at) => {
    const other = series.baseline[at];
    if (own !== null && other != null) {
      looked = lookAtOwn(
        test,
        [{ ...NO_TALLIES, values: { [name]: { candidate: own, control: other } } }],
        name,
      );
      test = looked.test;
    }
    return method === 'sequential' ? 1 / looked.said.pValue : looked.said.pValue;
  });
  const { said } = looked;
  const isTooShort = method === 'mann_whitney' || said.samples < DISPERSION.runBlocksMin;
  const kind = method === 'sequential' ? 'e_value' : 'p_value';
  const limit = method === 'sequential' ? 1 / alpha : said.alpha;
  return {
    finding: compared(facts, said, isTooShort),
    trace: { ...drawn(series), evidence: { kind, values: evidence, limit, decides: 'any look' } },
  };
}

const NO_TALLY = { requests: 0, errors: 0, latency: { counts: {}, total: 0 } } as const;
const NO_TALLIES = { baseline: NO_TALLY, candidate: NO_TALLY } as const;

function lackingIn({ baseline, candidate }: RecordedSeries): string | undefined {
  for (const [arm, values] of [
    ['baseline', baseline],
    ['candidate', candidate],
  ] as const) {
    if (values.length === 0) return `the ${arm} has no rows`;
    const missing = values.filter((value) => value === null).length;
    if (missing > values.length * MISSING_SHARE_MAX) {
      return `${missing} of ${values.length} values of the ${arm} are missing`;
    }
  }
  return undefined;
}

const FIRST_LOOK_ROWS = 10;
const LOOKS_MAX = 12;

/** For the drawing: the p-value as it would have been at 10, 20, 40 … rows, and at the end. */
function growingLooks(
  series: RecordedSeries,
  pValueOf: (part: RecordedSeries) => number | undefined,
): readonly (number | null)[] {
  const rows = series.candidate.length;
  const looks = Array.from({ length: LOOKS_MAX }, (_, look) => FIRST_LOOK_ROWS * 2 ** look);
  const at = [...looks.filter((end) => end < rows), rows];
  const values: (number | null)[] = series.candidate.map(() => null);
  for (const end of at) {
    const ofBaseline = Math.round((end / rows) * series.baseline.length);
    const part = {
      ...series,
      candidate: series.candidate.slice(0, end),
      baseline: series.baseline.slice(0, ofBaseline),
    };
    values[end - 1] = pValueOf(part) ?? null;
  }
  return values;
}

function drawn({ name, atMs, baseline, candidate }: RecordedSeries) {
  return { metric: name, rows: 'rows' as const, atMs, baseline, candidate };
}
