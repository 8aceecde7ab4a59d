import { Pool, type PoolClient, type QueryResultRow } from 'pg';
import type { AlertStore } from '../../domain/alerting/alert-store.ts';
import {
  type Changes,
  type StoredRow,
  alertOf,
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
    id integer PRIMARY KEY CHECK (id = 1), version integer NOT NULL
  );
  INSERT INTO belay_alert_schema VALUES (1, ${SCHEMA_VERSION}) ON CONFLICT DO NOTHING;
  CREATE TABLE IF NOT EXISTS belay_last_messages (
    fingerprint text COLLATE "C" PRIMARY KEY,
    starts_at_ms bigint NOT NULL,
    ends_at_ms bigint NOT NULL,
    is_timeout boolean NOT NULL,
    updated_at_ms bigint NOT NULL,
    news_until_ms bigint,
    body text NOT NULL
  );
  CREATE TABLE IF NOT EXISTS belay_last_beats (
    name text COLLATE "C" PRIMARY KEY, at_ms bigint NOT NULL
  );
`;

const CONNECTIONS = 4;
const CONNECTED_WITHIN_MS = 2000;
/** The server gives up first, so that nothing goes on there that nobody waits for. */
const SERVER_WITHIN_MS = 2000;
const ANSWERED_WITHIN_MS = 2500;
const PRUNED_AT_ONCE = 2000;
/** Of a transaction that another one was in the way of. */
const TRIES = 5;
/** Names the lock under which the tables are made. */
const SCHEMA_LOCK = 7_236_519_403;
const UNDEFINED_TABLE = '42P01';
const IN_THE_WAY = ['40001', '40P01'];

const BEGIN = `BEGIN; SET LOCAL statement_timeout = ${SERVER_WITHIN_MS}; SET LOCAL idle_in_transaction_session_timeout = ${ANSWERED_WITHIN_MS};`;
const FIELDS =
  'fingerprint, starts_at_ms, ends_at_ms, is_timeout, updated_at_ms, news_until_ms, body';
const VALUES =
  'unnest($1::text[], $2::bigint[], $3::bigint[], $4::boolean[], $5::bigint[], $6::bigint[], $7::text[])';

/** A store in PostgreSQL, for processes of several machines. Connected at its first use. */
export function createPostgresAlertStore(url: string): AlertStore {
  const { run, close } = transactions(url);
  return {
    note: (messages, nowMs) =>
      run(async (client) => {
        const { keys, sorted } = keyed(messages);
        const rows = await locked(client, sorted);
        const plan = planNote(rows, keys, messages, nowMs);
        await write(client, rows, plan);
        return plan.news;
      }),
    delivered: (messages, nowMs) =>
      run(async (client) => {
        const { keys, sorted } = keyed(messages);
        const rows = await locked(client, sorted);
        await write(client, rows, planDelivered(rows, keys, messages, nowMs));
      }),
    endsOf: (fingerprints, nowMs) =>
      run(async (client) => {
        const rows = await locked(client, inOrder(fingerprints));
        const plan = planEnds(rows, nowMs);
        await write(client, rows, plan);
        return plan.ends;
      }),
    forget: (fingerprints, nowMs) =>
      run(async (client) => {
        const keys = inOrder(fingerprints);
        const rows = await locked(client, keys);
        await write(client, rows, planForget(rows, keys, nowMs));
      }),
    firing: (nowMs, after = '', limit = 1000) =>
      run(async (client) => {
        const { rows } = await client.query(
          `SELECT ${FIELDS} FROM belay_last_messages
           WHERE fingerprint > $1 AND ends_at_ms > $2 AND body <> ''
           ORDER BY fingerprint LIMIT $3`,
          [after, nowMs, limit],
        );
        return rows.map((row) => alertOf(stored(row)));
      }),
    beat: (names, atMs) => run((client) => beat(client, inOrder(names), atMs)),
    beatsOf: (names) =>
      run(async (client) => {
        const { rows } = await client.query<{ name: string; at_ms: string }>(
          'SELECT name, at_ms FROM belay_last_beats WHERE name = ANY($1)',
          [names],
        );
        return new Map(rows.map(({ name, at_ms }) => [name, Number(at_ms)]));
      }),
    async prune(beforeMs) {
      for (let pruned = 0; ;) {
        const some = await run((client) => prune(client, beforeMs));
        pruned += some;
        if (some < PRUNED_AT_ONCE) return pruned;
      }
    },
    close,
  };
}

/** Connections to the database at `url`, and the one way to use them. */
function transactions(url: string) {
  const { host, pathname } = new URL(url);
  const where = `postgres://${host}${pathname}`;
  const pool = new Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECTED_WITHIN_MS,
    query_timeout: ANSWERED_WITHIN_MS,
    keepAlive: true,
  });
  // An idle connection that was lost: the next use makes another one.
  pool.on('error', () => {});
  let isReady = false;

  /** All of it in one transaction, or `AlertStoreUnavailable`. */
  async function run<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    try {
      if (!isReady) await inTransaction(pool, makeReady);
      isReady = true;
      for (let tries = 1; ; tries += 1) {
        try {
          return await inTransaction(pool, work);
        } catch (error) {
          if (!isInTheWay(error) || tries === TRIES) throw error;
        }
      }
    } catch (error) {
      // Tables that somebody has taken away are made anew.
      if (codeOf(error) === UNDEFINED_TABLE) isReady = false;
      throw unavailable(where, error);
    }
  }
  return {
    run,
    async close(): Promise<void> {
      if (!pool.ending) await pool.end();
    },
  };
}

