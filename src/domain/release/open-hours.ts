import type { TimeOfDay } from './gate-time.schema.ts';

const DAYS_A_WEEK = 7;

/** When a gate is open, as a person writes it: `09:00-17:00 Europe/Berlin on mon, tue`. */
export function openHours(spec: TimeOfDay): string {
  const { fromMinuteOfDay, toMinuteOfDay, timezone, days } = spec;
  const hours = `${clockOf(fromMinuteOfDay)}-${clockOf(toMinuteOfDay)} ${timezone}`;
  return days.length === DAYS_A_WEEK ? hours : `${hours} on ${days.join(', ')}`;
}

function clockOf(minuteOfDay: number): string {
  const [hours, minutes] = [Math.floor(minuteOfDay / 60), minuteOfDay % 60];
  return [hours, minutes].map((part) => String(part).padStart(2, '0')).join(':');
}
