import { formatBytes } from '../quantity.ts';
import type { Thresholds } from '../release/release.schema.ts';
import type { Measurement, Reading, Signal } from './measurement.ts';
import type { Finding, Severity, Verdict } from './verdict.ts';

export interface ThresholdInput {
  readonly version: string;
  readonly stage: 'validate' | 'watch' | 'verify';
  readonly thresholds: Partial<Thresholds>;
  readonly reading: Reading;
  /** Stable's figures for the same signals; only latency and error rate are compared. */
  readonly baseline?: Reading;
  readonly limits: {
    /** 0.5: p95 may be half as much again, beside 10 ms. */
    readonly latencyIncreaseMax: number;
    /** 0.01: the error rate may be one point higher. */
    readonly errorRateIncreaseMax: number;
    /** Fewer answers than this say nothing about latency and errors. */
    readonly minSamples: number;
  };
  /** 0.1: within a limit is only what is a tenth better than it, as a breach is under way. */
  readonly hysteresis?: number;
  /** What a critical signal without data means; `fail` where nothing is said. */
  readonly noData?: NoDataPolicy;
  /** The share of the traffic that the version has; the throughput limit is scaled by it. */
  readonly weightPercent: number;
  readonly windowMs: number;
  /** Throughput means something only under live traffic and over a whole window. */
  readonly judgeThroughput: boolean;
}

/**
 * Once the budget is over: `fail` goes back, `hold` waits for a person, `ignore` makes a warning of
 * it. Missing is never zero.
 */
export type NoDataPolicy = Readonly<Partial<Record<Signal, 'fail' | 'hold' | 'ignore'>>>;

/** Latencies this close together are noise of the machine, whatever their ratio. */
const LATENCY_SLACK_MS = 10;

/**
 * Every way in which a figure can fail to exist. None of them ever leads to `pass` or `warn` where
 * the signal is needed; the tests walk this table.
 */
export const NO_DATA_CASES = [
  ['the source has no value', { kind: 'no_data', why: 'empty' }],
  ['the value is not a number', { kind: 'value', value: NaN, samples: 1000 }],
  ['the value is infinite', { kind: 'value', value: Infinity, samples: 1000 }],
  ['the value is below zero', { kind: 'value', value: -1, samples: 1000 }],
  ['there are no samples', { kind: 'value', value: 0, samples: 0 }],
  ['there are too few samples', { kind: 'value', value: 0, samples: 1 }],
  ['the number of samples is not a number', { kind: 'value', value: 0, samples: NaN }],
  ['the number of samples is infinite', { kind: 'value', value: 0, samples: Infinity }],
  ['the signal is absent', undefined],
] as const satisfies readonly (readonly [string, Measurement | undefined])[];

/**
 * Judges the figures of a version by fixed limits and by stable's own figures. A broken limit wins
 * over missing data, missing data wins over everything else, and warnings alone are `warn`.
 */
export function judgeThresholds(input: ThresholdInput): Verdict {
  const { noData = {} } = input;
  const policyOf = ({ signal }: Finding) =>
    Object.entries(noData).find(([name]) => name === signal)?.[1];
  const findings = [
    ...judgeLatency(input),
    ...judgeErrors(input),
    ...judgeThroughput(input),
    ...judgeResource(input, 'memory', input.thresholds.memoryMaxBytes),
    ...judgeResource(input, 'cpu', input.thresholds.cpuMaxCores),
  ].map((finding): Finding => {
    const isIgnored = finding.kind === 'no_data' && policyOf(finding) === 'ignore';
    return { ...finding, windowMs: input.windowMs, ...(isIgnored ? { severity: 'warning' } : {}) };
  });
  const kind = kindOf(findings);
  const verdict = { kind, findings, summary: summarize(input, findings) };
  const lacking = findings.filter((one) => one.kind === 'no_data' && one.severity === 'critical');
  const holds = lacking.length > 0 && lacking.every((one) => policyOf(one) === 'hold');
  return kind === 'no_data' && holds ? { ...verdict, action: 'hold' } : verdict;
}

/** Stable's own earlier figures as limits: p95 at most half as much again, errors one point more. */
export function verifyLimits(before: Reading): Partial<Thresholds> {
  const { latency_p95: latency, error_rate: errors } = before;
  return {
    ...(latency?.kind === 'value'
      ? { latencyP95MaxMs: latency.value * 1.5 + LATENCY_SLACK_MS }
      : {}),
    ...(errors?.kind === 'value' ? { errorRateMax: errors.value + 0.01 } : {}),
  };
}

function kindOf(findings: readonly Finding[]): Verdict['kind'] {
  const has = (kind: Finding['kind'], severity: Severity): boolean =>
    findings.some((finding) => finding.kind === kind && finding.severity === severity);
  if (has('violation', 'critical')) return 'fail';
  if (has('no_data', 'critical')) return 'no_data';
  if (has('violation', 'warning') || has('no_data', 'warning')) return 'warn';
  return findings.some((finding) => finding.kind === 'ok') ? 'pass' : 'no_data';
}

function summarize({ version }: ThresholdInput, findings: readonly Finding[]): string {
  const order = ['violation', 'no_data', 'ok'] as const;
  for (const kind of order) {
    const sentences = findings
      .filter((finding) => finding.kind === kind)
      .map((finding) => finding.sentence);
    if (sentences.length > 0) return sentences.join('; ');
  }
  return `there is nothing to judge ${version} by: neither a threshold nor a baseline`;
}

