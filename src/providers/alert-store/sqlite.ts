import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { Alert } from '../../domain/alerting/alert.ts';
import type { AlertStore } from '../../domain/alerting/alert-store.ts';
import { CLOCKS_APART_MS } from '../../domain/alerting/last-message.ts';
import { transaction } from '../store/effect-log.ts';
import {
  type Changes,
  type StoredRow,
  type StoredRows,
  alertOf,
  bodyOf,
  inOrder,
  keyed,
  planDelivered,
  planEnds,
  planForget,
  planNote,
} from './rows.ts';
import { SCHEMA_VERSION, requireVersion, unavailable } from './unavailable.ts';

const TABLES = `
  CREATE TABLE IF NOT EXISTS belay_alert_schema (
    id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL
  ) STRICT;
  INSERT OR IGNORE INTO belay_alert_schema VALUES (1, ${SCHEMA_VERSION});
  CREATE TABLE IF NOT EXISTS belay_last_messages (
    fingerprint TEXT PRIMARY KEY,
    starts_at_ms INTEGER NOT NULL,
    ends_at_ms INTEGER NOT NULL,
    is_timeout INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    news_until_ms INTEGER,
    body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS belay_last_beats (
    name TEXT PRIMARY KEY, at_ms INTEGER NOT NULL
  ) STRICT;
`;

/** Another process is waited for so long; meanwhile this one goes on with other work. */
const BUSY_WITHIN_MS = 2000;
const BUSY_PAUSE_MS = 10;
/** SQLite's own waiting blocks the whole process. */
const BUSY_BLOCKING_MS = 20;
const SQLITE_BUSY = 5;
const PRUNED_AT_ONCE = 2000;

/** A store in one file, for processes of one machine. Opened at its first use. */
export function createSqliteAlertStore(file: string): AlertStore {
  const { run, close } = transactions(file);
  return {
    note: (messages, nowMs) =>
      run((store) => {
        const { keys, sorted } = keyed(messages);
        const answers = messages.map(() => false);
        // Of two about the same alert, the second is looked at after the first.
        const isOnce = sorted.length === keys.length;
        const left = [...messages.keys()].filter((at) => {
          const message = messages[at];
          return !isOnce || message === undefined || !store.renew(keys[at] ?? '', message, nowMs);
        });
        if (left.length === 0) return answers;
        const keysLeft = left.map((at) => keys[at] ?? '');
        const rows = store.read(inOrder(keysLeft));
        const plan = planNote(
          rows,
          keysLeft,
          left.flatMap((at) => messages[at] ?? []),
          nowMs,
        );
        store.write(plan, rows);
        for (const [index, at] of left.entries()) answers[at] = plan.news[index] === true;
        return answers;
      }),
    delivered: (messages, nowMs) =>
      run((store) => {
        const { keys, sorted } = keyed(messages);
        const rows = store.read(sorted);
        store.write(planDelivered(rows, keys, messages, nowMs), rows);
      }),
    endsOf: (fingerprints, nowMs) =>
      run((store) => {
        const rows = store.read(inOrder(fingerprints));
        const plan = planEnds(rows, nowMs);
        store.write(plan, rows);
        return plan.ends;
      }),
    forget: (fingerprints, nowMs) =>
      run((store) => {
        const keys = inOrder(fingerprints);
        const rows = store.read(keys);
        store.write(planForget(rows, keys, nowMs), rows);
      }),
    firing: (nowMs, after = '', limit = 1000) =>
      run((store) => store.firing(nowMs, after, limit).map(alertOf)),
    beat: (names, atMs) => run((store) => store.beat(inOrder(names), atMs)),
    beatsOf: (names) => run((store) => store.beatsOf(inOrder(names))),
    async prune(beforeMs) {
      for (let pruned = 0; ;) {
        const some = await run((store) => store.prune(beforeMs));
        pruned += some;
        if (some < PRUNED_AT_ONCE) return pruned;
      }
    },
    close,
  };
}

/** The file, and the one way to use it. */
function transactions(file: string) {
  let opened: Opened | null = null;
  let closing: Promise<void> | undefined;
  let waiting: Waiting[] = [];
  const underWay = new Set<Promise<void>>();

  /**
   * All of it in one transaction, or `AlertStoreUnavailable`. What is asked in one turn of the event
   * loop shares the transaction, as each waits for the disk.
   */
  function run<T>(work: (store: Opened) => T): Promise<T> {
    if (closing !== undefined) return Promise.reject(unavailable(file, new Error('it is closed')));
    return new Promise((resolve, reject) => {
      const done = (store: Opened) => {
        const result = work(store);
        return () => resolve(result);
      };
      waiting.push({ done, reject });
      if (waiting.length === 1) runInNextTurn();
    });
  }

  function runInNextTurn(): void {
    const all = nextTurn().then(runAll);
    underWay.add(all);
    void all.then(() => underWay.delete(all));
  }

  async function runAll(): Promise<void> {
    const all = waiting;
    waiting = [];
    const untilMs = Date.now() + BUSY_WITHIN_MS;
    try {
      await together(all, untilMs);
    } catch (error) {
      const isOfAll = all.length === 1 || opened === null || isBusy(error);
      for (const one of all) {
        // Where one of them is wrong, the others are not.
        const why = isOfAll ? error : await together([one], untilMs).catch((own: unknown) => own);
        if (why !== undefined) one.reject(unavailable(file, why));
      }
    }
  }

  async function together(all: readonly Waiting[], untilMs: number): Promise<void> {
    const answers = await whenFree(untilMs, () => {
      opened ??= open(file);
      const store = opened;
      return transaction(store.database, () => all.map(({ done }) => done(store)));
    });
    for (const answer of answers) answer();
  }

  /** After all that was asked before. */
  async function closeAtLast(): Promise<void> {
    await Promise.all(underWay);
    opened?.database.close();
    opened = null;
  }

  return { run, close: () => (closing ??= closeAtLast()) };
}

