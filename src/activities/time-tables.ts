import { changesAt, isIn } from '../domain/alerting/time-interval.ts';
import {
  type TimeTables,
  type TimeTablesRequest,
  timeTables,
} from '../domain/alerting/time-tables.ts';

/** Calendars are too much for a workflow: it asks for what clocks will show. */
export function createTimeTables() {
  return {
    async lookUpTimes(request: TimeTablesRequest): Promise<TimeTables> {
      return timeTables(request, { isIn, changesAt });
    },
  };
}
