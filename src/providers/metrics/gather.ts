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
  const answers = await askAll(sources, query, signal);
  const readings = answers.map((answer, index): Reading => {
    if (typeof answer !== 'string') return answer;
    const none: Measurement = { kind: 'no_data', why: answer };
    return Object.fromEntries((sources[index]?.signals ?? []).map((name) => [name, none]));
  });
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

/** Why each source that cannot be reached cannot be; none where all of them answer. */
export async function unreachableSources(
  sources: readonly MetricsSource[],
  query: MetricsQuery,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const answers = await askAll(sources, query, signal);
  return answers.filter((answer) => typeof answer === 'string');
}

/** What each source answers, or why it cannot be reached. */
function askAll(
  sources: readonly MetricsSource[],
  query: MetricsQuery,
  signal: AbortSignal,
): Promise<readonly (Reading | string)[]> {
  return Promise.all(
    sources.map((source) =>
      source.measure(query, signal).catch((error: unknown) => {
        if (!(error instanceof Failure) || error.code !== 'MetricsUnreachable') throw error;
        return error.message;
      }),
    ),
  );
}
