import type { Shift } from './on-call.ts';

export interface ExportedShifts {
  /** Of the schedule; also what keeps its events apart from those of another. */
  readonly name: string;
  readonly timeZone: string;
  readonly shifts: readonly Shift[];
  /** When this was made: DTSTAMP of every event. */
  readonly atMs: number;
}

/**
 * Shifts as a calendar (RFC 5545) that people subscribe to: an event each, in UTC, with the persons
 * as its SUMMARY. The same shift has the same UID in every export.
 */
export function exportIcal({ name, timeZone, shifts, atMs }: ExportedShifts): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Belay//On-call//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    `X-WR-CALNAME:${escaped(name)}`,
    `X-WR-TIMEZONE:${escaped(timeZone)}`,
    ...shifts.flatMap(({ fromMs, toMs, persons }) => [
      'BEGIN:VEVENT',
      `UID:${escaped(name)}-${utc(fromMs)}@belay`,
      `DTSTAMP:${utc(atMs)}`,
      `DTSTART:${utc(fromMs)}`,
      `DTEND:${utc(toMs)}`,
      `SUMMARY:${escaped(persons.join(', '))}`,
      'END:VEVENT',
    ]),
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join('');
}

/** Whole seconds: a calendar knows no less. */
function utc(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

function escaped(text: string): string {
  return text.replaceAll(/[\\;,]/g, '\\$&').replaceAll(/\r\n|\n|\r/g, '\\n');
}

/** At most 75 octets a line, and no character in two. */
const OCTETS_MAX = 75;

function folded(line: string): string {
  const encoder = new TextEncoder();
  let text = '';
  let octets = 0;
  for (const character of line) {
    const size = encoder.encode(character).length;
    if (octets + size > OCTETS_MAX) {
      text += '\r\n ';
      octets = 1;
    }
    text += character;
    octets += size;
  }
  return text;
}
