import type { Configuration } from '../domain/alerting/alerting-file.ts';
import { type TimeTables, clocksBy } from '../domain/alerting/time-tables.ts';
import type { Clocks } from '../domain/alerting/shard-state.ts';
import type { alertActivitiesFor } from './alert-activities.ts';

/** Time tables reach so far, and are made anew a day before they end. */
const TABLES_FOR_MS = 8 * 86_400_000;
const TABLES_MARGIN_MS = 86_400_000;

/** What clocks show for the time intervals of one configuration. */
export interface KnownTimes {
  readonly timeIntervals: Configuration['timeIntervals'];
  readonly tables: TimeTables;
}

/** Asks for it, where the configuration has intervals at all. */
export async function lookUpTimes(
  act: ReturnType<typeof alertActivitiesFor>,
  { timeIntervals }: Pick<Configuration, 'timeIntervals'>,
): Promise<KnownTimes> {
  const fromMs = Date.now();
  const untilMs = fromMs + TABLES_FOR_MS;
  if (Object.keys(timeIntervals).length === 0) {
    return { timeIntervals, tables: { fromMs, untilMs, tables: {} } };
  }
  return { timeIntervals, tables: await act.lookUpTimes({ timeIntervals, fromMs, untilMs }) };
}

/** Whether it ends so soon that it is to be asked for anew. */
export function isNearlyUsedUp({ tables }: KnownTimes): boolean {
  return Date.now() >= tables.untilMs - TABLES_MARGIN_MS;
}

/**
 * They know the intervals of `known` and no others: whoever takes another configuration changes what
 * is known in the same breath, or all of its intervals would read as if they did not hold.
 */
export function clocksOf(known: () => KnownTimes): Clocks {
  return clocksBy(
    () => known().tables,
    () => known().timeIntervals,
  );
}
