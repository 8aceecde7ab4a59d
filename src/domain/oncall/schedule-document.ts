import { formatDuration } from '../quantity.ts';
import type { CalendarEvent } from './calendar-event.ts';
import type { CalendarEventDocument } from './calendar-event.schema.ts';
import type { ReadCalendar } from './ical-import.ts';
import type { ScheduleDocument } from './schedule.schema.ts';
import { timeText } from './zone-clock.ts';

/** The schedule that a calendar is, as somebody would write it in a paging file. */
export function scheduleDocument({
  name,
  timeZone,
  events,
}: Extract<ReadCalendar, { readonly kind: 'read' }>): ScheduleDocument {
  const layer = events.map((event) => eventDocument(event, timeZone));
  return {
    time_zone: timeZone,
    layers: [{ ...(name === undefined ? {} : { name: name.slice(0, 64) }), events: layer }],
  };
}

function eventDocument(event: CalendarEvent, layerZone: string): CalendarEventDocument {
  const [only, ...others] = event.persons;
  const who = {
    persons: only !== undefined && others.length === 0 ? only : [...event.persons],
    ...(event.priority === 0 ? {} : { priority: event.priority }),
  };
  if (event.kind === 'once') {
    return {
      ...who,
      from: shortTime(timeText(event.fromMs, layerZone)),
      to: shortTime(timeText(event.toMs, layerZone)),
    };
  }
  const { rrule, startsLocal, timeZone, clockMs, elapsedMs, exceptLocal } = event;
  return {
    ...who,
    rrule,
    starts: startsLocal,
    ...(clockMs === 0 ? {} : { for: formatDuration(clockMs) }),
    ...(elapsedMs === 0 ? {} : { for_elapsed: formatDuration(elapsedMs) }),
    ...(exceptLocal.length === 0 ? {} : { except: [...exceptLocal] }),
    ...(timeZone === layerZone ? {} : { time_zone: timeZone }),
  };
}

/** `2026-01-05T09:00+01:00`: without seconds where there are none. */
function shortTime(text: string): string {
  return text.replace(/:00([+-])/, '$1');
}
