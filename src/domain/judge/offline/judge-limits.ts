import type { ReleaseSpec } from '../../release/release-spec.ts';
import { type Histogram, EMPTY_HISTOGRAM, mergeHistograms, quantile } from '../histogram.ts';
import type { Measurement, Reading, Signal } from '../measurement.ts';
import { judgeThresholds } from '../threshold.ts';
import type { Finding } from '../verdict.ts';
import type { RecordedBlock, RecordedBlocks } from './recorded-blocks.ts';

/** What the limits came to, and at which look that was decided. */
export interface LimitsVerdict {
  readonly kind: 'known' | 'fail' | 'no_data';
  readonly findings: readonly Finding[];
  readonly fromMs: number;
  readonly toMs: number;
}

export type LimitsSpec = Pick<
  ReleaseSpec,
  'version' | 'thresholds' | 'validation' | 'watch' | 'judge'
>;

/**
 * Goes through the blocks as the watch of a running release would have looked at them: at each one
 * it judges what is in `watch.window`, or all there is since the start where that is too little.
 * The first broken limit ends it, and so does `watch.no_data_budget` without data; a last look
 * without data is no data. `weightPercent` scales the limit of throughput, which is not judged
 * without.
 */
export function judgeLimits(
  blocks: RecordedBlocks,
  spec: LimitsSpec,
  weightPercent: number | undefined,
): LimitsVerdict {
  const { blockMs, fromMs } = blocks;
  const length = Math.max(1, Math.ceil(spec.watch.windowMs / blockMs));
  const count = blocks.candidate.length;
  let dataAtMs = fromMs;
  let whole = { candidate: EMPTY_TOTAL, baseline: EMPTY_TOTAL };
  let last: LimitsVerdict | undefined;
  for (let end = 1; end <= count; end += 1) {
    const toMs = fromMs + end * blockMs;
    const begin = Math.max(0, end - length);
    const totalOf = (arm: 'candidate' | 'baseline'): Total =>
      blocks[arm].slice(begin, end).reduce(plus, EMPTY_TOTAL);
    const window = { candidate: totalOf('candidate'), baseline: totalOf('baseline') };
    whole = {
      candidate: plus(whole.candidate, blocks.candidate[end - 1]),
      baseline: plus(whole.baseline, blocks.baseline[end - 1]),
    };
    const judge = (sides: Sides, windowMs: number) =>
      lookAt(blocks, spec, {
        ...{ sides, windowMs, weightPercent },
        judgeThroughput: begin > 0 || end === length,
      });
    const near = judge(window, (end - begin) * blockMs);
    const isThin = window.candidate.requests > 0 && window.baseline.requests > 0 && begin > 0;
    const found = near.kind === 'no_data' && isThin ? judge(whole, end * blockMs) : near;
    last = { ...found, fromMs: found === near ? fromMs + begin * blockMs : fromMs, toMs };
    if (found.kind === 'fail') return last;
    if (found.kind === 'known') dataAtMs = toMs;
    else if (toMs - dataAtMs >= spec.watch.noDataBudgetMs) return last;
  }
  return last ?? { kind: 'no_data', findings: [], fromMs, toMs: fromMs };
}

interface Sides {
  readonly candidate: Total;
  readonly baseline: Total;
}

interface Look {
  readonly sides: Sides;
  readonly windowMs: number;
  readonly weightPercent: number | undefined;
  readonly judgeThroughput: boolean;
}

/**
 * Fixed limits; limits that follow from stable's own figures only for what no test compares, as
 * they would stand outside the error budget. What is compared needs enough samples of both arms.
 */
