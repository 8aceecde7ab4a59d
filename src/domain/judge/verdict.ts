export type Severity = 'critical' | 'warning';

/** What one signal says; plain JSON, in the units of `Signal`, or of the file's own metric. */
export interface Finding {
  /** One of `SIGNALS`, or the name of a metric of the file. */
  readonly signal: string;
  readonly kind: 'ok' | 'violation' | 'no_data';
  readonly severity: Severity;
  /** How much of both arms it rests on. */
  readonly windowMs?: number;
  /**
   * The candidate's figure. Of a comparison: events a block, milliseconds at the quantile with most
   * evidence, the mean of the metric, or of the blocks' rates or p95.
   */
  readonly measured?: number;
  /** Of a comparison, the share by which `measured` may exceed `baseline`. */
  readonly limit?: number;
  /** Stable's figure for the same signal, where there is one. */
  readonly baseline?: number;
  readonly samples?: number;
  /** Its part of the health score; 1 where nothing is said. */
  readonly weight?: number;
  /** Absent: a limit, fixed or by stable's own figure. */
  readonly method?: 'sequential' | 'mann_whitney' | 'kayenta';
  /** Of the candidate over stable, with an interval that holds at every look. */
  readonly effect?: {
    readonly estimate: number;
    readonly low: number | null;
    readonly high: number | null;
  };
  /** Valid at whichever look it is read; a violation where it is at most `alpha`. */
  readonly pValue?: number;
  /** What this comparison may spend of the release's error budget. */
  readonly alpha?: number;
  /** For a person, with figures and units. */
  readonly sentence: string;
}

/**
 * What the figures of a version come to. `fail`, `no_data` and `inconclusive` are not good: the
 * first is known to be bad, the second is not known to be good, and of the third nothing can be
 * said, as the traffic is not what it was meant to be. Less than 4 KB.
 */
export interface Verdict {
  readonly kind: 'pass' | 'warn' | 'fail' | 'no_data' | 'inconclusive';
  /**
   * What is to be done instead of what the kind means. `step_back`: a comparison of severity
   * `warning` was lost, or its data are missing for longer than the budget, so one weight down, and
   * held there. `hold`: the data that are missing are worth a person's look.
   */
  readonly action?: 'step_back' | 'hold';
  /** 0 to 100: the share of what was judged that is well, by weight. */
  readonly score?: number;
  readonly findings: readonly Finding[];
  readonly summary: string;
}
