import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Effect } from '../domain/effect.ts';
import { canonical, fence, requireWhole } from '../providers/traffic/check-change.ts';
import { steeringOf } from '../providers/traffic/check-steering.ts';
import { describeRoutes } from '../providers/traffic/memory.ts';
import type { Route, Steering, TrafficChange, TrafficState } from '../providers/traffic/router.ts';
import {
  appendEffect,
  EFFECTS_TABLE,
  openDatabase,
  readEffects,
  transaction,
} from '../providers/store/effect-log.ts';

const TABLES = `
  CREATE TABLE IF NOT EXISTS traffic (
    service TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    key TEXT NOT NULL,
    routes TEXT NOT NULL,
    steering TEXT NOT NULL DEFAULT '{}'
  ) STRICT;
  ${EFFECTS_TABLE}
`;

export type RoutingTable = ReturnType<typeof openRoutingTable>;

/**
 * The weights of every service, durable before they are in force. Check and write are one step:
 * the process has one thread and the database one transaction.
 */
export function openRoutingTable(folder: string) {
  const database = openDatabase(join(folder, 'router.sqlite'), TABLES);
  addSteering(database);
  const states = new Map<string, TrafficState>();
  for (const row of database.prepare('SELECT * FROM traffic').all()) {
    const routes: Route[] = JSON.parse(String(row.routes));
    const steering: Steering = JSON.parse(String(row.steering));
    const service = String(row.service);
    states.set(service, {
      service,
      generation: Number(row.generation),
      key: String(row.key),
      routes,
      ...steering,
    });
  }

  function read(service: string): TrafficState {
    return states.get(service) ?? { service, generation: 0, key: '', routes: [] };
  }

  return {
    read,
    services: (): readonly string[] => [...states.keys()],
    apply(change: TrafficChange): TrafficState {
      requireWhole(change);
      const current = read(change.service);
      if (fence(current, change) === 'done') return current;
      const { service, generation, key, routes } = change;
      const steering = steeringOf(change);
      transaction(database, () => {
        database
          .prepare(
            `INSERT OR REPLACE INTO traffic (service, generation, key, routes, steering)
             VALUES (?, ?, ?, ?, ?)`,
          )
          .run(service, generation, key, JSON.stringify(routes), JSON.stringify(steering));
        const what = describeRoutes(change);
        appendEffect(database, { key, service, generation, what, atMs: Date.now() });
      });
      const next = { service, generation, key, routes, ...steering };
      states.set(service, next);
      return next;
    },
    effects: (service: string): readonly Effect[] => readEffects(database, service),
    close: (): void => database.close(),
  };
}

/** What the data plane says of itself: enough to tell one state from another. */
export function fingerprint(state: TrafficState): string {
  return `${state.generation} ${canonical(state)}`;
}

/** A database from before there was steering has none. */
function addSteering(database: DatabaseSync): void {
  const columns = database.prepare('PRAGMA table_info(traffic)').all();
  if (columns.some(({ name }) => name === 'steering')) return;
  database.exec("ALTER TABLE traffic ADD COLUMN steering TEXT NOT NULL DEFAULT '{}'");
}
