import type { Found } from '../document/issues.ts';
import type { AlertingDocument } from './alerting.schema.ts';
import type { Leftovers } from './alertmanager-leftovers.ts';

type Path = Found['path'];
type Intervals = NonNullable<AlertingDocument['time_intervals']>;
type Part = Intervals[string][number];

interface Imported {
  readonly intervals: Intervals;
  /** Where what is in them stands in Alertmanager's file. */
  readonly origins: readonly (readonly [made: Path, from: Path])[];
}

/** Both lists of them, the old one last. */
export function importedIntervals(
  parsed: Readonly<Record<string, unknown>>,
  leftovers: Leftovers,
): Imported {
  const origins: (readonly [Path, Path])[] = [];
  const all = ['time_intervals', 'mute_time_intervals'].flatMap((key) =>
    leftovers.listOf(parsed[key], [key]).map((one, at) => {
      const path = [key, at];
      const { name: written, time_intervals: parts, ...rest } = leftovers.keysOf(one, path);
      leftovers.unknown(rest, path);
      const name = leftovers.text(written, [...path, 'name']);
      const kept: Part[] = [];
      for (const [index, part] of leftovers.listOf(parts, [...path, 'time_intervals']).entries()) {
        const from = [...path, 'time_intervals', index];
        const made = interval(leftovers.keysOf(part, from), from, leftovers);
        if (made === undefined) continue;
        origins.push([['time_intervals', name, kept.length], from]);
        kept.push(made);
      }
      origins.push([['time_intervals', name], path]);
      return [name, kept, path] as const;
    }),
  );
  return { intervals: leftovers.byName(all), origins };
}

function interval(
  part: Readonly<Record<string, unknown>>,
  path: Path,
  leftovers: Leftovers,
): Part | undefined {
  const { location, ...rest } = part;
  const kept = Object.entries(rest).filter(([, value]) => value !== null);
  const [never] = kept.find(([, value]) => Array.isArray(value) && value.length === 0) ?? [];
  if (never !== undefined) {
    leftovers.add([...path, never], 'none of an empty list is ever: this entry is left out');
    return undefined;
  }
  const zone = leftovers.text(location, [...path, 'location']);
  if (zone === 'Local') {
    leftovers.add(
      [...path, 'location'],
      'Local is the zone of that machine: UTC is meant until you name it',
    );
  }
  const named = zone !== '' && zone !== 'Local' ? [['location', zone] as const] : [];
  return Object.fromEntries([...kept, ...named]);
}
