import { findIana } from 'windows-iana';
import { isTimeZone } from '../wall-clock.ts';
import type { IcalCalendar } from './ical-text.ts';

/**
 * The zone of the IANA database that a calendar means by a name. Calendars name zones as they like
 * and say what they mean in other places: Outlook has the names of Windows, others put the name of
 * their program before it. `undefined` where nothing names a zone.
 */
export function zoneOf(name: string, { zones }: Pick<IcalCalendar, 'zones'>): string | undefined {
  const defined = zones.find(({ properties }) => valueOf(properties, 'tzid') === name);
  const location = valueOf(defined?.properties ?? [], 'x-lic-location');
  const last = /[A-Za-z_]+\/[A-Za-z_+-]+(?:\/[A-Za-z_+-]+)?$/.exec(name)?.[0];
  const candidates = [name, location, last, last?.replace(/^[^/]*\//, ''), findIana(name)[0]];
  return candidates.find((zone): zone is string => zone !== undefined && isTimeZone(zone));
}

/** The first value of the first property of a name. */
export function valueOf(properties: IcalCalendar['properties'], name: string): string | undefined {
  return properties.find((property) => property.name === name)?.values[0];
}