type Opened = ReturnType<typeof open>;

interface Waiting {
  /** Does it; what it returns tells the result, once all is written. */
  readonly done: (store: Opened) => () => void;
  readonly reject: (error: unknown) => void;
}

function open(file: string) {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  try {
    // Answered is kept: FULL waits for the disk at each transaction.
    database.exec(
      `PRAGMA busy_timeout = ${BUSY_BLOCKING_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;`,
    );
    transaction(database, () => database.exec(TABLES));
    requireVersion(
      Number(database.prepare('SELECT version FROM belay_alert_schema').get()?.version),
    );
    return prepared(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepared(database: DatabaseSync) {
  const one = database.prepare('SELECT * FROM belay_last_messages WHERE fingerprint = ?');
  const put = database.prepare(
    `INSERT OR REPLACE INTO belay_last_messages
       (fingerprint, starts_at_ms, ends_at_ms, is_timeout, updated_at_ms, news_until_ms, body)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const putTimes = database.prepare(
    `UPDATE belay_last_messages
     SET starts_at_ms = ?, ends_at_ms = ?, is_timeout = ?, updated_at_ms = ?, news_until_ms = ?
     WHERE fingerprint = ?`,
  );
  // What `noteMessage` would come to for a message that only says again what its row does.
  const renew = database.prepare(
    `UPDATE belay_last_messages SET ends_at_ms = ?, is_timeout = ?, updated_at_ms = ?
     WHERE fingerprint = ? AND body = ? AND starts_at_ms = ? AND news_until_ms IS NULL
       AND ends_at_ms > ? AND ends_at_ms <= ? AND updated_at_ms <= ?`,
  );
  const remove = database.prepare('DELETE FROM belay_last_messages WHERE fingerprint = ?');
  const firing = database.prepare(
    `SELECT * FROM belay_last_messages
     WHERE fingerprint > ? AND ends_at_ms > ? AND body <> '' ORDER BY fingerprint LIMIT ?`,
  );
  const beat = database.prepare(
    `INSERT INTO belay_last_beats VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET at_ms = max(at_ms, excluded.at_ms)`,
  );
  const beatOf = database.prepare('SELECT at_ms FROM belay_last_beats WHERE name = ?');
  const prune = database.prepare(
    `DELETE FROM belay_last_messages WHERE rowid IN
       (SELECT rowid FROM belay_last_messages WHERE ends_at_ms < ? LIMIT ${PRUNED_AT_ONCE})`,
  );
  return {
    database,
    read: (fingerprints: readonly string[]): StoredRows =>
      new Map(
        fingerprints.flatMap((key) => {
          const row = one.get(key);
          return row === undefined ? [] : [[key, stored(row)] as const];
        }),
      ),
    /** Whether a message said nothing new, and is noted. */
    renew(key: string, message: Alert, nowMs: number): boolean {
      const { startsAtMs, endsAtMs, isTimeout, updatedAtMs } = message;
      const lastMs = nowMs + CLOCKS_APART_MS;
      const to = [endsAtMs, isTimeout ? 1 : 0, updatedAtMs] as const;
      const from = [key, bodyOf(message), startsAtMs, lastMs, endsAtMs, updatedAtMs] as const;
      return Number(renew.run(...to, ...from).changes) === 1;
    },
    write({ changed, removed }: Changes, before: StoredRows): void {
      for (const row of changed) {
        const { fingerprint, startsAtMs, endsAtMs, updatedAtMs, newsUntilMs, body } = row;
        const times = [
          startsAtMs,
          endsAtMs,
          row.isTimeout ? 1 : 0,
          updatedAtMs,
          newsUntilMs,
        ] as const;
        // A whole row would be taken out of the index, and put into it again.
        if (before.get(fingerprint)?.body === body) putTimes.run(...times, fingerprint);
        else put.run(fingerprint, ...times, body);
      }
      for (const key of removed) remove.run(key);
    },
    firing: (nowMs: number, after: string, limit: number): readonly StoredRow[] =>
      firing.all(after, nowMs, limit).map(stored),
    beat(names: readonly string[], atMs: number): void {
      for (const name of names) beat.run(name, atMs);
    },
    beatsOf: (names: readonly string[]): ReadonlyMap<string, number> =>
      new Map(
        names.flatMap((name) => {
          const row = beatOf.get(name);
          return row === undefined ? [] : [[name, Number(row.at_ms)] as const];
        }),
      ),
    prune: (beforeMs: number): number => Number(prune.run(beforeMs).changes),
  };
}

function stored(row: Record<string, SQLOutputValue>): StoredRow {
  return {
    fingerprint: String(row.fingerprint),
    startsAtMs: Number(row.starts_at_ms),
    endsAtMs: Number(row.ends_at_ms),
    isTimeout: row.is_timeout === 1,
    updatedAtMs: Number(row.updated_at_ms),
    newsUntilMs: row.news_until_ms === null ? null : Number(row.news_until_ms),
    body: String(row.body),
  };
}

async function whenFree<T>(untilMs: number, work: () => T): Promise<T> {
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || Date.now() >= untilMs) throw error;
    }
    await wait(BUSY_PAUSE_MS);
  }
}

function isBusy(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  // The lower byte is the kind of an extended code.
  return (Number(error.errcode) & 0xff) === SQLITE_BUSY;
}
