import type { Reading, Signal } from '../../domain/judge/measurement.ts';
import type { Instance } from '../../domain/release/instance.ts';
import type { Audience } from '../traffic/router.ts';

export interface MetricsQuery {
  readonly service: string;
  readonly version: string;
  readonly instances: readonly Instance[];
  readonly audience: Audience;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Measures a version over a window.
 *
 * - `measure` answers for every signal in `signals`: a value with the number of samples behind it,
 *   or `no_data` with the reason. NaN, an empty series, a window not yet seen and zero requests are
 *   `no_data`, never 0. (Throughput of a source that works is a value also when it is 0.)
 * - A source that needs two readings to form one (counters) keeps them itself; its first answer
 *   after a start is `no_data`.
 * - Failures: `MetricsUnreachable` (a retry may help), `MetricsInvalid` (it cannot).
 */
export interface MetricsSource {
  readonly signals: readonly Signal[];
  measure(query: MetricsQuery, signal: AbortSignal): Promise<Reading>;
}
