import type { Signal } from './measurement.ts';

export type Severity = 'critical' | 'warning';

/** What one signal says; plain JSON, in the units of `Signal`. */
export interface Finding {
  readonly signal: Signal;
  readonly kind: 'ok' | 'violation' | 'no_data';
  readonly severity: Severity;
  readonly measured?: number;
  readonly limit?: number;
  /** Stable's figure for the same signal, where there is one. */
  readonly baseline?: number;
  readonly samples?: number;
  /** For a person, with figures and units. */
  readonly sentence: string;
}

/**
 * What the figures of a version come to. `fail` and `no_data` are both not good: the first is
 * known to be bad, the second is not known to be good. Less than 4 KB.
 */
export interface Verdict {
  readonly kind: 'pass' | 'warn' | 'fail' | 'no_data';
  readonly findings: readonly Finding[];
  readonly summary: string;
}
