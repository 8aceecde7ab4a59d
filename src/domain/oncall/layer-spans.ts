import { type CalendarEvent, timesOf } from './calendar-event.ts';
import type { EventsLayer, Layer, RotationLayer } from './layer.schema.ts';
import type { WeeklyHours } from './restriction.schema.ts';
import { handOffMs, turnAt } from './rotation.ts';
import { type Span, joined, within } from './span.ts';
import { shownAt, whenShown } from './zone-clock.ts';

const DAY_MINUTES = 1440;

/** Who is on call, by one layer alone. */
export interface Duty extends Span {
  readonly persons: readonly string[];
}

/** Who is on call by a layer within a time, in order and without overlap; nobody in between. */
export function dutiesOf(layer: Layer, asked: Span): readonly Duty[] {
  const [span] = within([asked], {
    fromMs: layer.fromMs ?? -Infinity,
    toMs: layer.untilMs ?? Infinity,
  });
  if (span === undefined) return [];
  const duties = layer.kind === 'rotation' ? turnsOf(layer, span) : eventsOf(layer, span);
  if (layer.hours.length === 0) return duties;
  const open = hoursWithin(layer.hours, layer.timeZone, span);
  return duties.flatMap((duty) =>
    within(open, duty).map((part) => ({ ...part, persons: duty.persons })),
  );
}

function turnsOf({ rotation, timeZone, turns }: RotationLayer, { fromMs, toMs }: Span) {
  const duties: Duty[] = [];
  let turn = Math.max(0, turnAt(rotation, timeZone, fromMs));
  let beginMs = handOffMs(rotation, timeZone, turn);
  while (beginMs < toMs) {
    const endMs = handOffMs(rotation, timeZone, turn + 1);
    const persons = turns[turn % turns.length] ?? [];
    duties.push(
      ...within([{ fromMs: beginMs, toMs: endMs }], { fromMs, toMs }).map((part) => ({
        ...part,
        persons,
      })),
    );
    turn += 1;
    beginMs = endMs;
  }
  return duties;
}

/** Of the events at one time those of the highest priority, with all their persons. */
function eventsOf({ events }: EventsLayer, asked: Span): readonly Duty[] {
  const times = events
    .flatMap((event) =>
      within(timesOf(event, asked.fromMs, asked.toMs), asked).map((part) => ({ ...part, event })),
    )
    .toSorted((one, other) => one.fromMs - other.fromMs);
  const edges = [...new Set(times.flatMap(({ fromMs, toMs }) => [fromMs, toMs]))].toSorted(
    (one, other) => one - other,
  );
  const duties: Duty[] = [];
  let open: (typeof times)[number][] = [];
  let next = 0;
  for (const [index, fromMs] of edges.slice(0, -1).entries()) {
    const toMs = edges[index + 1] ?? fromMs;
    open = open.filter((time) => time.toMs > fromMs);
    for (let time = times[next]; time !== undefined && time.fromMs <= fromMs; time = times[next]) {
      open.push(time);
      next += 1;
    }
    if (open.length > 0) duties.push({ fromMs, toMs, persons: highest(open) });
  }
  return duties;
}

function highest(open: readonly { readonly event: CalendarEvent }[]): readonly string[] {
  const most = Math.max(...open.map(({ event }) => event.priority));
  const persons = open.flatMap(({ event }) => (event.priority === most ? event.persons : []));
  return [...new Set(persons)].toSorted();
}

/**
 * The hours of every week within a time. Hours begin at the first of two times that the clocks
 * show and end at the last: so hours that follow one another leave no gap.
 */
function hoursWithin(
  hours: readonly WeeklyHours[],
  timeZone: string,
  asked: Span,
): readonly Span[] {
  const longest = Math.max(...hours.map(({ clockMinutes }) => clockMinutes));
  const lastDay = shownAt(asked.toMs, timeZone).toPlainDate().add({ days: 1 });
  let day = shownAt(asked.fromMs, timeZone)
    .toPlainDate()
    .subtract({ days: Math.ceil(longest / DAY_MINUTES) + 1 });
  const spans: Span[] = [];
  while (day.until(lastDay, { largestUnit: 'days' }).days >= 0) {
    const weekday = day.dayOfWeek - 1;
    for (const { fromMinuteOfWeek, clockMinutes } of hours) {
      if (Math.floor(fromMinuteOfWeek / DAY_MINUTES) !== weekday) continue;
      const begins = day.toPlainDateTime().add({ minutes: fromMinuteOfWeek % DAY_MINUTES });
      spans.push({
        fromMs: whenShown(begins, timeZone, 'first'),
        toMs: whenShown(begins.add({ minutes: clockMinutes }), timeZone, 'last'),
      });
    }
    day = day.add({ days: 1 });
  }
  return joined(within(spans, asked));
}