/** The usable value of a measurement, or why there is none. */
function usable(
  measurement: Measurement | undefined,
  minSamples: number,
): { readonly value: number; readonly samples: number } | { readonly why: string } {
  if (measurement === undefined) return { why: 'no source measures it' };
  if (measurement.kind === 'no_data') return { why: measurement.why };
  const { value, samples } = measurement;
  if (!Number.isFinite(value) || value < 0) return { why: `the source answered ${value}` };
  if (!(samples >= minSamples && Number.isFinite(samples))) {
    return { why: `${samples} sample(s), ${minSamples} are needed` };
  }
  return { value, samples };
}

interface Compared {
  readonly signal: Signal;
  readonly name: string;
  readonly threshold: number | undefined;
  readonly show: (value: number) => string;
  readonly fromBaseline: (baseline: number) => number;
}

function judgeLatency(input: ThresholdInput): Finding[] {
  const { limits, thresholds } = input;
  return judgeCompared(input, {
    signal: 'latency_p95',
    name: 'p95',
    threshold: thresholds.latencyP95MaxMs,
    show: milliseconds,
    fromBaseline: (baseline) => baseline * (1 + limits.latencyIncreaseMax) + LATENCY_SLACK_MS,
  });
}

function judgeErrors(input: ThresholdInput): Finding[] {
  const { limits, thresholds } = input;
  return judgeCompared(input, {
    signal: 'error_rate',
    name: 'error rate',
    threshold: thresholds.errorRateMax,
    show: percent,
    fromBaseline: (baseline) => baseline + limits.errorRateIncreaseMax,
  });
}

/** A figure with a fixed limit, a limit that follows from stable, or both: the lower one counts. */
function judgeCompared(input: ThresholdInput, by: Compared): Finding[] {
  const { reading, baseline, limits, version } = input;
  const stable =
    baseline === undefined ? undefined : usable(baseline[by.signal], limits.minSamples);
  const stableValue = stable !== undefined && 'value' in stable ? stable.value : undefined;
  if (by.threshold === undefined && stableValue === undefined) {
    if (baseline?.[by.signal] === undefined || stable === undefined || !('why' in stable))
      return [];
    return [
      missing(by.signal, 'critical', `no ${by.name} of stable to compare with: ${stable.why}`),
    ];
  }
  const relative = stableValue === undefined ? Infinity : by.fromBaseline(stableValue);
  const { hysteresis = 0 } = input;
  const limit = Math.min(by.threshold ?? Infinity, relative) * (1 - hysteresis);
  const own = usable(reading[by.signal], limits.minSamples);
  if ('why' in own) {
    return [missing(by.signal, 'critical', `no ${by.name} of ${version}: ${own.why}`)];
  }
  const broken = own.value > limit;
  const compared =
    stableValue === undefined
      ? `${by.name} is ${by.show(own.value)} on ${version}`
      : `${by.name} is ${by.show(own.value)} on ${version}, ${by.show(stableValue)} on stable`;
  return [
    {
      signal: by.signal,
      kind: broken ? 'violation' : 'ok',
      severity: 'critical',
      measured: own.value,
      limit,
      ...(stableValue === undefined ? {} : { baseline: stableValue }),
      samples: own.samples,
      sentence: `${compared}, limit ${by.show(limit)} (${own.samples} requests)`,
    },
  ];
}

function judgeThroughput(input: ThresholdInput): Finding[] {
  const { thresholds, reading, version, weightPercent } = input;
  const whole = thresholds.throughputMinPerSecond;
  if (whole === undefined || !input.judgeThroughput) return [];
  const limit = ((whole * weightPercent) / 100) * (1 + (input.hysteresis ?? 0));
  const own = usable(reading.throughput, 0);
  if ('why' in own) {
    return [missing('throughput', 'critical', `no throughput of ${version}: ${own.why}`)];
  }
  return [
    {
      signal: 'throughput',
      kind: own.value < limit ? 'violation' : 'ok',
      severity: 'critical',
      measured: own.value,
      limit,
      samples: own.samples,
      sentence:
        `throughput is ${perSecond(own.value)} on ${version}, ` +
        `at least ${perSecond(limit)} at ${weightPercent} % of the traffic`,
    },
  ];
}

function judgeResource(
  { reading, version }: ThresholdInput,
  signal: 'memory' | 'cpu',
  limit: number | undefined,
): Finding[] {
  if (limit === undefined) return [];
  const own = usable(reading[signal], 1);
  if ('why' in own) return [missing(signal, 'warning', `no ${signal} of ${version}: ${own.why}`)];
  const show = signal === 'memory' ? formatBytes : cores;
  return [
    {
      signal,
      kind: own.value > limit ? 'violation' : 'ok',
      severity: 'warning',
      measured: own.value,
      limit,
      samples: own.samples,
      sentence: `${signal} is ${show(own.value)} on an instance of ${version}, limit ${show(limit)}`,
    },
  ];
}

/** `limit` and `measured` stay away: there is nothing to compare. */
function missing(signal: Signal, severity: Severity, sentence: string): Finding {
  return { signal, kind: 'no_data', severity, sentence: sentence.slice(0, 300) };
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function percent(value: number): string {
  return `${Number((value * 100).toFixed(2))} %`;
}

function perSecond(value: number): string {
  return `${Number(value.toFixed(1))}/s`;
}

function cores(value: number): string {
  return `${Math.round(value * 100)} % of a core`;
}
