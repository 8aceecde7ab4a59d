import { formatProblem } from '../../document/problem.ts';
import { Failure } from '../../failure.ts';
import { formatDuration } from '../../quantity.ts';
import { type Histogram, histogramOf } from '../histogram.ts';
import type { Signal } from '../measurement.ts';
import type { RecordedPair, SharedWindow } from './recorded-window.ts';
import { type Recording, TRAFFIC_COLUMNS, rowsAre } from './recording-rows.ts';

/** What one arm did within a block of time; null is missing, and neither zero nor good. */
export interface RecordedBlock {
  readonly requests: number | null;
  readonly errors: number | null;
  /** Of each request, where the file has one row a request. */
  readonly latency: Histogram | null;
  /** The block's own figure in milliseconds, where the file has one row a block. */
  readonly p95Ms: number | null;
  /** Bytes and cores. */
  readonly memory: number | null;
  readonly cpu: number | null;
}

/** Both arms in blocks of equal length, of the time that they share. */
export interface RecordedBlocks {
  readonly rowsAre: 'blocks' | 'requests';
  readonly blockMs: number;
  /** Where the first block begins. */
  readonly fromMs: number;
  readonly baseline: readonly RecordedBlock[];
  readonly candidate: readonly RecordedBlock[];
  /** What the columns of each arm tell. */
  readonly measured: Readonly<Record<'baseline' | 'candidate', readonly Signal[]>>;
  /** The baseline's blocks from before the candidate, oldest first. */
  readonly history: readonly RecordedBlock[];
}

const MISSING: RecordedBlock = {
  ...{ requests: null, errors: null, latency: null, p95Ms: null, memory: null, cpu: null },
};

/** As many as a running release keeps of the time before. */
const HISTORY_BLOCKS_MAX = 240;
const BLOCKS_MAX = 20_000;
const BLOCK_MAX_MS = 60_000;

/**
 * Brings both arms into blocks. One row a request: into blocks of `intervalMs`, at most a minute,
 * as a running release does; a block without a row had no requests. One row a block: the rows are
 * the blocks, evenly spaced, and a row that is left out is missing. `undefined` without any time
 * that both share. Arms of different forms, rows that are not evenly spaced, and more than 20,000
 * blocks are refused.
 */
export function recordedBlocks(
  pair: RecordedPair,
  { span }: SharedWindow,
  intervalMs: number,
): RecordedBlocks | undefined {
  const form = formOf(pair);
  if (form === 'points' || span === undefined) return undefined;
  const blockMs =
    form === 'blocks'
      ? evenStep(pair)
      : Math.min(BLOCK_MAX_MS, Math.max(1, Math.ceil(intervalMs / 1000)) * 1000);
  const originMs = form === 'blocks' ? (pair.baseline.times?.[0] ?? 0) : 0;
  const slotOf = (ms: number): number => Math.floor((ms - originMs) / blockMs);
  const [first, end] = [slotOf(span.fromMs), slotOf(span.toMs) + 1];
  if (end - first > BLOCKS_MAX) {
    const blocks = `${end - first} blocks of ${formatDuration(blockMs)}`;
    const longer = form === 'requests' ? 'a longer `watch.interval`' : 'longer blocks';
    const why = `${blocks}, ${BLOCKS_MAX} is the most: record a shorter time, or take ${longer}`;
    throw refusal(pair.candidate, 0, 'time', why);
  }
  const read = form === 'blocks' ? blocksOfRows : blocksOfRequests;
  const before = Math.max(first - HISTORY_BLOCKS_MAX, slotOf(pair.baseline.times?.[0] ?? 0));
  return {
    rowsAre: form,
    blockMs,
    fromMs: originMs + first * blockMs,
    baseline: read(pair.baseline, slotOf, first, end),
    candidate: read(pair.candidate, slotOf, first, end),
    measured: { baseline: signalsOf(pair.baseline), candidate: signalsOf(pair.candidate) },
    history: read(pair.baseline, slotOf, before, first),
  };
}

function signalsOf({ columns }: Recording): readonly Signal[] {
  return [
    ...(columns.has('latency_ms') ? (['latency_p95'] as const) : []),
    ...(columns.has('errors') ? (['error_rate'] as const) : []),
    'throughput',
    ...(columns.has('memory') ? (['memory'] as const) : []),
    ...(columns.has('cpu') ? (['cpu'] as const) : []),
  ];
}

