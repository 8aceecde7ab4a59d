import type { Found } from '../document/issues.ts';
import { type Leftovers, shortName } from './alertmanager-leftovers.ts';
import { type Matcher, formatMatcher } from './matcher.ts';
import { readMatchers } from './read-matchers.ts';
import { regexProblem } from './regex.ts';
import type { RouteDocument } from './route.schema.ts';

type Path = Found['path'];

/** A route with all below it. */
export function importedRoute(value: unknown, path: Path, leftovers: Leftovers): RouteDocument {
  // Without any matchers it would take all alerts.
  if (value === null) leftovers.refuse(path, 'nothing stands here: write a route, or take it out');
  const { routes, matchers, match, match_re: re, ...own } = leftovers.keysOf(value, path);
  const below = leftovers.listOf(routes, [...path, 'routes']);
  const list = importedMatchers({ list: matchers, match, re }, path, '', leftovers);
  return {
    ...settings(own, path, leftovers),
    ...(list.length === 0 ? {} : { matchers: list }),
    ...(below.length === 0
      ? {}
      : { routes: below.map((one, at) => importedRoute(one, [...path, 'routes', at], leftovers)) }),
  };
}

const DURATIONS = ['group_wait', 'group_interval', 'repeat_interval'] as const;
const INTERVALS = ['mute_time_intervals', 'active_time_intervals'] as const;

function settings(
  own: Readonly<Record<string, unknown>>,
  path: Path,
  leftovers: Leftovers,
): RouteDocument {
  const { receiver, group_by: groupBy, continue: goesOn, labels, ...rest } = own;
  const made: { -readonly [Key in keyof RouteDocument]: RouteDocument[Key] } = {};
  const name = shortName(leftovers.text(receiver, [...path, 'receiver']));
  if (name !== '') made.receiver = name;
  if (groupBy !== undefined && groupBy !== null) {
    made.group_by = leftovers.texts(groupBy, [...path, 'group_by']);
  }
  if (leftovers.boolean(goesOn, [...path, 'continue']) === true) made.continue = true;
  for (const key of DURATIONS) {
    const text = leftovers.duration(rest[key], [...path, key]);
    if (text !== undefined) made[key] = text;
  }
  for (const key of INTERVALS) {
    const names = leftovers.texts(rest[key], [...path, key]).map(shortName);
    if (names.length > 0) made[key] = names;
  }
  if (labels !== undefined && labels !== null) {
    leftovers.add([...path, 'labels'], 'labels of routes are templates, which Belay does not have');
  }
  const known: readonly string[] = [...DURATIONS, ...INTERVALS];
  const unknown = Object.entries(rest).filter(([key]) => !known.includes(key));
  leftovers.unknown(Object.fromEntries(unknown), path);
  return made;
}

interface WrittenMatchers {
  readonly list: unknown;
  readonly match: unknown;
  readonly re: unknown;
}

/** All three ways to write matchers become one; `prefix`: of their keys, `source_`. */
export function importedMatchers(
  { list, match, re }: WrittenMatchers,
  path: Path,
  prefix: string,
  leftovers: Leftovers,
): string[] {
  const olds = [
    ...oldMatchers(match, '=', [...path, `${prefix}match`], leftovers),
    ...oldMatchers(re, '=~', [...path, `${prefix}match_re`], leftovers),
  ];
  const place = [...path, `${prefix}matchers`];
  const news = leftovers.texts(list, place).flatMap((one, at) => {
    // As for Alertmanager: no text, no matcher.
    const read = one === '' ? NO_MATCHERS : readMatchers(one);
    if (read.kind === 'invalid') {
      leftovers.refuse([...place, at], read.message);
      return [];
    }
    if (read.remark !== null) leftovers.add([...place, at], read.remark);
    return read.matchers.map(formatMatcher);
  });
  return [...olds.map(formatMatcher), ...news];
}

const NO_MATCHERS = { kind: 'valid', matchers: [], remark: null } as const;

function oldMatchers(
  value: unknown,
  operator: '=' | '=~',
  path: Path,
  leftovers: Leftovers,
): readonly Matcher[] {
  return Object.entries(leftovers.keysOf(value, path)).flatMap(([name, written]) => {
    if (operator === '=~' && written === null) {
      leftovers.refuse([...path, name], 'nothing stands here: write an expression, or take it out');
      return [];
    }
    const matcher = { name, operator, value: leftovers.text(written, [...path, name]) };
    const problem = operator === '=~' ? regexProblem(matcher.value) : null;
    if (problem === null) return [matcher];
    leftovers.add([...path, name], `${problem}: nothing matches it until you mend it`);
    // Rather nothing than everything: what was left out would let all alerts into the route.
    return [{ ...matcher, value: '[^\\x00-\\x{10FFFF}]' }];
  });
}
