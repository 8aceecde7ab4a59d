import { formatDuration } from '../../domain/quantity.ts';

/** Colours, where the terminal has them. */
export interface Style {
  good(text: string): string;
  bad(text: string): string;
  waiting(text: string): string;
  strong(text: string): string;
  faint(text: string): string;
}

export function createStyle(colors: boolean): Style {
  const code =
    (number: number) =>
    (text: string): string =>
      colors ? `\u001b[${number}m${text}\u001b[0m` : text;
  return { good: code(32), bad: code(31), waiting: code(33), strong: code(1), faint: code(2) };
}

/** Local time of day, as somebody at the screen reads it. */
export function clock(ms: number): string {
  const at = new Date(ms);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

export function moment(ms: number): string {
  const at = new Date(ms);
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-');
  return `${day} ${clock(ms)}`;
}

/** Whole seconds: nobody reads milliseconds of a release. */
export function span(ms: number): string {
  return formatDuration(Math.max(0, Math.round(ms / 1000)) * 1000);
}

/** Columns as wide as their widest cell, two spaces between them. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    }
  }
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The colour of an outcome or a phase. */
export function toned(style: Style, word: string): string {
  if (word === 'succeeded') return style.good(word);
  if (word === 'failed' || word === 'rollback_unverified') return style.bad(word);
  if (word === 'held' || word === 'rolled_back' || word === 'aborted') return style.waiting(word);
  return word;
}
