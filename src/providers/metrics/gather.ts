import { Failure } from '../../domain/failure.ts';
import type { Measurement, Reading, Signal } from '../../domain/judge/measurement.ts';
import type { MetricsQuery, MetricsSource } from './source.ts';

/**
 * One reading from all sources, asked at once. The first source with a value for a signal is
 * believed. A source that cannot be reached is `no_data` for its signals; one that refuses the
 * query throws `MetricsInvalid`, since waiting does not help.
 */
export async function gatherReading(
  sources: readonly MetricsSource[],
  query: MetricsQuery,
  signal: AbortSignal,
): Promise<Reading> {
  const readings = await Promise.all(
    sources.map((source) =>
      source.measure(query, signal).catch((error: unknown): Reading => {
        if (!(error instanceof Failure) || error.code !== 'MetricsUnreachable') throw error;
        const none: Measurement = { kind: 'no_data', why: error.message };
        return Object.fromEntries(source.signals.map((name) => [name, none]));
      }),
    ),
  );
  const gathered: Partial<Record<Signal, Measurement>> = {};
  for (const [index, reading] of readings.entries()) {
    for (const name of sources[index]?.signals ?? []) {
      const measurement = reading[name];
      if (measurement === undefined || gathered[name]?.kind === 'value') continue;
      if (measurement.kind === 'value' || gathered[name] === undefined)
        gathered[name] = measurement;
    }
  }
  return gathered;
}
