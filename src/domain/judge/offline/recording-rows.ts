import type { Series } from '../kayenta/kayenta-metric.ts';
import { type RawCell, beginTimes, isMissing, nameFlaw, numberOf } from './recorded-cell.ts';

/** Lines and columns from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Takes a problem; false where no more of them are wanted. */
export type ReportProblem = (place: Place, path: string, message: string) => boolean;

/** What a file holds, row by row. */
export interface RecordedRows {
  readonly rows: number;
  /** Milliseconds since 1970, rising; `undefined` where the values came without times. */
  readonly times: readonly number[] | undefined;
  /** Every column but `time`; null is a missing value. */
  readonly columns: ReadonlyMap<string, Series>;
  /** Where a value stands in the file. */
  placeOf(row: number, column: string): Place;
}

/** One arm as it was recorded. */
export interface Recording extends RecordedRows {
  /** As the user named it, for the messages. */
  readonly file: string;
}

export const RECORDING_LIMITS = {
  /** 64 MiB: what fits a command that reads a file in one go. */
  charactersMax: 64 * 1024 * 1024,
  rowsMax: 1_000_000,
  columnsMax: 100,
} as const;

/** Columns with a meaning of their own; all others are series. */
export const TRAFFIC_COLUMNS = ['requests', 'errors', 'latency_ms'] as const;
export type TrafficColumn = (typeof TRAFFIC_COLUMNS)[number];

/** A file with counts of requests has one row a block; one without, one row a request. */
export function rowsAre(names: Iterable<string>): 'blocks' | 'requests' | 'points' {
  const known = new Set(names);
  if (known.has('requests')) return 'blocks';
  return known.has('errors') || known.has('latency_ms') ? 'requests' : 'points';
}

/** Whether names of columns may be used; tells those that may not. */
export function checkNames(
  names: readonly string[],
  placeOf: (index: number) => Place,
  tell: ReportProblem,
): boolean {
  if (names.length > RECORDING_LIMITS.columnsMax) {
    const { columnsMax } = RECORDING_LIMITS;
    tell(placeOf(columnsMax), '', `has ${names.length} columns, ${columnsMax} is the most`);
    return false;
  }
  const seen = new Set<string>();
  let isGood = true;
  for (const [index, name] of names.entries()) {
    const flaw = seen.has(name) ? `the column ${name} is there twice` : nameFlaw(name);
    seen.add(name);
    if (flaw === undefined) continue;
    isGood = false;
    tell(placeOf(index), '', flaw);
  }
  return isGood;
}

export interface RawRow {
  readonly time: RawCell;
  /** In the order of the names. */
  readonly cells: readonly RawCell[];
}

/**
 * Reads rows that have a time. Undefined where they are too many or too wrong to go on; other
 * problems are told, and what was read is not to be used.
 */
export function readRows(
  names: readonly string[],
  rows: Iterable<RawRow>,
  placeOf: RecordedRows['placeOf'],
  tell: ReportProblem,
): RecordedRows | undefined {
  const form = rowsAre(names);
  const timeOf = beginTimes(form === 'requests' ? 'may repeat' : 'once');
  const times: number[] = [];
  const columns = names.map((): (number | null)[] => []);
  const told = (name: string, message: string): boolean =>
    tell(placeOf(times.length, name), name, message);
  for (const { time, cells } of rows) {
    if (times.length === RECORDING_LIMITS.rowsMax) {
      told('time', `has more than ${RECORDING_LIMITS.rowsMax} rows: record a shorter time`);
      return undefined;
    }
    const at = timeOf(time);
    if (at.kind === 'bad' && !told('time', at.why)) return undefined;
    for (const [index, name] of names.entries()) {
      const cell = cells[index] ?? null;
      const read = isMissing(cell) ? null : numberOf(cell);
      if (read !== null && typeof read !== 'number' && !told(name, read.why)) return undefined;
      columns[index]?.push(typeof read === 'number' ? read : null);
    }
    const row = (name: string): number | null => {
      const index = names.indexOf(name);
      return index === -1 ? null : (columns[index]?.at(-1) ?? null);
    };
    const odd = form === 'points' ? undefined : oddTraffic(row, form);
    if (odd !== undefined && !told(odd.name, odd.why)) return undefined;
    times.push(at.kind === 'time' ? at.ms : NaN);
  }
  return {
    rows: times.length,
    times,
    columns: new Map(names.map((name, index) => [name, columns[index] ?? []])),
    placeOf,
  };
}

/** What counts and latencies cannot be. */
function oddTraffic(
  value: (name: string) => number | null,
  form: 'blocks' | 'requests',
): { readonly name: TrafficColumn; readonly why: string } | undefined {
  const [requests, errors, latency] = TRAFFIC_COLUMNS.map(value);
  for (const [name, count] of [
    ['requests', requests],
    ['errors', errors],
  ] as const) {
    if (count == null || (Number.isSafeInteger(count) && count >= 0 && count <= 1e12)) continue;
    const why = `${count} is no count: it is whole, from 0 to 1e12`;
    const hint = Number.isInteger(count)
      ? ''
      : '; increase() of Prometheus estimates between scrapes: write round(increase(…))';
    return { name, why: `${why}${hint}` };
  }
  if (latency != null && latency < 0)
    return { name: 'latency_ms', why: `${latency} is below zero` };
  if (errors == null) return undefined;
  if (form === 'requests' && errors > 1) {
    const why =
      `${errors} errors in one row: without a column requests each row is one request, ` +
      'and errors is 0 or 1';
    return { name: 'errors', why };
  }
  if (requests != null && errors > requests) {
    return { name: 'errors', why: `${errors} errors of ${requests} requests` };
  }
  return undefined;
}
