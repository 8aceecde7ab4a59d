import type { Alert } from '../../domain/alerting/alert.ts';
import { fingerprint } from '../../domain/alerting/fingerprint.ts';
import {
  type LastMessage,
  askedForEnd,
  deliverMessage,
  forgotten,
  noteMessage,
} from '../../domain/alerting/last-message.ts';

/** A row as databases keep it: what changes at every message beside the text that rarely does. */
export interface StoredRow {
  readonly fingerprint: string;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly isTimeout: boolean;
  readonly updatedAtMs: number;
  readonly newsUntilMs: number | null;
  /** Labels, annotations and the link, as JSON; empty, there is no alert yet. */
  readonly body: string;
}

export type StoredRows = ReadonlyMap<string, StoredRow>;

/** What is to be written. */
export interface Changes {
  readonly changed: readonly StoredRow[];
  readonly removed: readonly string[];
}

/** More than any alert takes that ingest lets in; what is larger is not kept, so always news. */
const BODY_BYTES_MAX = 500_000;

/** Messages with their fingerprints, and each of these once, in order: locks are taken by it. */
export function keyed(messages: readonly Alert[]) {
  const keys = messages.map(({ labels }) => fingerprint(labels));
  return { keys, sorted: inOrder(keys) };
}

export function inOrder(keys: readonly string[]): readonly string[] {
  return [...new Set(keys)].toSorted();
}

/** What `note` answers and writes. `rows` has those of `keys` that there are. */
export function planNote(
  rows: StoredRows,
  keys: readonly string[],
  messages: readonly Alert[],
  nowMs: number,
): Changes & { readonly news: readonly boolean[] } {
  const after = new Map(rows);
  const news = messages.map((message, at) => {
    const key = keys[at] ?? '';
    const body = bodyOf(message);
    if (isTooLarge(body)) return true;
    const row = after.get(key);
    const noted = noteMessage(row && lastOf(row, message, body), message, nowMs);
    if (noted.row !== undefined) after.set(key, rowOf(key, noted.row, row, message, body));
    return noted.isNews;
  });
  return { news, ...changesOf(rows, after) };
}

/** What `delivered` writes. */
export function planDelivered(
  rows: StoredRows,
  keys: readonly string[],
  messages: readonly Alert[],
  nowMs: number,
): Changes {
  const after = new Map(rows);
  for (const [at, message] of messages.entries()) {
    const key = keys[at] ?? '';
    const body = bodyOf(message);
    const row = after.get(key);
    if (isTooLarge(body)) after.delete(key);
    else {
      const last = deliverMessage(row && lastOf(row, message, body), message, nowMs);
      after.set(key, rowOf(key, last, row, message, body));
    }
  }
  return changesOf(rows, after);
}

/** What `endsOf` answers and writes. */
export function planEnds(
  rows: StoredRows,
  nowMs: number,
): Changes & { readonly ends: ReadonlyMap<string, number> } {
  const after = new Map(rows);
  const ends = new Map<string, number>();
  for (const [key, row] of rows) {
    if (row.body === '') continue;
    ends.set(key, row.endsAtMs);
    const { newsUntilMs } = askedForEnd(lastOf(row), nowMs);
    if (newsUntilMs !== row.newsUntilMs) after.set(key, { ...row, newsUntilMs });
  }
  return { ends, ...changesOf(rows, after) };
}

/** What `forget` writes. */
export function planForget(rows: StoredRows, keys: readonly string[], nowMs: number): Changes {
  const after = new Map(rows);
  for (const key of keys) {
    const row = after.get(key);
    const { newsUntilMs } = forgotten(row && lastOf(row), nowMs);
    const isEmpty = row === undefined || row.body === '';
    after.set(key, isEmpty ? emptyRow(key, nowMs, newsUntilMs) : { ...row, newsUntilMs });
  }
  return changesOf(rows, after);
}

/** The alert of a row that has one. */
export function alertOf(row: StoredRow): Alert {
  const { startsAtMs, endsAtMs, isTimeout, updatedAtMs } = row;
  const body: Pick<Alert, 'labels' | 'annotations' | 'generatorUrl'> = JSON.parse(row.body);
  return { ...body, startsAtMs, endsAtMs, isTimeout, updatedAtMs };
}

/** Most messages say what the row says already: then its text need not be read. */
function lastOf(row: StoredRow, message?: Alert, body?: string): LastMessage {
  const { newsUntilMs, startsAtMs, endsAtMs, isTimeout, updatedAtMs } = row;
  if (row.body === '') return { alert: null, newsUntilMs };
  if (message === undefined || row.body !== body) return { alert: alertOf(row), newsUntilMs };
  return { alert: { ...message, startsAtMs, endsAtMs, isTimeout, updatedAtMs }, newsUntilMs };
}

function rowOf(
  key: string,
  { alert, newsUntilMs }: LastMessage,
  before: StoredRow | undefined,
  message: Alert,
  body: string,
): StoredRow {
  if (alert === null) return emptyRow(key, message.updatedAtMs, newsUntilMs);
  const { startsAtMs, endsAtMs, isTimeout, updatedAtMs } = alert;
  const isOfMessage = before === undefined || alert.annotations === message.annotations;
  return {
    ...{ fingerprint: key, startsAtMs, endsAtMs, isTimeout, updatedAtMs, newsUntilMs },
    body: isOfMessage ? body : before.body,
  };
}

/** Of no alert, only of what its messages are; it is pruned as what was over at that time. */
function emptyRow(key: string, atMs: number, newsUntilMs: number | null): StoredRow {
  const times = { startsAtMs: atMs, endsAtMs: atMs, isTimeout: false, updatedAtMs: atMs };
  return { fingerprint: key, ...times, newsUntilMs, body: '' };
}

/** What a row keeps of it beside its times. */
export function bodyOf({ labels, annotations, generatorUrl }: Alert): string {
  return JSON.stringify({ labels, annotations, generatorUrl });
}

function isTooLarge(body: string): boolean {
  // No character of JSON's takes more than three bytes.
  return body.length * 3 > BODY_BYTES_MAX && Buffer.byteLength(body) > BODY_BYTES_MAX;
}

function changesOf(before: StoredRows, after: StoredRows): Changes {
  return {
    changed: [...after.values()].filter((row) => before.get(row.fingerprint) !== row),
    removed: [...before.keys()].filter((key) => !after.has(key)),
  };
}
