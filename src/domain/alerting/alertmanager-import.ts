import { z } from 'zod';
import type { Found } from '../document/issues.ts';
import type { Problem } from '../document/problem.ts';
import { type DocumentForm, type DocumentSource, readDocument } from '../document/read-document.ts';
import type { AlertingDocument } from './alerting.schema.ts';
import { type Configuration, checkedAlerting } from './alerting-file.ts';
import { importedIntervals } from './alertmanager-intervals.ts';
import { type Leftovers, newLeftovers, shortName } from './alertmanager-leftovers.ts';
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

const SIDES = ['', 'source_', 'target_'];

const ALERTMANAGER_FILE: DocumentForm<typeof written> = {
  schema: written,
  name: "Alertmanager's configuration",
  holds: 'one configuration',
  example: 'route: { receiver: ops }',
  charactersMax: 1024 * 1024,
  suggest: () => '',
  go: {
    growing: new Set(SIDES.map((side) => `${side}matchers`)),
    maps: new Set(SIDES.flatMap((side) => [`${side}match`, `${side}match_re`])),
  },
};

/**
 * Reads Alertmanager's configuration as it is, and makes an alerting file of it. Channels belong to
 * the paging file, so each integration becomes the name of one that has to be written there; no
 * secret is repeated. What cannot carry over is listed with its place, never dropped.
 */
export function importAlertmanager(source: DocumentSource): AlertmanagerImport {
  const read = readDocument(source, ALERTMANAGER_FILE, (parsed, _, place) => {
    const leftovers = newLeftovers();
    const { document, channels, origins } = translated(parsed, leftovers);
    if (leftovers.wrong.length > 0) return { kind: 'found', found: leftovers.wrong };
    const checked = checkedAlerting(document);
    // It was made of this file, so what is wrong with it is wrong here.
    if (checked.kind === 'found') {
      return { kind: 'found', found: checked.found.map((one) => traced(one, origins)) };
    }
    for (const one of mergedGroups(checked.value)) leftovers.add(one.path, one.message);
    return { kind: 'valid', value: { document, channels, left: leftovers.found.map(place) } };
  });
  return read.kind === 'invalid' ? read : { kind: 'imported', ...read.value };
}

/** Where in Alertmanager's file something stands that stands elsewhere in the alerting file. */
type Origins = readonly (readonly [made: Found['path'], from: Found['path']])[];

function traced(found: Found, origins: Origins): Found {
  const { path } = found;
  const [made, from] =
    origins.find(([begin]) => begin.every((part, at) => path[at] === part)) ?? [];
  return made === undefined || from === undefined
    ? found
    : { ...found, path: [...from, ...path.slice(made.length)] };
}

function translated(parsed: Written, leftovers: Leftovers) {
  const { receivers, channels } = importedReceivers(parsed.receivers, leftovers);
  const { intervals, origins } = importedIntervals(parsed, leftovers);
  const document: AlertingDocument = {
    ...resolveTimeout(parsed.global, leftovers),
    route: importedRoute(parsed.route, ['route'], leftovers),
    receivers,
    time_intervals: intervals,
    inhibit_rules: inhibitRules(parsed, leftovers),
  };
  const known = [
    ...['global', 'route', 'receivers', 'inhibit_rules', 'time_intervals', 'mute_time_intervals'],
    '$schema',
  ];
  for (const key of Object.keys(parsed).filter((one) => !known.includes(one))) {
    leftovers.add([key], TOP_LEVEL.get(key) ?? 'Belay has no such setting');
  }
  const ofReceivers = parsed.receivers.map(
    ({ name }, at) =>
      [
        ['receivers', shortName(name)],
        ['receivers', at],
      ] as const,
  );
  return { document, channels, origins: [...origins, ...ofReceivers] };
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
  const text = leftovers.duration(timeout, path);
  if (text === '0s') {
    leftovers.add(path, 'ends an alert that names no end at once: here that is after 5m');
    return {};
  }
  return text === undefined ? {} : { resolve_timeout: text };
}

function inhibitRules(
  parsed: Written,
  leftovers: Leftovers,
): NonNullable<AlertingDocument['inhibit_rules']> {
  return leftovers.listOf(parsed.inhibit_rules, ['inhibit_rules']).map((one, at) => {
    const path = ['inhibit_rules', at];
    if (one === null) leftovers.refuse(path, 'nothing stands here: write a rule, or take it out');
    const rule = leftovers.keysOf(one, path);
    const { name, equal, source_matchers, source_match, source_match_re, ...target } = rule;
    const { target_matchers, target_match, target_match_re, ...rest } = target;
    leftovers.unknown(rest, path);
    const matchersOf = (side: 'source' | 'target', list: unknown, match: unknown, re: unknown) =>
      importedMatchers({ list, match, re }, path, `${side}_`, leftovers);
    const title = leftovers.name(name, [...path, 'name']);
    return {
      ...(title === '' ? {} : { name: title }),
      source_matchers: matchersOf('source', source_matchers, source_match, source_match_re),
      target_matchers: matchersOf('target', target_matchers, target_match, target_match_re),
      equal: leftovers.texts(equal, [...path, 'equal']),
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
