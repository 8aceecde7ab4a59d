import type { Series } from '../kayenta/kayenta-metric.ts';
import { type JsonPath, placeInJson, repeatedKey } from './json-place.ts';
import { lineAndColumn } from './line-and-column.ts';
import { isRecord, readPrometheus } from './prometheus-recording.ts';
import { isMissing, numberOf, quoted } from './recorded-cell.ts';
import {
  type Place,
  RECORDING_LIMITS,
  type RawRow,
  type RecordedRows,
  type ReportProblem,
  TRAFFIC_COLUMNS,
  checkNames,
  readRows,
} from './recording-rows.ts';

const FORMS =
  'write rows `[{"time": …, "requests": …}]`, values `{"p95": [1, 2]}`, or give what ' +
  'query_range answered';

/** Reads JSON rows, JSON values, or the answer of Prometheus' `query_range`. */
export function readJson(text: string, tell: ReportProblem): RecordedRows | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    tell(flawPlace(text, error), '', `is not JSON: ${firstLine(error)}`);
    return undefined;
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined) {
    tell(repeated.place, '', `the key ${quoted(repeated.key)} is there twice in one object`);
    return undefined;
  }
  const placeAt = (path: JsonPath): Place => placeInJson(text, path);
  if (Array.isArray(content)) return readObjects(content, placeAt, tell);
  if (isRecord(content)) {
    if ('status' in content || 'resultType' in content) {
      return readPrometheus(content, placeAt, tell);
    }
    return readValues(content, placeAt, tell);
  }
  tell(placeAt([]), '', `is ${quoted(content)}: ${FORMS}`);
  return undefined;
}

/** Rows as objects; a key that a row lacks is a missing value. */
function readObjects(
  content: readonly unknown[],
  placeAt: (path: JsonPath) => Place,
  tell: ReportProblem,
): RecordedRows | undefined {
  const names = new Set<string>();
  for (const [row, object] of content.entries()) {
    if (!isRecord(object)) {
      if (!tell(placeAt([row]), '', `${quoted(object)} is no row: ${FORMS}`)) return undefined;
      continue;
    }
    for (const name of Object.keys(object)) if (name !== 'time') names.add(name);
    if (names.size > RECORDING_LIMITS.columnsMax) break;
  }
  const all = [...names];
  const whereNamed = (index: number): Place => {
    const name = all[index] ?? '';
    return placeAt([content.findIndex((row) => isRecord(row) && Object.hasOwn(row, name)), name]);
  };
  if (!checkNames(all, whereNamed, tell)) return undefined;
  const placeOf = (row: number, column: string): Place => {
    const object = content[row];
    return placeAt(isRecord(object) && Object.hasOwn(object, column) ? [row, column] : [row]);
  };
  return readRows(all, rowsOf(content, all), placeOf, tell);
}

function* rowsOf(content: readonly unknown[], names: readonly string[]): Generator<RawRow> {
  for (const object of content) {
    const row = isRecord(object) ? object : {};
    const cellOf = (name: string): unknown =>
      Object.hasOwn(row, name) ? unquoted(row[name]) : null;
    const time = Object.hasOwn(row, 'time') ? row.time : null;
    yield { time, cells: names.map(cellOf) };
  }
}

/** A number in quotes is text in JSON, and "" is no missing value. */
function unquoted(value: unknown): unknown {
  return typeof value === 'string' ? `text ${value}` : value;
}

/** One array of values a metric, without times; all as long as each other. */
function readValues(
  content: Readonly<Record<string, unknown>>,
  placeAt: (path: JsonPath) => Place,
  tell: ReportProblem,
): RecordedRows | undefined {
  const names = Object.keys(content);
  if (!checkNames(names, (index) => placeAt([names[index] ?? '']), tell)) return undefined;
  const columns = new Map<string, Series>();
  let rows: number | undefined;
  for (const name of names) {
    const values = content[name];
    const flaw = (why: string): boolean => tell(placeAt([name]), name, why);
    if (TRAFFIC_COLUMNS.some((one) => one === name)) {
      flaw(`${name} has no times here: write rows, \`[{"time": …, "${name}": …}]\``);
      return undefined;
    }
    if (!Array.isArray(values)) {
      flaw(`${quoted(values)} is no array of values: ${FORMS}`);
      return undefined;
    }
    rows ??= values.length;
    if (values.length !== rows) {
      flaw(`has ${values.length} values, ${names[0]} has ${rows}: write null for a missing one`);
    }
    if (rows > RECORDING_LIMITS.rowsMax) {
      flaw(`has ${rows} values, ${RECORDING_LIMITS.rowsMax} is the most`);
      return undefined;
    }
    const series: (number | null)[] = [];
    for (const [at, value] of values.entries()) {
      const read = isMissing(value) ? null : numberOf(unquoted(value));
      const isBad = read !== null && typeof read !== 'number';
      if (isBad && !tell(placeAt([name, at]), name, read.why)) return undefined;
      series.push(typeof read === 'number' ? read : null);
    }
    columns.set(name, series);
  }
  const placeOf = (row: number, column: string): Place => placeAt([column, row]);
  return { rows: rows ?? 0, times: undefined, columns, placeOf };
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return quoted(text.split(/ \(line|, "| in JSON at/)[0] ?? '').slice(1, -1);
}

/** V8 tells where it stopped, but for a text that ends too early. */
function flawPlace(text: string, error: unknown): Place {
  const [, position] = /at position (\d+)/.exec(String(error)) ?? [];
  return lineAndColumn(text, position === undefined ? text.length : Number(position));
}
