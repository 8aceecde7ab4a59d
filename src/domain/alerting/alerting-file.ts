import type { Found } from '../document/issues.ts';
import { nearest } from '../document/nearest.ts';
import type { Problem } from '../document/problem.ts';
import {
  type DocumentForm,
  type DocumentSource,
  type Finished,
  fitted,
  readDocument,
} from '../document/read-document.ts';
import { suggestFrom } from '../document/suggestion.ts';
import {
  type AlertingDocument,
  type Heartbeat,
  type InhibitRule,
  type ParsedAlerting,
  type Receiver,
  alertingSchema,
} from './alerting.schema.ts';
import { alertingJsonSchema } from './json-schema.schema.ts';
import type { WrittenRoute } from './route.schema.ts';
import { type Route, routesOf } from './routes.ts';
import type { TimeInterval } from './time-interval.schema.ts';

/** An alerting file that has been read. Plain JSON. */
export interface Configuration {
  readonly resolveTimeoutMs: number;
  /** The root is the first. */
  readonly routes: readonly Route[];
  readonly receivers: Readonly<Record<string, Receiver>>;
  readonly timeIntervals: Readonly<Record<string, TimeInterval>>;
  readonly inhibitRules: readonly InhibitRule[];
  readonly heartbeats: Readonly<Record<string, Heartbeat>>;
}

export type AlertingFile =
  | { readonly kind: 'valid'; readonly configuration: Configuration }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

const ALERTING_FILE: DocumentForm<typeof alertingSchema> = {
  schema: alertingSchema,
  name: 'an alerting file',
  holds: 'one tree of routes with its receivers',
  example: 'route: { receiver: ops }',
  // Every shard carries it beside its state: both must fit into one payload.
  charactersMax: 512 * 1024,
  suggest: suggestFrom(flatSchema, inRoute),
};

/** Reads an alerting file, YAML or JSON. Nothing is guessed: every problem is reported at once. */
export function readAlerting(source: DocumentSource): AlertingFile {
  const read = readDocument(source, ALERTING_FILE, finished);
  return read.kind === 'invalid' ? read : { kind: 'valid', configuration: read.value };
}

/** What a file that is this document would be, or what would be wrong with it. */
export function checkedAlerting(document: AlertingDocument): Finished<Configuration> {
  const { length } = JSON.stringify(document);
  const { charactersMax } = ALERTING_FILE;
  if (length <= charactersMax) return fitted(document, ALERTING_FILE, finished);
  const message = `makes an alerting file of ${length} characters; ${charactersMax} is the most`;
  return { kind: 'found', found: [{ path: [], message }] };
}

function finished(parsed: ParsedAlerting): Finished<Configuration> {
  const found = [...rootProblems(parsed), ...danglingNames(parsed)];
  return found.length > 0
    ? { kind: 'found', found }
    : { kind: 'valid', value: toConfiguration(parsed) };
}

function toConfiguration(parsed: ParsedAlerting): Configuration {
  return {
    resolveTimeoutMs: parsed.resolve_timeout,
    routes: routesOf(parsed.route),
    receivers: parsed.receivers,
    timeIntervals: parsed.time_intervals,
    inhibitRules: parsed.inhibit_rules,
    heartbeats: parsed.heartbeats,
  };
}

/** What no root may have, as every alert must find its way. */
function rootProblems({ route }: ParsedAlerting): readonly Found[] {
  const found: Found[] = [];
  const wrong = (key: string, message: string): number =>
    found.push({ path: ['route', key], message });
  if (route.receiver === undefined) {
    found.push({
      path: ['route'],
      message: 'has no receiver: alerts that match no route need one',
    });
  }
  if (route.matchers.length > 0) {
    wrong('matchers', 'the first route takes every alert: give its matchers to a route below it');
  }
  if (route.continue) wrong('continue', 'nothing comes after the first route');
  if (route.mute_time_intervals.length > 0) {
    wrong('mute_time_intervals', 'the first route is never muted: mute a route below it');
  }
  if (route.active_time_intervals.length > 0) {
    wrong('active_time_intervals', 'the first route is always active: limit a route below it');
  }
  return found;
}

function danglingNames(parsed: ParsedAlerting): readonly Found[] {
  const found: Found[] = [];
  const need = (
    kind: 'receiver' | 'time interval',
    name: string,
    path: readonly (string | number)[],
  ): void => {
    const known = Object.keys(kind === 'receiver' ? parsed.receivers : parsed.time_intervals);
    if (known.includes(name)) return;
    const near = nearest(name, known);
    const instead = near === undefined ? '' : `: did you mean ${near}?`;
    found.push({ path, message: `there is no ${kind} ${name} in this file${instead}` });
  };
  const visit = (route: WrittenRoute, path: readonly (string | number)[]): void => {
    if (route.receiver !== undefined) need('receiver', route.receiver, [...path, 'receiver']);
    for (const key of ['mute_time_intervals', 'active_time_intervals'] as const) {
      for (const [index, name] of route[key].entries()) {
        need('time interval', name, [...path, key, index]);
      }
    }
    if (route.service_label !== undefined && route.on_alert === undefined) {
      found.push({
        path: [...path, 'service_label'],
        message: 'goes with on_alert, which is not set',
      });
    }
    for (const [index, child] of route.routes.entries()) visit(child, [...path, 'routes', index]);
  };
  visit(parsed.route, ['route']);
  return found;
}

/** All routes know the same keys, however deep they stand. */
function inRoute(path: readonly (string | number)[]): readonly (string | number)[] {
  if (path[0] !== 'route') return path;
  let at = 1;
  while (path[at] === 'routes' && typeof path[at + 1] === 'number') at += 2;
  return ['route', ...path.slice(at)];
}

/** With the route where it is named, as whoever looks for known keys follows no references. */
function flatSchema(): Record<string, unknown> {
  const schema = alertingJsonSchema();
  const { properties, $defs: definitions } = schema;
  const route = Object.values(isRecord(definitions) ? definitions : {}).find(
    (one) => isRecord(one) && isRecord(one.properties) && 'group_by' in one.properties,
  );
  if (route === undefined || !isRecord(properties)) return schema;
  return { ...schema, properties: { ...properties, route } };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
