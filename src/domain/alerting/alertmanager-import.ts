import { z } from 'zod';
import type { Found } from '../document/issues.ts';
import { placesIn } from '../document/place.ts';
import type { Problem } from '../document/problem.ts';
import { type DocumentForm, type DocumentSource, readDocument } from '../document/read-document.ts';
import type { AlertingDocument } from './alerting.schema.ts';
import { type Configuration, readAlerting } from './alerting-file.ts';
import { type Leftovers, newLeftovers } from './alertmanager-leftovers.ts';
import { type NeededChannel, importedReceivers } from './alertmanager-receivers.ts';
import { importedMatchers, importedRoute } from './alertmanager-routes.ts';

export type AlertmanagerImport =
  | {
      readonly kind: 'imported';
      /** An alerting file, as it may be written. */
      readonly document: AlertingDocument;
      readonly channels: readonly NeededChannel[];
      /** All that did not carry over, or means something else now, where it stands. */
      readonly left: readonly Problem[];
    }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

const written = z.looseObject({
  route: z.looseObject({}),
  receivers: z.array(z.looseObject({ name: z.string().min(1) })).min(1),
});

type Written = z.output<typeof written>;

const ALERTMANAGER_FILE: DocumentForm<typeof written> = {
  schema: written,
  name: "Alertmanager's configuration",
  holds: 'one configuration',
  example: 'route: { receiver: ops }',
  charactersMax: 1024 * 1024,
  suggest: () => '',
};

/**
 * Reads Alertmanager's configuration as it is, and makes an alerting file of it. Channels belong to
 * the paging file, so each integration becomes the name of one that has to be written there; no
 * secret is repeated. What cannot carry over is listed with its place, never dropped.
 */
export function importAlertmanager(source: DocumentSource): AlertmanagerImport {
  const read = readDocument(source, ALERTMANAGER_FILE, (parsed) => ({
    kind: 'valid',
    value: parsed,
  }));
  if (read.kind === 'invalid') return read;
  const leftovers = newLeftovers();
  const { document, channels } = translated(read.value, leftovers);
  const checked = readAlerting({ text: JSON.stringify(document), file: source.file });
  if (checked.kind === 'invalid') return { kind: 'invalid', problems: told(checked.problems) };
  for (const one of mergedGroups(checked.configuration)) leftovers.add(one.path, one.message);
  const place = placesIn(source);
  return { kind: 'imported', document, channels, left: leftovers.found.map(place) };
}

/** The file that was made of it is wrong, so what it was made of is: without places of that text. */
function told(problems: readonly Problem[]): readonly Problem[] {
  return problems.map((one) => ({ ...one, line: 1, column: 1 }));
}

function translated(parsed: Written, leftovers: Leftovers) {
  const { receivers, channels } = importedReceivers(parsed.receivers, leftovers);
  const document: AlertingDocument = {
    ...resolveTimeout(parsed.global, leftovers),
    route: importedRoute(parsed.route, ['route'], leftovers),
    receivers,
    time_intervals: leftovers.byName([
      ...intervals(parsed, 'time_intervals', leftovers),
      ...intervals(parsed, 'mute_time_intervals', leftovers),
    ]),
    inhibit_rules: inhibitRules(parsed, leftovers),
  };
  const known = [
    ...['global', 'route', 'receivers', 'inhibit_rules', 'time_intervals', 'mute_time_intervals'],
    '$schema',
  ];
  for (const key of Object.keys(parsed).filter((one) => !known.includes(one))) {
    leftovers.add([key], TOP_LEVEL.get(key) ?? 'Belay has no such setting');
  }
  return { document, channels };
}

const TOP_LEVEL: ReadonlyMap<string, string> = new Map([
  ['templates', 'Belay words its pages itself: templates are not read'],
  ['tracing', 'Belay has no such setting in a file'],
]);

function resolveTimeout(
  global: unknown,
  leftovers: Leftovers,
): Pick<AlertingDocument, 'resolve_timeout'> {
  if (global === undefined || global === null) return {};
  const keys = leftovers.keysOf(global, ['global']);
  const { resolve_timeout: timeout, ...rest } = keys;
  for (const key of Object.keys(rest)) {
    leftovers.add(['global', key], 'belongs to the channels of the paging file: set it there');
  }
  const path = ['global', 'resolve_timeout'];
  const text = timeout === undefined ? undefined : leftovers.duration(timeout, path);
  return text === undefined ? {} : { resolve_timeout: text };
}

type WrittenIntervals = NonNullable<AlertingDocument['time_intervals']>[string];

function intervals(
  parsed: Written,
  key: 'time_intervals' | 'mute_time_intervals',
  leftovers: Leftovers,
): readonly (readonly [string, WrittenIntervals, Found['path']])[] {
  return leftovers.listOf(parsed[key], [key]).map((one, at) => {
    const path = [key, at];
    const { name, time_intervals: parts, ...rest } = leftovers.keysOf(one, path);
    leftovers.unknown(rest, path);
    const list = leftovers.listOf(parts, [...path, 'time_intervals']).map((part, index) => {
      const place = [...path, 'time_intervals', index];
      return interval(leftovers.keysOf(part, place), place, leftovers);
    });
    return [String(name), list, path] as const;
  });
}

function interval(
  part: Readonly<Record<string, unknown>>,
  path: Found['path'],
  leftovers: Leftovers,
): WrittenIntervals[number] {
  const { location, ...rest } = part;
  const kept = Object.entries(rest).filter(([, value]) => value !== null);
  if (location === 'Local') {
    leftovers.add(
      [...path, 'location'],
      'Local is the zone of that machine: UTC is meant until you name it',
    );
    return Object.fromEntries(kept);
  }
  return location === undefined || location === null
    ? Object.fromEntries(kept)
    : Object.fromEntries([...kept, ['location', location]]);
}

function inhibitRules(
  parsed: Written,
  leftovers: Leftovers,
): NonNullable<AlertingDocument['inhibit_rules']> {
  return leftovers.listOf(parsed.inhibit_rules, ['inhibit_rules']).map((one, at) => {
    const path = ['inhibit_rules', at];
    const rule = leftovers.keysOf(one, path);
    const { name, equal, source_matchers, source_match, source_match_re, ...target } = rule;
    const { target_matchers, target_match, target_match_re, ...rest } = target;
    leftovers.unknown(rest, path);
    const matchersOf = (side: 'source' | 'target', list: unknown, match: unknown, re: unknown) =>
      importedMatchers({ list, match, re }, path, `${side}_`, leftovers);
    return {
      ...(typeof name === 'string' && name !== '' ? { name } : {}),
      source_matchers: matchersOf('source', source_matchers, source_match, source_match_re),
      target_matchers: matchersOf('target', target_matchers, target_match, target_match_re),
      equal: leftovers.listOf(equal, [...path, 'equal']).map(String),
    };
  });
}

/** Alertmanager makes a group of each route; here one place and the same labels are one group. */
function mergedGroups({ routes }: Configuration): readonly Found[] {
  const first = new Map<string, string>();
  const found: Found[] = [];
  for (const { receiver, groupBy, path } of routes) {
    const by = groupBy === 'all' ? groupBy : groupBy.toSorted();
    const key = JSON.stringify([receiver, by]);
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, path);
      continue;
    }
    const parts = path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    const message = `pages ${receiver} by the same labels as ${before}: equal ones become one group`;
    found.push({ path: parts, message });
  }
  return found;
}
