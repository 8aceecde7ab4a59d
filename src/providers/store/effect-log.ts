import { DatabaseSync } from 'node:sqlite';
import type { Effect } from '../../domain/effect.ts';

/** The part of a driver's database that keeps its effects: one a key, in order, crash-safe. */
export const EFFECTS_TABLE = `
  CREATE TABLE IF NOT EXISTS effects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    service TEXT NOT NULL,
    generation INTEGER NOT NULL,
    what TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS effects_of_service ON effects (service, seq);
`;

/** So many effects of a service are kept: thousands of releases. Fences do not rest on them. */
const EFFECTS_KEPT = 10_000;

/** A second effect of the same key changes nothing. Called within a transaction of its change. */
export function appendEffect(database: DatabaseSync, effect: Effect, kept = EFFECTS_KEPT): void {
  database
    .prepare(
      'INSERT OR IGNORE INTO effects (key, service, generation, what, at_ms) VALUES (?, ?, ?, ?, ?)',
    )
    .run(effect.key, effect.service, effect.generation, effect.what, effect.atMs);
  database
    .prepare(
      `DELETE FROM effects WHERE service = ?1 AND seq <= (
         SELECT seq FROM effects WHERE service = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2
       )`,
    )
    .run(effect.service, kept);
}

export function readEffects(database: DatabaseSync, service: string): readonly Effect[] {
  return database
    .prepare('SELECT * FROM effects WHERE service = ? ORDER BY seq')
    .all(service)
    .map((row) => ({
      key: String(row.key),
      service: String(row.service),
      generation: Number(row.generation),
      what: String(row.what),
      atMs: Number(row.at_ms),
    }));
}

/** Opens a database that several processes may use, and that survives a crash at any moment. */
export function openDatabase(file: string, tables: string): DatabaseSync {
  const database = new DatabaseSync(file);
  database.exec(
    'PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;',
  );
  database.exec(tables);
  return database;
}

/** All of `work` or nothing of it, also against other processes. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