function lookAt(
  { measured }: RecordedBlocks,
  spec: LimitsSpec,
  { sides, windowMs, weightPercent, judgeThroughput }: Look,
): Pick<LimitsVerdict, 'kind' | 'findings'> {
  const { thresholds, judge, version, validation, watch } = spec;
  const isCompared = (signal: Signal): boolean =>
    (signal === 'error_rate' && judge.errors.method !== 'threshold') ||
    (signal === 'latency_p95' && judge.latency.method !== 'threshold');
  const reading = readingOf(sides.candidate, windowMs, measured.candidate);
  const stable = readingOf(sides.baseline, windowMs, measured.baseline);
  const byLimits = judgeThresholds({
    ...{ version, stage: 'watch', reading, windowMs, judgeThroughput },
    thresholds:
      weightPercent === undefined
        ? { ...thresholds, throughputMinPerSecond: undefined }
        : thresholds,
    baseline: readingOf(
      sides.baseline,
      windowMs,
      measured.baseline.filter((signal) => !isCompared(signal)),
    ),
    limits: { ...validation, minSamples: watch.minSamples },
    noData: judge.noData,
    weightPercent: weightPercent ?? 100,
  });
  const limited = byLimits.findings.map(({ signal }) => signal);
  const lacking = (['latency_p95', 'error_rate'] as const)
    .filter((signal) => isCompared(signal) && !limited.includes(signal))
    .flatMap((signal): readonly Finding[] => {
      const why =
        lackOf(reading[signal], version, watch.minSamples) ??
        lackOf(stable[signal], 'stable', watch.minSamples);
      if (why === undefined) return [];
      const severity = judge.noData[signal] === 'ignore' ? 'warning' : 'critical';
      return [{ signal, kind: 'no_data', severity, sentence: `no ${signal} of ${why}` }];
    });
  const findings = [...byLimits.findings, ...lacking];
  const has = (kind: Finding['kind']): boolean =>
    findings.some((one) => one.kind === kind && one.severity === 'critical');
  return { kind: has('violation') ? 'fail' : has('no_data') ? 'no_data' : 'known', findings };
}

/** A signal that no column tells is not lacking: nobody has recorded it. */
function lackOf(
  measurement: Measurement | undefined,
  who: string,
  minSamples: number,
): string | undefined {
  if (measurement === undefined) return undefined;
  if (measurement.kind === 'no_data') return `${who}: ${measurement.why}`;
  const { samples } = measurement;
  return samples >= minSamples
    ? undefined
    : `${who}: ${samples} sample(s), ${minSamples} are needed`;
}

/** What is known of an arm over some blocks. */
interface Total {
  readonly requests: number;
  /** Of the blocks whose errors are known. */
  readonly counted: { readonly requests: number; readonly errors: number } | undefined;
  readonly latency: Histogram | undefined;
  /** The last block's own p95, with the requests that it rests on. */
  readonly p95: { readonly ms: number; readonly requests: number } | undefined;
  readonly memory: number | undefined;
  readonly cpu: number | undefined;
  readonly isWhole: boolean;
}

const EMPTY_TOTAL: Total = {
  ...{ requests: 0, counted: undefined, latency: undefined, p95: undefined },
  ...{ memory: undefined, cpu: undefined, isWhole: true },
};

function plus(total: Total, block: RecordedBlock | undefined): Total {
  if (block === undefined) return total;
  const { requests, errors, latency, p95Ms, memory, cpu } = block;
  const isCounted = requests !== null && errors !== null;
  const { requests: of = 0, errors: bad = 0 } = total.counted ?? {};
  return {
    requests: total.requests + (requests ?? 0),
    counted: isCounted ? { requests: of + requests, errors: bad + errors } : total.counted,
    latency:
      latency === null
        ? total.latency
        : mergeHistograms([total.latency ?? EMPTY_HISTOGRAM, latency]),
    p95: p95Ms === null ? undefined : { ms: p95Ms, requests: requests ?? 0 },
    memory: higher(total.memory, memory),
    cpu: higher(total.cpu, cpu),
    isWhole: total.isWhole && requests !== null,
  };
}

function higher(one: number | undefined, other: number | null): number | undefined {
  return other === null ? one : Math.max(one ?? -Infinity, other);
}

function readingOf(total: Total, windowMs: number, measured: readonly Signal[]): Reading {
  const measurements = measured.map((signal) => [signal, measurementOf(signal, total, windowMs)]);
  return Object.fromEntries(measurements);
}

function measurementOf(signal: Signal, total: Total, windowMs: number): Measurement {
  const { counted, latency, p95, requests, memory, cpu, isWhole } = total;
  switch (signal) {
    case 'error_rate': {
      if (counted === undefined || counted.requests === 0) return none('no requests');
      return { kind: 'value', value: counted.errors / counted.requests, samples: counted.requests };
    }
    case 'latency_p95': {
      if (p95 !== undefined) return { kind: 'value', value: p95.ms, samples: p95.requests };
      const value = latency === undefined ? undefined : quantile(latency, 0.95);
      if (latency === undefined || value === undefined) return none('no request with a latency');
      return { kind: 'value', value, samples: latency.total };
    }
    case 'throughput':
      if (!isWhole) return none('a block is missing');
      return { kind: 'value', value: (1000 * requests) / windowMs, samples: requests };
    case 'memory':
    case 'cpu': {
      const value = signal === 'memory' ? memory : cpu;
      return value === undefined ? none('no row has it') : { kind: 'value', value, samples: 1 };
    }
    default:
      return signal satisfies never;
  }
}

function none(why: string): Measurement {
  return { kind: 'no_data', why: `${why} in the window` };
}
