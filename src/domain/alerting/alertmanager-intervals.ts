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
    leftovers.listOf(parsed[key], [key]).flatMap((one, at) => {
      const path = [key, at];
      if (one === null) {
        leftovers.add(path, 'nothing stands here: it is left out');
        return [];
      }
      const { name: written, time_intervals: parts, ...rest } = leftovers.keysOf(one, path);
      leftovers.unknown(rest, path);
      const name = leftovers.name(written, [...path, 'name']);
      const kept: Part[] = [];
      for (const [index, part] of leftovers.listOf(parts, [...path, 'time_intervals']).entries()) {
        const from = [...path, 'time_intervals', index];
        const keys = leftovers.keysOf(part, from);
        const made = interval(keys, from, leftovers);
        if (made === undefined) continue;
        const to = ['time_intervals', name, kept.length];
        for (const [time, place] of standing(keys.times).entries()) {
          origins.push([
            [...to, 'times', time],
            [...from, 'times', place],
          ]);
        }
        origins.push([to, from]);
        kept.push(made);
      }
      origins.push([['time_intervals', name], path]);
      return [[name, kept, path] as const];
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
  const kept = Object.entries(rest)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => [key, withoutNothing(key, value, path, leftovers)] as const);
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

/** For Alertmanager an entry that says nothing is from midnight to midnight, which is never. */
function withoutNothing(key: string, value: unknown, path: Path, leftovers: Leftovers): unknown {
  if (key !== 'times' || !Array.isArray(value)) return value;
  const all: readonly unknown[] = value;
  for (const [at, one] of all.entries()) {
    if (one === null) leftovers.add([...path, key, at], 'nothing stands here: it is left out');
  }
  return standing(all).map((at) => all[at]);
}

/** The places of a list where something stands. */
function standing(list: unknown): readonly number[] {
  return Array.isArray(list) ? [...list.keys()].filter((at) => list[at] !== null) : [];
}
