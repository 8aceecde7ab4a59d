import type { Gap, HandOff, Shift, ShiftCause } from '../../domain/oncall/on-call.ts';
import type { ScheduleRemark } from '../../domain/oncall/schedule-remarks.ts';
import type { Schedule } from '../../domain/oncall/schedule.schema.ts';
import { timeText } from '../../domain/oncall/zone-clock.ts';
import { columns, span } from './style.ts';

export interface Who {
  readonly name: string;
  readonly schedule: Schedule;
  readonly atMs: number;
  readonly persons: readonly string[];
  readonly next: HandOff | null;
}

export function renderWho({ name, schedule, atMs, persons, next }: Who): string {
  const { timeZone } = schedule;
  const then =
    next === null
      ? 'nobody else within 400 days'
      : `${namesOf(next.to)} from ${timeText(next.atMs, timeZone)}`;
  const rows = [
    ['schedule', name],
    ['at', `${timeText(atMs, timeZone)} ${timeZone}`],
    ['on call', namesOf(persons)],
    ['next', then],
  ];
  return `${columns(rows)}\n`;
}

export function renderShifts(shifts: readonly Shift[], { timeZone }: Schedule): string {
  if (shifts.length === 0) return 'nobody is on call within this time\n';
  const rows = shifts.map(({ fromMs, toMs, persons, cause }) => [
    timeText(fromMs, timeZone),
    timeText(toMs, timeZone),
    namesOf(persons),
    causeText(cause),
  ]);
  return `${columns([['from', 'to', 'on call', 'by'], ...rows])}\n`;
}

/** Whoever has more gaps than this has one reason for most of them. */
const ROWS_MAX = 20;

export function renderGaps(gaps: readonly Gap[], days: number, { timeZone }: Schedule): string {
  if (gaps.length === 0) return `somebody is on call at every moment of the next ${days} days\n`;
  const totalMs = gaps.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const rows = gaps
    .slice(0, ROWS_MAX)
    .map(({ fromMs, toMs, cause }) => [
      timeText(fromMs, timeZone),
      timeText(toMs, timeZone),
      span(toMs - fromMs),
      cause === null ? 'no layer has anybody' : causeText(cause),
    ]);
  const title = `nobody is on call for ${span(totalMs)} of the next ${days} days:`;
  const more = gaps.length > ROWS_MAX ? `and ${gaps.length - ROWS_MAX} more\n` : '';
  return `${title}\n${columns([['from', 'to', 'lasts', 'by'], ...rows])}\n${more}`;
}

/** Counted from 1, as people count; the file is read by people. */
export function renderRemark(remark: ScheduleRemark): string {
  switch (remark.kind) {
    case 'gaps':
      return `note: nobody is on call for ${span(remark.totalMs)} of the next 90 days\n`;
    case 'idle_layer':
      return `note: ${remark.layer} has nobody on call in the next 90 days: others win, or it is over\n`;
    case 'idle_change':
      return `note: ${remark.path} ${remark.index + 1} changes nothing: who it names is not on call then\n`;
    default:
      return remark satisfies never;
  }
}

function namesOf(persons: readonly string[]): string {
  return persons.length === 0 ? 'nobody' : persons.join(', ');
}

function causeText({ kind, index, layer }: ShiftCause): string {
  if (kind === 'layer') return layer ?? `layer ${index + 1}`;
  return `${kind} ${index + 1}${layer === null ? '' : ` over ${layer}`}`;
}
