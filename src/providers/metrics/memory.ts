import { type Reading, SIGNALS } from '../../domain/judge/measurement.ts';
import type { MetricsQuery, MetricsSource } from './source.ts';

/** Figures that a test sets, by version; without any there is no data. */
export interface MemorySource extends MetricsSource {
  set(version: string, reading: Reading | ((query: MetricsQuery) => Reading)): void;
}

export function createMemorySource(): MemorySource {
  const readings = new Map<string, Reading | ((query: MetricsQuery) => Reading)>();
  return {
    signals: SIGNALS,
    async measure(query) {
      const found = readings.get(query.version);
      const reading = typeof found === 'function' ? found(query) : found;
      return Object.fromEntries(
        SIGNALS.map((name) => [name, reading?.[name] ?? { kind: 'no_data', why: 'none was set' }]),
      );
    },
    set: (version, reading) => readings.set(version, reading),
  };
}
