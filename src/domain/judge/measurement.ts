/** The signals that a release can be judged by. */
export const SIGNALS = ['latency_p95', 'error_rate', 'throughput', 'memory', 'cpu'] as const;

/**
 * Units: `latency_p95` milliseconds; `error_rate` 0–1; `throughput` requests a second; `memory`
 * bytes of the largest instance; `cpu` cores of the busiest instance (1 is one whole core).
 */
export type Signal = (typeof SIGNALS)[number];

/** "No data" is a value: neither zero nor an exception. */
export type Measurement =
  | { readonly kind: 'value'; readonly value: number; readonly samples: number }
  | { readonly kind: 'no_data'; readonly why: string };

/** One reading of the signals that a source has; a signal that it cannot have is absent. */
export type Reading = Readonly<Partial<Record<Signal, Measurement>>>;
