import { join } from 'node:path';
import type { Effect } from '../domain/effect.ts';
import type { Instance } from '../domain/release/instance.ts';
import { canonical, fence, requireWhole } from '../providers/traffic/check-change.ts';
import { describeRoutes } from '../providers/traffic/memory.ts';
import type { Route, TrafficChange, TrafficState } from '../providers/traffic/router.ts';
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
    routes TEXT NOT NULL
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
  const states = new Map<string, TrafficState>();
  for (const row of database.prepare('SELECT * FROM traffic').all()) {
    const routes: Route[] = JSON.parse(String(row.routes));
    const service = String(row.service);
    states.set(service, {
      service,
      generation: Number(row.generation),
      key: String(row.key),
      routes,
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
      transaction(database, () => {
        database
          .prepare(
            'INSERT OR REPLACE INTO traffic (service, generation, key, routes) VALUES (?, ?, ?, ?)',
          )
          .run(service, generation, key, JSON.stringify(routes));
        const what = describeRoutes(change);
        appendEffect(database, { key, service, generation, what, atMs: Date.now() });
      });
      const next = { service, generation, key, routes };
      states.set(service, next);
      return next;
    },
    effects: (service: string): readonly Effect[] => readEffects(database, service),
    close: (): void => database.close(),
  };
}

/** What the data plane says of itself: enough to tell one state from another. */
export function fingerprint(state: TrafficState): string {
  return `${state.generation} ${canonical(state.routes)}`;
}

/** Chooses a version by weight, then its instances in turn. */
export function createChooser(random: () => number) {
  const turns = new Map<string, number>();
  return {
    version(state: TrafficState): Route | undefined {
      let rest = random() * 100;
      for (const route of state.routes) {
        rest -= route.weightPercent;
        if (rest < 0) return route;
      }
      return state.routes.findLast((route) => route.weightPercent > 0);
    },
    /** Every instance once, beginning with the one whose turn it is. */
    instances(service: string, route: Route): readonly Instance[] {
      const { length } = route.instances;
      if (length === 0) return [];
      const key = `${service}/${route.version}`;
      const turn = ((turns.get(key) ?? -1) + 1) % length;
      turns.set(key, turn);
      return [...route.instances.slice(turn), ...route.instances.slice(0, turn)];
    },
  };
}
