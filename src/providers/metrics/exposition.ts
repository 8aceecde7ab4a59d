/** One sample of the Prometheus text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** May be NaN or infinite, as the format allows. */
  readonly value: number;
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*(,?)/y;
const REST = /^\s+(\S+)(?:\s+-?\d+)?\s*$/;

/**
 * Reads the Prometheus text exposition format 0.0.4. Throws with the line's number for a line that
 * is neither a comment nor a sample: half a document is not a measurement.
 */
export function readExposition(text: string): readonly Sample[] {
  const samples: Sample[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const sample = readSample(trimmed);
    if (sample === undefined) throw new Error(`line ${index + 1} is not a sample`);
    samples.push(sample);
  }
  return samples;
}

function readSample(line: string): Sample | undefined {
  NAME.lastIndex = 0;
  const [name] = NAME.exec(line) ?? [];
  if (name === undefined) return undefined;
  let at = name.length;
  let labels: Readonly<Record<string, string>> = {};
  const [open] = /^\s*\{/.exec(line.slice(at)) ?? [];
  if (open !== undefined) {
    const read = readLabels(line, at + open.length);
    if (read === undefined) return undefined;
    labels = Object.fromEntries(read.labels.map(({ name: label, value }) => [label, value]));
    at = read.end;
  }
  const [, written] = REST.exec(line.slice(at)) ?? [];
  const value = written === undefined ? undefined : readValue(written);
  return value === undefined ? undefined : { name, labels, value };
}

function readLabels(line: string, start: number) {
  const labels: { readonly name: string; readonly value: string }[] = [];
  let at = start;
  for (;;) {
    const rest = /^\s*\}/.exec(line.slice(at));
    if (rest !== null) return { labels, end: at + rest[0].length };
    LABEL.lastIndex = at;
    const [whole, name, value] = LABEL.exec(line) ?? [];
    if (whole === undefined || name === undefined || value === undefined) return undefined;
    labels.push({ name, value: unescapeLabel(value) });
    at += whole.length;
  }
}

/** `\\`, `\"` and `\n`. */
export function unescapeLabel(text: string): string {
  return text.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function readValue(written: string): number | undefined {
  const lower = written.toLowerCase();
  if (lower === 'nan') return Number.NaN;
  if (lower === '+inf' || lower === 'inf') return Number.POSITIVE_INFINITY;
  if (lower === '-inf') return Number.NEGATIVE_INFINITY;
  const value = Number(written);
  return Number.isNaN(value) ? undefined : value;
}
