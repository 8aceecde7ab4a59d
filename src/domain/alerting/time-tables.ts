import type { Clocks } from './shard-state.ts';
import type { TimeInterval } from './time-interval.schema.ts';

/** Whether a time interval holds, from a moment on: it changes at each of these times. Plain JSON. */
export interface TimeTable {
  readonly isInAtFirst: boolean;
  readonly changesAtMs: readonly number[];
}

/** Of all time intervals of a configuration, by their names, until a moment. */
export interface TimeTables {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly tables: Readonly<Record<string, TimeTable>>;
}

export interface TimeTablesRequest {
  readonly timeIntervals: Readonly<Record<string, TimeInterval>>;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What clocks will show, so that whoever has no calendar can look it up. */
export function timeTables(
  { timeIntervals, fromMs, untilMs }: TimeTablesRequest,
  clocks: Clocks,
): TimeTables {
  const tables = Object.fromEntries(
    Object.entries(timeIntervals).map(([name, interval]) => {
      const changesAtMs: number[] = [];
      let atMs = fromMs;
      let wasIn = clocks.isIn(interval, fromMs);
      const table = { isInAtFirst: wasIn, changesAtMs };
      while (atMs < untilMs) {
        atMs = clocks.changesAt(interval, atMs);
        const isIn = clocks.isIn(interval, atMs);
        if (atMs <= untilMs && isIn !== wasIn) changesAtMs.push(atMs);
        wasIn = isIn;
      }
      return [name, table];
    }),
  );
  return { fromMs, untilMs, tables };
}

/**
 * Clocks that look up what was computed before. `tablesOf` gives the newest tables; outside their
 * time the last state that is known holds, and it is looked again when they end.
 */
export function clocksBy(
  tablesOf: () => TimeTables,
  intervals: () => Readonly<Record<string, TimeInterval>>,
): Clocks {
  const tableOf = (interval: TimeInterval): TimeTable | undefined => {
    const found = Object.entries(intervals()).find(([, one]) => one === interval);
    return found === undefined ? undefined : tablesOf().tables[found[0]];
  };
  return {
    isIn(interval, atMs) {
      const table = tableOf(interval);
      if (table === undefined) return false;
      const changes = table.changesAtMs.filter((ms) => ms <= atMs).length;
      return table.isInAtFirst === (changes % 2 === 0);
    },
    changesAt(interval, atMs) {
      const next = tableOf(interval)?.changesAtMs.find((ms) => ms > atMs);
      return next ?? Math.max(tablesOf().untilMs, atMs + 1);
    },
  };
}
