import type { JsonPath } from './json-place.ts';
import { quoted } from './recorded-cell.ts';
import {
  type Place,
  type RawRow,
  RECORDING_LIMITS,
  type RecordedRows,
  type ReportProblem,
  checkNames,
  readRows,
} from './recording-rows.ts';

/** The label that holds a series' own name. */
const NAME = '__name__';

interface PrometheusSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly unknown[];
}

/**
 * Reads what Prometheus' `query_range` answered: a matrix of one series or several. A series is
 * named by `__name__`, and by the labels in which it differs from others of that name; a single one
 * without a name is `value`. A time that a series lacks is a missing value; no series is no data.
 */
export function readPrometheus(
  content: Readonly<Record<string, unknown>>,
  placeAt: (path: JsonPath) => Place,
  tell: ReportProblem,
): RecordedRows | undefined {
  const refuse = (path: JsonPath, why: string): undefined => {
    tell(placeAt(path), path.join('.'), why);
    return undefined;
  };
  const { status, data, error, warnings } = content;
  if (status !== 'success') {
    return refuse(['status'], `Prometheus answered ${quoted(status)}: ${quoted(error)}`);
  }
  if (Array.isArray(warnings) && warnings.length > 0) {
    return refuse(['warnings'], `the answer is incomplete: ${quoted(warnings[0])}; query it again`);
  }
  if (!isRecord(data) || data.resultType !== 'matrix' || !Array.isArray(data.result)) {
    const found = isRecord(data) ? quoted(data.resultType) : quoted(data);
    return refuse(['data'], `${found} is no matrix: ask /api/v1/query_range, not /api/v1/query`);
  }
  const result: readonly unknown[] = data.result;
  if (result.length > RECORDING_LIMITS.columnsMax) {
    const { columnsMax } = RECORDING_LIMITS;
    return refuse(['data', 'result'], `${result.length} series, ${columnsMax} is the most`);
  }
  const series: PrometheusSeries[] = [];
  for (const [index, one] of result.entries()) {
    const read = seriesOf(one);
    if (typeof read === 'string') return refuse(['data', 'result', index], read);
    series.push(read);
  }
  const names = namesOf(series);
  const placeOfName = (index: number): Place => placeAt(['data', 'result', index, 'metric']);
  if (!checkNames(names, placeOfName, tell)) return undefined;
  return readMatrix(names, series, placeAt, tell);
}

/** Each series is read on its own, so that a flaw has its place; then all are one. */
function readMatrix(
  names: readonly string[],
  series: readonly PrometheusSeries[],
  placeAt: (path: JsonPath) => Place,
  tell: ReportProblem,
): RecordedRows | undefined {
  const rowOf = new Map<number, (number | null)[]>();
  const indexOf = new Map<string, number>();
  for (const [index, { values }] of series.entries()) {
    const place = (row: number): Place => placeAt(['data', 'result', index, 'values', row]);
    // Read as a series like any other: what counts must be is checked over all columns below.
    const read = readRows(['value'], pairsOf(values), place, tell);
    if (read?.times === undefined) return undefined;
    const column = read.columns.get('value') ?? [];
    for (const [row, ms] of read.times.entries()) {
      indexOf.set(`${index} ${ms}`, row);
      const cells = rowOf.get(ms) ?? names.map(() => null);
      cells[index] = column[row] ?? null;
      rowOf.set(ms, cells);
    }
  }
  const times = [...rowOf.keys()].filter((ms) => !Number.isNaN(ms)).toSorted((a, b) => a - b);
  const rows = times.map((ms): RawRow => ({ time: ms / 1000, cells: rowOf.get(ms) ?? [] }));
  const placeOf = (row: number, name: string): Place => {
    const index = Math.max(0, names.indexOf(name));
    const at = indexOf.get(`${index} ${times[row] ?? 0}`) ?? 0;
    return placeAt(['data', 'result', index, 'values', at]);
  };
  return readRows(names, rows, placeOf, tell);
}

function* pairsOf(values: readonly unknown[]): Generator<RawRow> {
  for (const pair of values) {
    const [time, value]: readonly unknown[] = Array.isArray(pair) ? pair : [];
    yield { time: time ?? null, cells: [value ?? { pair }] };
  }
}

function seriesOf(one: unknown): PrometheusSeries | string {
  if (!isRecord(one) || !isRecord(one.metric)) return 'a series without its metric';
  if ('histograms' in one) return 'a native histogram: ask for histogram_quantile(0.95, …) instead';
  if (!Array.isArray(one.values)) return 'a series without values';
  const labels = Object.entries(one.metric).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  return { labels: Object.fromEntries(labels), values: one.values };
}

/** Labels that are the same everywhere say nothing; the arms differ in them, as in the version. */
function namesOf(series: readonly PrometheusSeries[]): readonly string[] {
  const bare = series.map(({ labels }) => labels[NAME] ?? 'value');
  return series.map(({ labels }, index) => {
    const name = bare[index] ?? 'value';
    const alike = series.filter((_, other) => bare[other] === name);
    if (alike.length === 1) return name;
    const telling = Object.entries(labels)
      .filter(([label]) => label !== NAME)
      .filter(([label, value]) => alike.some((other) => other.labels[label] !== value))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([label, value]) => `${label}="${value}"`);
    return telling.length === 0 ? name : `${name}{${telling.join(',')}}`;
  });
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
