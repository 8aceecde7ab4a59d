import { type Problem, formatProblem } from '../../document/problem.ts';
import { Failure } from '../../failure.ts';
import { readCsv } from './csv-recording.ts';
import { readJson } from './json-recording.ts';
import {
  type ReportProblem,
  RECORDING_LIMITS,
  type RecordedRows,
  type Recording,
} from './recording-rows.ts';

/** A file of recorded data as it was read, before anything is known of what it holds. */
export interface RecordingSource {
  readonly text: string;
  /** As the user named it, for the messages. */
  readonly file: string;
}

export type ReadRecording =
  | { readonly kind: 'read'; readonly recording: Recording }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** Whoever has more than this to mend begins with these. */
const PROBLEMS_MAX = 20;

/**
 * Reads one arm: CSV with a header, JSON rows, JSON values, or the answer of Prometheus'
 * `query_range`, told apart by what the text holds. Nothing is guessed: what is no number, out of
 * order or too much is a problem with its place. A missing value stays missing.
 */
export function readRecording({ text, file }: RecordingSource): ReadRecording {
  const problems: Problem[] = [];
  const tell: ReportProblem = ({ line, column }, path, message) => {
    if (problems.length < PROBLEMS_MAX) problems.push({ file, line, column, path, message });
    return problems.length < PROBLEMS_MAX;
  };
  const rows = readText(text, tell);
  if (rows !== undefined && problems.length === 0) {
    return { kind: 'read', recording: { ...rows, file } };
  }
  return { kind: 'invalid', problems };
}

/** The recording, or one `RecordingInvalid` that lists every problem. */
export function requireRecording(source: RecordingSource): Recording {
  const read = readRecording(source);
  if (read.kind === 'read') return read.recording;
  throw new Failure('RecordingInvalid', read.problems.map(formatProblem).join('\n'));
}

function readText(text: string, tell: ReportProblem): RecordedRows | undefined {
  const { charactersMax } = RECORDING_LIMITS;
  const start = { line: 1, column: 1 };
  if (text.length > charactersMax) {
    tell(start, '', `holds ${text.length} characters, ${charactersMax} is the most: ${SHORTER}`);
    return undefined;
  }
  const whole = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const [first] = /\S/.exec(whole) ?? [];
  if (first === undefined) {
    tell(start, '', 'is empty: a recording begins with a header such as `time,requests,errors`');
    return undefined;
  }
  return first === '{' || first === '[' ? readJson(whole, tell) : readCsv(whole, tell);
}

const SHORTER = 'record a shorter time, or one row a block instead of one a request';
