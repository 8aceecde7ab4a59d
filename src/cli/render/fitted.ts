import { cut } from '../../domain/paging/page-words.ts';
import { columns } from './style.ts';

/** Where there is no terminal, so wide: as much as is read at once. */
const NO_TERMINAL = 240;
/** A terminal that is narrower than the other columns has lines that are broken. */
const LAST_MIN = 24;

/** Columns, of which the last is cut so that each row is one line of the terminal. */
export function fitted(rows: readonly (readonly string[])[], width = NO_TERMINAL): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.slice(0, -1).entries()) {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    }
  }
  const used = widths.reduce((total, one) => total + one + 2, 0);
  const room = Math.max(LAST_MIN, width - used);
  return columns(rows.map((row) => [...row.slice(0, -1), cut(row.at(-1) ?? '', room)]));
}