async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = true;
  try {
    // A connection that is lost between two queries tells so by an event, and the next query fails.
    client.on('error', ignored);
    await client.query(BEGIN);
    try {
      const result = await work(client);
      await client.query('COMMIT');
      broken = false;
      return result;
    } catch (error) {
      // Without a code it is not the server's answer: nobody knows what this connection is at.
      if (codeOf(error) !== undefined) {
        await client.query('ROLLBACK');
        broken = false;
      }
      throw error;
    }
  } finally {
    client.off('error', ignored);
    client.release(broken);
  }
}

function ignored(): void {}

async function makeReady(client: PoolClient): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
  const found = await client.query<{ there: boolean }>(
    "SELECT to_regclass('belay_alert_schema') IS NOT NULL AND to_regclass('belay_last_beats') IS NOT NULL AND to_regclass('belay_last_messages') IS NOT NULL AS there",
  );
  // Whoever may only use the tables need not be allowed to make them.
  if (found.rows[0]?.there !== true) await client.query(TABLES);
  const { rows } = await client.query<{ version: number }>(
    'SELECT version FROM belay_alert_schema',
  );
  requireVersion(Number(rows[0]?.version));
}

/** The rows that there are, in the order of their keys: two that lock them never wait in a ring. */
async function locked(
  client: PoolClient,
  sorted: readonly string[],
): Promise<ReadonlyMap<string, StoredRow>> {
  const { rows } = await client.query(
    `SELECT ${FIELDS} FROM belay_last_messages
     WHERE fingerprint = ANY($1) ORDER BY fingerprint FOR UPDATE`,
    [sorted],
  );
  return new Map(rows.map(stored).map((row) => [row.fingerprint, row]));
}

/** Another transaction has made a row since this one looked: it looks again. */
class RowInTheWay extends Error {}

async function write(
  client: PoolClient,
  before: ReadonlyMap<string, StoredRow>,
  { changed, removed }: Changes,
): Promise<void> {
  const fresh = changed.filter((row) => !before.has(row.fingerprint));
  const others = changed.filter((row) => before.has(row.fingerprint));
  if (others.length > 0) {
    await client.query(
      `UPDATE belay_last_messages AS old
       SET starts_at_ms = new.starts_at_ms, ends_at_ms = new.ends_at_ms,
         is_timeout = new.is_timeout, updated_at_ms = new.updated_at_ms,
         news_until_ms = new.news_until_ms, body = coalesce(new.body, old.body)
       FROM ${VALUES} AS new (${FIELDS}) WHERE old.fingerprint = new.fingerprint`,
      columns(others, (row) => (row.body === before.get(row.fingerprint)?.body ? null : row.body)),
    );
  }
  if (fresh.length > 0) {
    const sorted = fresh.toSorted((one, other) => (one.fingerprint < other.fingerprint ? -1 : 1));
    const { rowCount } = await client.query(
      `INSERT INTO belay_last_messages (${FIELDS})
       SELECT * FROM ${VALUES} ON CONFLICT DO NOTHING`,
      columns(sorted, ({ body }) => body),
    );
    if (rowCount !== fresh.length) throw new RowInTheWay('another process writes the same alert');
  }
  if (removed.length > 0) {
    await client.query('DELETE FROM belay_last_messages WHERE fingerprint = ANY($1)', [removed]);
  }
}

function columns(
  rows: readonly StoredRow[],
  bodyOf: (row: StoredRow) => string | null,
): unknown[][] {
  return [
    rows.map((row) => row.fingerprint),
    rows.map((row) => row.startsAtMs),
    rows.map((row) => row.endsAtMs),
    rows.map((row) => row.isTimeout),
    rows.map((row) => row.updatedAtMs),
    rows.map((row) => row.newsUntilMs),
    rows.map(bodyOf),
  ];
}

async function beat(client: PoolClient, names: readonly string[], atMs: number): Promise<void> {
  await client.query(
    `INSERT INTO belay_last_beats AS old
     SELECT name, $2::bigint FROM unnest($1::text[]) AS new (name)
     ON CONFLICT (name) DO UPDATE SET at_ms = greatest(old.at_ms, excluded.at_ms)`,
    [names, atMs],
  );
}

async function prune(client: PoolClient, beforeMs: number): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM belay_last_messages WHERE fingerprint IN
       (SELECT fingerprint FROM belay_last_messages WHERE ends_at_ms < $1
        ORDER BY fingerprint LIMIT ${PRUNED_AT_ONCE} FOR UPDATE SKIP LOCKED)`,
    [beforeMs],
  );
  return rowCount ?? 0;
}

function stored(row: QueryResultRow): StoredRow {
  return {
    fingerprint: String(row.fingerprint),
    startsAtMs: Number(row.starts_at_ms),
    endsAtMs: Number(row.ends_at_ms),
    isTimeout: row.is_timeout === true,
    updatedAtMs: Number(row.updated_at_ms),
    newsUntilMs: row.news_until_ms === null ? null : Number(row.news_until_ms),
    body: String(row.body),
  };
}

function isInTheWay(error: unknown): boolean {
  return error instanceof RowInTheWay || IN_THE_WAY.includes(codeOf(error) ?? '');
}

/** The server's code of five letters, if it has answered. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof RowInTheWay) return '40001';
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
