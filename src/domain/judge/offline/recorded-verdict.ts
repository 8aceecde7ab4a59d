import type { Series } from '../kayenta/kayenta-metric.ts';
import type { Severity, Verdict } from '../verdict.ts';

/** What one metric of a recording says; plain JSON, in the units of its column. */
export interface RecordedFinding {
  /** A signal of the limits, `errors`, `latency`, or the name of a column. */
  readonly metric: string;
  readonly method: 'limit' | 'sequential' | 'mann_whitney' | 'kayenta';
  readonly kind: 'ok' | 'violation' | 'no_data' | 'inconclusive';
  readonly severity: Severity;
  /** Its part of the health score; 0: told for a person, decided by another finding. */
  readonly weight: number;
  /** Milliseconds since 1970; null where the values came without times. */
  readonly window: { readonly fromMs: number; readonly toMs: number } | null;
  /** Requests, where the metric is of requests, else values; null where a limit has no baseline. */
  readonly samples: { readonly baseline: number | null; readonly candidate: number | null };
  readonly baseline: number | null;
  readonly candidate: number | null;
  /** Of a comparison, the share by which the candidate's figure may exceed the baseline's. */
  readonly limit: number | null;
  /** Of counts a ratio of rates, else a difference in the metric's unit. */
  readonly effect: {
    readonly estimate: number;
    readonly low: number | null;
    readonly high: number | null;
  } | null;
  readonly pValue: number | null;
  /** The highest so far, 1/p: what decides at 1/alpha. Null for methods without one. */
  readonly eValue: number | null;
  readonly alpha: number | null;
  /** For a person, with figures and units. */
  readonly sentence: string;
}

/** Plain JSON: what `belay judge --json` prints. */
export interface RecordedVerdict {
  readonly kind: Verdict['kind'];
  /** What a running release would do instead of what the kind means. */
  readonly action?: 'step_back' | 'hold';
  /** 0 to 100: the share of what was judged that is well, by weight. */
  readonly score: number;
  readonly summary: string;
  readonly window: { readonly fromMs: number; readonly toMs: number } | null;
  /** Null where limits or Kayenta alone judge: they stand outside the error budget. */
  readonly budget: {
    readonly alpha: number;
    readonly spent: number;
    readonly left: number;
    readonly sentence: string;
  } | null;
  readonly findings: readonly RecordedFinding[];
  readonly notes: readonly string[];
}

/** What can be drawn of a comparison: both arms, and the evidence at each look. */
export interface Trace {
  readonly metric: string;
  readonly rows: 'rows' | 'blocks';
  readonly atMs: readonly number[] | undefined;
  readonly baseline: Series;
  readonly candidate: Series;
  readonly evidence: {
    readonly kind: 'e_value' | 'p_value';
    /** By look; null where there was none. */
    readonly values: Series;
    /** 1/alpha of an e-value, alpha of a p-value; of the last look where it changes. */
    readonly limit: number;
    /** Earlier looks that do not decide are only drawn. */
    readonly decides: 'any look' | 'the last look';
  };
}

export interface JudgedMetric {
  readonly finding: RecordedFinding;
  readonly trace: Trace | undefined;
}

export const NOTHING_FOUND = {
  ...{ weight: 1, severity: 'critical', window: null },
  samples: { baseline: null, candidate: null },
  ...{ baseline: null, candidate: null, limit: null },
  ...{ effect: null, pValue: null, eValue: null, alpha: null },
} as const satisfies Partial<RecordedFinding>;

/**
 * What all findings come to. A broken limit of severity `critical` wins; then a split that is not
 * the intended one, of which nothing follows for the version; then what is lost in a comparison,
 * then missing data, then what could not be told. Nothing judged is no data.
 */
export function concluded(
  findings: readonly RecordedFinding[],
  mismatch: string | undefined,
): Pick<RecordedVerdict, 'kind' | 'action' | 'score' | 'summary'> {
  const deciding = findings.filter(({ weight }) => weight > 0);
  const score = scoreOf(deciding);
  const of = (kind: RecordedFinding['kind'], severity: Severity): readonly RecordedFinding[] =>
    deciding.filter((one) => one.kind === kind && one.severity === severity);
  const told = (some: readonly RecordedFinding[]): string =>
    some.map(({ sentence }) => sentence).join('; ');
  const lost = of('violation', 'critical');
  const broken = lost.filter(({ method }) => method === 'limit');
  if (broken.length > 0) return { kind: 'fail', score, summary: told(lost) };
  if (mismatch !== undefined) return { kind: 'inconclusive', score, summary: mismatch };
  if (lost.length > 0) return { kind: 'fail', score, summary: told(lost) };
  for (const kind of ['no_data', 'inconclusive'] as const) {
    const unknown = deciding.filter((one) => one.kind === kind && isNeeded(one));
    if (unknown.length === 0) continue;
    const isWarning = kind === 'no_data' && unknown.every((one) => one.severity === 'warning');
    const action = isWarning ? ({ action: 'step_back' } as const) : {};
    return { kind, ...action, score, summary: told(unknown) };
  }
  const warnings = deciding.filter(({ kind, severity }) => severity === 'warning' && kind !== 'ok');
  if (warnings.length > 0) {
    const isCompared = ({ kind, method }: RecordedFinding): boolean =>
      kind === 'violation' && method !== 'limit';
    const action = warnings.some(isCompared) ? ({ action: 'step_back' } as const) : {};
    return { kind: 'warn', ...action, score, summary: told(warnings) };
  }
  if (deciding.length === 0) {
    return { kind: 'no_data', score, summary: 'there is nothing to judge by' };
  }
  return { kind: 'pass', score, summary: told(deciding) };
}

/** Unknown is never good: only a limit that is a warning, as of memory, is none without data. */
function isNeeded({ severity, method }: RecordedFinding): boolean {
  return severity === 'critical' || method === 'sequential' || method === 'mann_whitney';
}

function scoreOf(findings: readonly RecordedFinding[]): number {
  const weigh = (some: readonly RecordedFinding[]): number =>
    some.reduce((sum, { weight }) => sum + weight, 0);
  const all = weigh(findings);
  if (all === 0) return 0;
  return Math.round((100 * weigh(findings.filter(({ kind }) => kind === 'ok'))) / all);
}
