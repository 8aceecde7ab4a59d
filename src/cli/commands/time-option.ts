import { type Command, InvalidArgumentError } from 'commander';
import { readTime } from '../../domain/oncall/zone-clock.ts';
import { isTimeZone } from '../../domain/wall-clock.ts';

/** The time that an option names, in milliseconds; a wrong one is a wrong usage. */
export function timeOf(
  text: string | undefined,
  option: string,
  timeZone: string,
  command: Command,
): number | undefined {
  if (text === undefined) return undefined;
  const ms = readTime(text, timeZone, 'first');
  if (ms !== undefined) return ms;
  return command.error(
    `error: ${option} "${text}": write 2026-03-01T10:00:00Z, or 2026-03-01T10:00 in ${timeZone}`,
  );
}

export function zoneNamed(text: string): string {
  if (isTimeZone(text)) return text;
  throw new InvalidArgumentError('A time zone is written like Europe/Berlin or UTC.');
}

/** Of the clocks at which whoever asks looks; times are printed by them, too. */
export function zoneHere(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
