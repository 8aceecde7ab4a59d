import { type Labels } from './labels.ts';
import { type Matcher, formatMatchers, matches, matchesAll } from './matcher.ts';
import { regexProblem } from './regex.ts';

/** No page is sent for firing alerts that one of its sets matches, while it is active. Plain JSON. */
export interface Silence {
  readonly id: string;
  /** An alert is silenced that every matcher of one of them matches. */
  readonly matcherSets: readonly (readonly Matcher[])[];
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly updatedAtMs: number;
  readonly createdBy: string;
  readonly comment: string;
}

export type SilenceState = 'pending' | 'active' | 'expired';

export interface SilenceRequest {
  /** Of the silence that is to be changed; null, a new one. */
  readonly id: string | null;
  readonly matcherSets: readonly (readonly Matcher[])[];
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly createdBy: string;
  readonly comment: string;
}

export type SilenceAnswer =
  /** The silences that are new or other than before: the one with `id`, and one it takes over from. */
  | { readonly kind: 'set'; readonly id: string; readonly changed: readonly Silence[] }
  | { readonly kind: 'unknown'; readonly message: string }
  | { readonly kind: 'invalid'; readonly message: string };

type Silences = Readonly<Record<string, Silence>>;

const SETS_MAX = 20;
const MATCHERS_MAX = 50;
const TEXT_MAX = 2000;

/** At its end it is over. */
export function stateOf({ startsAtMs, endsAtMs }: Silence, nowMs: number): SilenceState {
  if (endsAtMs <= nowMs) return 'expired';
  return startsAtMs <= nowMs ? 'active' : 'pending';
}

export function silences(silence: Silence, labels: Labels, nowMs: number): boolean {
  return (
    stateOf(silence, nowMs) === 'active' &&
    silence.matcherSets.some((set) => matchesAll(set, labels))
  );
}

/**
 * A new silence, or a change of one. As in Alertmanager, a change keeps the id where it is the same
 * silence still: its matchers stay, and what has begun does not begin otherwise. Any other change
 * ends it and begins another, whose id is `newId`.
 */
export function setSilence(
  known: Silences,
  request: SilenceRequest,
  nowMs: number,
  newId: string,
): SilenceAnswer {
  const problem = requestProblem(request, nowMs);
  if (problem !== null) return { kind: 'invalid', message: problem };
  const written = {
    matcherSets: request.matcherSets,
    endsAtMs: request.endsAtMs,
    createdBy: request.createdBy,
    comment: request.comment,
    updatedAtMs: nowMs,
  };
  const before = request.id === null ? undefined : own(known, request.id);
  if (request.id !== null && before === undefined) {
    return { kind: 'unknown', message: `there is no silence ${request.id}` };
  }
  if (before !== undefined && staysTheSame(before, request, nowMs)) {
    const same = { ...written, id: before.id, startsAtMs: request.startsAtMs };
    return { kind: 'set', id: before.id, changed: [same] };
  }
  const another = { ...written, id: newId, startsAtMs: Math.max(request.startsAtMs, nowMs) };
  const ended = before === undefined ? undefined : expired(before, nowMs);
  const changed = ended === undefined || ended === before ? [another] : [ended, another];
  return { kind: 'set', id: newId, changed };
}

/** Ends it now; one that is over stays as it is. */
export function expired(silence: Silence, nowMs: number): Silence {
  switch (stateOf(silence, nowMs)) {
    case 'expired':
      return silence;
    case 'active':
      return { ...silence, endsAtMs: nowMs, updatedAtMs: nowMs };
    case 'pending':
      return { ...silence, startsAtMs: nowMs, endsAtMs: nowMs, updatedAtMs: nowMs };
    default:
      throw new RangeError('a silence has another state');
  }
}

/** Whether somebody has ended it, and not time. */
export function isEndedByHand({ endsAtMs, updatedAtMs }: Silence): boolean {
  return endsAtMs <= updatedAtMs;
}

/** Whether it has been over for so long that nobody needs to be told of it. */
export function isForgotten(silence: Silence, nowMs: number, retentionMs: number): boolean {
  return silence.endsAtMs + retentionMs <= nowMs;
}

function staysTheSame(before: Silence, request: SilenceRequest, nowMs: number): boolean {
  if (setsText(before.matcherSets) !== setsText(request.matcherSets)) return false;
  switch (stateOf(before, nowMs)) {
    case 'active':
      return seconds(before.startsAtMs) === seconds(request.startsAtMs);
    case 'pending':
      return request.startsAtMs >= nowMs;
    default:
      return false;
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function setsText(sets: Silence['matcherSets']): string {
  return sets.map(formatMatchers).join(' or ');
}

function requestProblem(request: SilenceRequest, nowMs: number): string | null {
  const { matcherSets, startsAtMs, endsAtMs, createdBy, comment } = request;
  if (matcherSets.length === 0) return 'a silence has at least one matcher, like alertname="Down"';
  if (matcherSets.length > SETS_MAX) return `a silence has at most ${SETS_MAX} sets of matchers`;
  for (const set of matcherSets) {
    const problem = setProblem(set);
    if (problem !== null) return problem;
  }
  if (endsAtMs <= startsAtMs) return 'the silence ends before it begins';
  if (endsAtMs <= nowMs) return 'the silence would already be over';
  if (createdBy.trim() === '') return 'say who silences: nobody is named';
  if (comment.trim() === '') return 'say why: the comment is empty';
  if (createdBy.length + comment.length > TEXT_MAX) {
    return `who and why are longer than ${TEXT_MAX} characters`;
  }
  return null;
}

/** What is wrong with one set of matchers, or null. */
export function setProblem(set: readonly Matcher[]): string | null {
  if (set.length > MATCHERS_MAX) return `a set has at most ${MATCHERS_MAX} matchers`;
  for (const { operator, value, name } of set) {
    if (name === '') return 'a label has no empty name';
    const why = operator === '=~' || operator === '!~' ? regexProblem(value) : null;
    if (why !== null) return `${name}${operator}${JSON.stringify(value)}: ${why}`;
  }
  if (set.some((matcher) => !matches(matcher, {}))) return null;
  return `${formatMatchers(set)} would silence everything: one matcher must need a label to be there`;
}

function own(known: Silences, id: string): Silence | undefined {
  return Object.hasOwn(known, id) ? known[id] : undefined;
}
