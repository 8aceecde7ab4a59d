import { lineAndColumn } from './line-and-column.ts';
import { quoted } from './recorded-cell.ts';
import {
  type Place,
  type RawRow,
  type RecordedRows,
  type ReportProblem,
  checkNames,
  readRows,
} from './recording-rows.ts';

/** Reads CSV (RFC 4180) whose first line names the columns and whose first column is `time`. */
export function readCsv(text: string, tell: ReportProblem): RecordedRows | undefined {
  const placeAt = (offset: number): Place => lineAndColumn(text, offset);
  const header = readRecord(text, 0);
  if (header.flaw !== undefined) {
    tell(placeAt(header.flaw.at), '', header.flaw.why);
    return undefined;
  }
  const [first, ...names] = header.cells.map((cell) => cell.trim());
  if (first !== 'time') {
    const found = `the first column is ${quoted(first)}, and not time`;
    const hint = /^time[;\t|]/.test(first ?? '')
      ? 'columns are separated by commas'
      : 'the first line is a header such as `time,requests,errors,latency_ms`';
    tell(placeAt(0), '', `${found}: ${hint}`);
    return undefined;
  }
  if (names.length === 0) {
    tell(placeAt(0), '', 'has no column but time: add requests, errors, latency_ms or a series');
    return undefined;
  }
  const placeOfName = (index: number): Place => placeAt(header.offsets[index + 1] ?? 0);
  if (!checkNames(names, placeOfName, tell)) return undefined;
  const starts: number[] = [];
  const placeOf = (row: number, column: string): Place => {
    const start = starts[row] ?? 0;
    return placeAt(readRecord(text, start).offsets[names.indexOf(column) + 1] ?? start);
  };
  return readRows(names, rowsOf(text, header.end, names.length, starts, tell), placeOf, tell);
}

function* rowsOf(
  text: string,
  from: number,
  width: number,
  starts: number[],
  tell: ReportProblem,
): Generator<RawRow> {
  let at = from;
  while (at < text.length) {
    const { cells, end, flaw } = readRecord(text, at);
    if (flaw !== undefined) {
      tell(lineAndColumn(text, flaw.at), '', flaw.why);
      return;
    }
    const [time, ...rest] = cells;
    if (rest.length === width) {
      starts.push(at);
      yield { time, cells: rest };
    } else {
      const isBlank = cells.length === 1 && time === '';
      const why = isBlank
        ? 'is an empty line'
        : `has ${cells.length} cells, the header has ${width + 1}`;
      if (!tell(lineAndColumn(text, at), '', why)) return;
    }
    at = end;
  }
}

interface CsvRecord {
  readonly cells: readonly string[];
  /** Where each cell begins. */
  readonly offsets: readonly number[];
  /** Where the next record begins. */
  readonly end: number;
  readonly flaw?: { readonly at: number; readonly why: string };
}

/** One record from `start` on; a quoted cell may hold commas, line ends and doubled quotes. */
function readRecord(text: string, start: number): CsvRecord {
  const cells: string[] = [];
  const offsets: number[] = [];
  let at = start;
  for (;;) {
    offsets.push(at);
    const cell = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at);
    if ('why' in cell) return { cells, offsets, end: text.length, flaw: cell };
    cells.push(cell.value);
    if (text[cell.end] === ',') {
      at = cell.end + 1;
      continue;
    }
    const end = text.startsWith('\r\n', cell.end) ? cell.end + 2 : cell.end + 1;
    return { cells, offsets, end };
  }
}

type CsvCell =
  { readonly value: string; readonly end: number } | { readonly at: number; readonly why: string };

const PLAIN_END = /[,"\n]|\r\n/g;
const CELL_MAX = 10_000;

function plainCell(text: string, start: number): CsvCell {
  PLAIN_END.lastIndex = start;
  const end = PLAIN_END.exec(text)?.index ?? text.length;
  if (text[end] === '"') return { at: end, why: 'a quote within a cell: quote the whole cell' };
  return measured(start, text.slice(start, Math.min(end, start + CELL_MAX + 1)), end);
}

function quotedCell(text: string, start: number): CsvCell {
  let close = text.indexOf('"', start + 1);
  while (close !== -1 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  if (close === -1) return { at: start, why: 'a quote begins here and does not end' };
  const end = close + 1;
  const isOver = end === text.length || [',', '\n'].includes(text[end] ?? '');
  if (!isOver && !text.startsWith('\r\n', end)) {
    return { at: end, why: 'text behind the quote that ends a cell' };
  }
  return measured(start, text.slice(start + 1, close).replaceAll('""', '"'), end);
}

function measured(at: number, value: string, end: number): CsvCell {
  if (value.length <= CELL_MAX) return { value, end };
  return { at, why: `a cell of more than ${CELL_MAX} characters: is this CSV?` };
}
