import { type ScheduleDocument, schedule } from '../../../src/domain/oncall/schedule.schema.ts';
import type { Schedule } from '../../../src/domain/oncall/schedule.schema.ts';
import type { Layer } from '../../../src/domain/oncall/layer.schema.ts';
import { shiftsBetween } from '../../../src/domain/oncall/on-call.ts';
import { timeText } from '../../../src/domain/oncall/zone-clock.ts';

/** A schedule as it is written, without calendars in files of their own. */
export function scheduleOf(written: ScheduleDocument): Schedule {
  const { layers, ...rest } = schedule.parse(written);
  const ready = layers.filter((layer): layer is Layer => layer.kind !== 'ical');
  return { ...rest, layers: ready };
}

export const ms = (text: string): number => Date.parse(text);

/** `2026-01-05T09:00+01:00 ada, bob`: each shift by its beginning, as the zone's clocks show it. */
export function shiftLines(schedule_: Schedule, from: string, to: string): readonly string[] {
  return shiftsBetween(schedule_, ms(from), ms(to)).map(
    ({ fromMs, persons }) =>
      `${timeText(fromMs, schedule_.timeZone).replace(/:00([+-])/, '$1')} ${persons.join(', ')}`,
  );
}
