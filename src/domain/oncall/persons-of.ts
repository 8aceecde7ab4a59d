import type { IcalLayer, Layer } from './layer.schema.ts';
import type { Override, WrittenSchedule } from './schedule.schema.ts';

/** A person, and the keys within the schedule that name them first. */
export interface NamedPerson {
  readonly person: string;
  readonly path: readonly (string | number)[];
}

/** Everybody whom a schedule names, each once, in the order in which it names them. */
export function personsOf(schedule: WrittenSchedule): readonly string[] {
  return namedIn(schedule).map(({ person }) => person);
}

/** The same, with where each is named, for whoever knows who there is. */
export function namedIn({ layers, swaps, overrides }: WrittenSchedule): readonly NamedPerson[] {
  const all: readonly NamedPerson[] = [
    ...layers.flatMap((layer, index) => inLayer(layer).map(under('layers', index))),
    ...overrides.flatMap((override, index) => inOverride(override).map(under('overrides', index))),
    ...swaps.flatMap(({ between }, index) =>
      between.map((person, at) => ({ person, path: ['swaps', index, 'between', at] })),
    ),
  ];
  const firsts = new Map<string, NamedPerson>();
  for (const named of all) if (!firsts.has(named.person)) firsts.set(named.person, named);
  return [...firsts.values()];
}

function under(...place: readonly (string | number)[]): (named: NamedPerson) => NamedPerson {
  return ({ person, path }) => ({ person, path: [...place, ...path] });
}

function inLayer(layer: Layer | IcalLayer): readonly NamedPerson[] {
  switch (layer.kind) {
    case 'rotation':
      return layer.turns.flatMap((persons, index) =>
        persons.map((person) => ({ person, path: ['members', index] })),
      );
    case 'events':
      return layer.events.flatMap(({ persons }, index) =>
        persons.map((person) => ({ person, path: ['events', index, 'persons'] })),
      );
    case 'ical':
      return [];
    default:
      return layer satisfies never;
  }
}

function inOverride(override: Override): readonly NamedPerson[] {
  const person = override.person === null ? [] : [{ person: override.person, path: ['person'] }];
  return override.kind === 'replace'
    ? [...person, { person: override.replaces, path: ['replaces'] }]
    : person;
}