/** An arm without columns, as an empty answer of Prometheus has none, has any form. */
function formOf({ baseline, candidate }: RecordedPair) {
  const own = rowsAre(candidate.columns.keys());
  const other = rowsAre(baseline.columns.keys());
  if (candidate.columns.size === 0 || baseline.columns.size === 0) return 'points';
  if (own === other) return own;
  const words = { blocks: 'block', requests: 'request', points: 'point of series' } as const;
  const why = `has one row a ${words[own]}, ${baseline.file} one a ${words[other]}`;
  throw refusal(candidate, 0, '', `${why}: record both alike`);
}

function refusal({ file, placeOf }: Recording, row: number, path: string, message: string) {
  const [column = 'time'] = path === '' ? ['time'] : [path];
  const problem = { file, ...placeOf(row, column), path, message };
  return new Failure('RecordingInvalid', formatProblem(problem));
}

/** The length of a block: the smallest distance of two rows, of which all others are multiples. */
function evenStep({ baseline, candidate }: RecordedPair): number {
  const distances = [baseline, candidate].flatMap(({ times = [] }) => {
    let least = Infinity;
    for (let at = 1; at < times.length; at += 1) {
      least = Math.min(least, (times[at] ?? 0) - (times[at - 1] ?? 0));
    }
    return least;
  });
  const least = Math.min(...distances);
  const step = least === Infinity ? BLOCK_MAX_MS : least;
  const originMs = baseline.times?.[0] ?? 0;
  for (const arm of [baseline, candidate]) {
    const row = arm.times?.findIndex((ms) => (ms - originMs) % step !== 0) ?? -1;
    if (row === -1) continue;
    const why =
      `is no multiple of ${formatDuration(step)} after the first row of ${baseline.file}: ` +
      'blocks are equally long, and both arms have the same ones';
    throw refusal(arm, row, 'time', why);
  }
  return step;
}

function blocksOfRows(
  { columns, times = [] }: Recording,
  slotOf: (ms: number) => number,
  first: number,
  end: number,
): readonly RecordedBlock[] {
  const blocks = Array.from({ length: Math.max(0, end - first) }, () => MISSING);
  const at = (name: string, row: number): number | null => columns.get(name)?.[row] ?? null;
  for (const [row, ms] of times.entries()) {
    const slot = slotOf(ms) - first;
    if (slot < 0 || slot >= blocks.length) continue;
    blocks[slot] = {
      requests: at('requests', row),
      errors: at('errors', row),
      latency: null,
      p95Ms: at('latency_ms', row),
      memory: at('memory', row),
      cpu: at('cpu', row),
    };
  }
  return blocks;
}

function blocksOfRequests(
  { columns, times = [] }: Recording,
  slotOf: (ms: number) => number,
  first: number,
  end: number,
): readonly RecordedBlock[] {
  const rows = Array.from({ length: Math.max(0, end - first) }, (): number[] => []);
  for (const [row, ms] of times.entries()) rows[slotOf(ms) - first]?.push(row);
  return rows.map((within) => {
    const known = (name: string): readonly number[] =>
      within.flatMap((row) => columns.get(name)?.[row] ?? []);
    const errors = known('errors');
    const highest = (name: string): number | null => {
      const values = known(name);
      return values.length === 0 ? null : Math.max(...values);
    };
    return {
      requests: within.length,
      // Whether a request went well is known of all of them, or the block has no error rate.
      errors:
        !columns.has('errors') || errors.length < within.length
          ? null
          : errors.reduce((sum, one) => sum + one, 0),
      latency: columns.has('latency_ms') ? histogramOf(known('latency_ms')) : null,
      p95Ms: null,
      memory: highest('memory'),
      cpu: highest('cpu'),
    };
  });
}

/** Columns of an arm that the other one lacks: neither can be judged. */
export function lonelyColumns({ baseline, candidate }: RecordedPair): readonly {
  readonly name: string;
  readonly missingIn: 'baseline' | 'candidate';
}[] {
  const only = (one: Recording, other: Recording): readonly string[] =>
    [...one.columns.keys()].filter((name) => !other.columns.has(name));
  return [
    ...only(baseline, candidate).map((name) => ({ name, missingIn: 'candidate' as const })),
    ...only(candidate, baseline).map((name) => ({ name, missingIn: 'baseline' as const })),
  ];
}

export function isTrafficColumn(name: string): boolean {
  return TRAFFIC_COLUMNS.some((one) => one === name);
}
