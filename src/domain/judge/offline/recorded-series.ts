import type { Series } from '../kayenta/kayenta-metric.ts';
import type { RecordedPair, SharedWindow } from './recorded-window.ts';
import type { Recording } from './recording-rows.ts';

/** A column of both arms, of the time that they share. */
export interface RecordedSeries {
  readonly name: string;
  /** Every row; null is a missing value. */
  readonly baseline: Series;
  readonly candidate: Series;
  /** Of the candidate's rows. */
  readonly atMs: readonly number[] | undefined;
  readonly window: { readonly fromMs: number; readonly toMs: number } | null;
  /** Both arms have a row at the same times. */
  readonly isPaired: boolean;
}

/** Rows that have values of one column in both arms at the same time belong together. */
export function recordedSeries(
  { baseline, candidate }: RecordedPair,
  { span }: SharedWindow,
  name: string,
): RecordedSeries {
  const isTimed = baseline.times !== undefined && candidate.times !== undefined;
  const within = (arm: Recording): readonly [Series, readonly number[]] => {
    const values = arm.columns.get(name) ?? [];
    if (!isTimed || arm.times === undefined) return [values, []];
    if (span === undefined) return [[], []];
    const from = arm.times.findIndex((ms) => ms >= span.fromMs);
    const last = arm.times.findLastIndex((ms) => ms <= span.toMs);
    const cut = from === -1 ? ([0, 0] as const) : ([from, last + 1] as const);
    return [values.slice(...cut), arm.times.slice(...cut)];
  };
  const [own, times] = within(candidate);
  const [other, otherTimes] = within(baseline);
  const isPaired = own.length === other.length && times.every((ms, at) => ms === otherTimes[at]);
  return {
    name,
    ...{ baseline: other, candidate: own, isPaired },
    atMs: isTimed ? times : undefined,
    window: span ?? null,
  };
}

/** The values to judge: of paired rows both or none, of others those that are there. */
export function valuesOf({ baseline, candidate, isPaired }: RecordedSeries): {
  readonly baseline: readonly number[];
  readonly candidate: readonly number[];
} {
  const known = (value: number | null): number | readonly number[] => value ?? [];
  if (!isPaired) {
    return { baseline: baseline.flatMap(known), candidate: candidate.flatMap(known) };
  }
  const both = candidate.flatMap((own, at) => {
    const other = baseline[at];
    return own === null || other == null ? [] : [{ own, other }];
  });
  return { candidate: both.map(({ own }) => own), baseline: both.map(({ other }) => other) };
}
