import { formatDuration } from '../quantity.ts';
import { type Escalation, reopened } from './escalation.ts';
import { INCIDENT_VERBS, type Handled, type IncidentAsked, type IncidentVerb } from './incident.ts';
import type { Target } from './policy.schema.ts';
import type { PolicySnapshot } from './snapshot.ts';

/** Nobody sleeps through more than this by one word. */
const SNOOZE_MAX_MS = 7 * 86_400_000;

const TARGETS_MAX = 20;
/** Of a target or a policy; those of a paging file have at most 64. */
const NAME_MAX = 100;

const TARGET_KINDS = ['person', 'schedule', 'team', 'channel'] as const;

export interface Refusal {
  readonly code: 'AlreadyAcknowledged' | 'NotAllowedNow';
  readonly why: string;
}

/** What an incident takes now. */
export function verbsOf(escalation: Escalation): readonly IncidentVerb[] {
  return INCIDENT_VERBS.filter((verb) => refuseByState(escalation, verb) === undefined);
}

/** Why the verb makes no sense now; undefined when it does. */
export function refuse(
  escalation: Escalation,
  verb: IncidentVerb,
  asked: Partial<IncidentAsked>,
): Refusal | undefined {
  return refuseByState(escalation, verb) ?? refuseByWords(verb, asked);
}

/** So far the clock of a provider may be behind. */
const CLOCKS_DIFFER_MS = 60_000;

/**
 * Why an answer to a page is none to this incident: its key may have had another one before, whose
 * page is still on a screen, or whose answer has been on its way since.
 */
export function refuseEarlier(
  { shownAtMs }: Partial<IncidentAsked>,
  openedAtMs: number,
): Refusal | undefined {
  if (typeof shownAtMs !== 'number' || shownAtMs >= openedAtMs - CLOCKS_DIFFER_MS) return undefined;
  const opened = new Date(openedAtMs).toISOString();
  return notNow(`this answers an incident before: the present one opened at ${opened}`);
}

function refuseByState(escalation: Escalation, verb: IncidentVerb): Refusal | undefined {
  const { status, acknowledgedBy, resolvedBy, wake } = escalation;
  if (status === 'resolved') {
    return notNow(`${resolvedBy?.by ?? 'somebody'} has resolved it${when(resolvedBy)}`);
  }
  if (status === 'never_acknowledged') return notNow('nobody has acknowledged it in time');
  switch (verb) {
    case 'acknowledge':
      if (status !== 'acknowledged') return undefined;
      return {
        code: 'AlreadyAcknowledged',
        why: `${acknowledgedBy?.by ?? 'somebody'} was first${when(acknowledgedBy)}`,
      };
    case 'unacknowledge':
      return status === 'acknowledged' ? undefined : notNow('nobody has acknowledged it');
    case 'escalate_now':
      if (status === 'acknowledged') return notNow('it is acknowledged: unacknowledge it first');
      if (wake !== null) return notNow('it is snoozed: unsnooze it by a shorter snooze');
      return hasNext(escalation) ? undefined : notNow('this is the last level of the last round');
    case 'resolve':
    case 'reassign':
    case 'snooze':
    case 'change_policy':
    case 'add_note':
      return undefined;
    default:
      return verb satisfies never;
  }
}

function hasNext({ level, levels, round, rounds, assigned }: Escalation): boolean {
  return assigned !== null || level < levels || round < rounds;
}

function refuseByWords(verb: IncidentVerb, asked: Partial<IncidentAsked>): Refusal | undefined {
  switch (verb) {
    case 'snooze': {
      const { forMs } = asked;
      if (typeof forMs !== 'number' || !Number.isFinite(forMs) || forMs <= 0) {
        return notNow('snooze needs a time in milliseconds above 0');
      }
      if (forMs <= SNOOZE_MAX_MS) return undefined;
      return notNow(`${formatDuration(SNOOZE_MAX_MS)} is the longest snooze`);
    }
    case 'reassign':
      return targetsOf(asked).length > 0
        ? undefined
        : notNow(`reassign needs 1 to ${TARGETS_MAX} targets: a kind (${TARGET_KINDS}) and a name`);
    case 'change_policy':
      return isName(asked.policy) ? undefined : notNow('change_policy needs the name of a policy');
    case 'acknowledge':
    case 'unacknowledge':
    case 'resolve':
    case 'escalate_now':
    case 'add_note':
      return undefined;
    default:
      return verb satisfies never;
  }
}

/** The targets of a `reassign`; empty where any of them is none. */
export function targetsOf({ targets }: Partial<IncidentAsked>): readonly Target[] {
  if (!Array.isArray(targets) || targets.length > TARGETS_MAX) return [];
  const read = targets.flatMap((one): readonly Target[] => {
    const kind = TARGET_KINDS.find((known) => known === one?.kind);
    const name: unknown = one?.name;
    return kind === undefined || !isName(name) ? [] : [{ kind, name }];
  });
  return read.length === targets.length ? read : [];
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && name.length <= NAME_MAX;
}

/** What follows from a verb that has not been refused; `add_note` and `change_policy` add nothing. */
export function apply(
  escalation: Escalation,
  verb: Exclude<IncidentVerb, 'add_note' | 'change_policy'>,
  asked: IncidentAsked,
  nowMs: number,
): Escalation {
  const handled: Handled = { by: asked.who, why: asked.why, atMs: nowMs };
  switch (verb) {
    case 'acknowledge':
      return acknowledged(escalation, handled);
    case 'unacknowledge':
      return reopened(escalation, nowMs);
    case 'resolve':
      return { ...quiet(escalation), status: 'resolved', resolvedBy: handled, wake: null };
    case 'reassign':
      return { ...reopened(escalation, nowMs), assigned: targetsOf(asked) };
    case 'snooze':
      return {
        ...quiet(escalation),
        wake: { atMs: nowMs + (asked.forMs ?? 0), why: 'snooze' },
      };
    case 'escalate_now':
      return { ...escalation, nextAtMs: nowMs, isAskedFor: true };
    default:
      return verb satisfies never;
  }
}

function acknowledged(escalation: Escalation, handled: Handled): Escalation {
  return {
    ...quiet(escalation),
    status: 'acknowledged',
    acknowledgedBy: handled,
    wake: ackTimeout(escalation.policy, handled.atMs),
  };
}

/** When paging begins again, where it is acknowledged at `atMs` and not resolved. */
function ackTimeout({ ackTimeoutMs }: PolicySnapshot, atMs: number): Escalation['wake'] {
  return ackTimeoutMs === null ? null : { atMs: atMs + ackTimeoutMs, why: 'ack_timeout' };
}

/**
 * The policy of a new incident, which has been read only now: whatever has been said meanwhile
 * stands, another policy that it was moved to as well.
 */
export function withFirstPolicy(
  escalation: Escalation,
  policy: PolicySnapshot,
  nowMs: number,
): Escalation {
  if (hasPolicy(escalation)) return escalation;
  const { levels, repeat } = policy;
  const begun = { ...escalation, policy, levels: levels.length, rounds: 1 + repeat };
  if (begun.status !== 'acknowledged' || begun.wake !== null) return begun;
  return { ...begun, wake: ackTimeout(policy, begun.acknowledgedBy?.atMs ?? nowMs) };
}

/** False: it has not been read yet. */
export function hasPolicy({ policy }: Escalation): boolean {
  return policy.levels.length > 0;
}

/**
 * Another policy, from its first level on. Who has acknowledged keeps the incident, and whom it was
 * assigned to is still paged first; a snooze goes on, a time-out is that of the new policy, from now.
 */
export function withPolicy(
  escalation: Escalation,
  policy: PolicySnapshot,
  nowMs: number,
): Escalation {
  const { status, acknowledgedBy, wake } = escalation;
  const { levels, repeat } = policy;
  const moved = {
    ...reopened(escalation, nowMs),
    ...{ policy, levels: levels.length, rounds: 1 + repeat },
  };
  const snooze = wake?.why === 'snooze' ? wake : null;
  if (status === 'acknowledged' && acknowledgedBy !== null) {
    return {
      ...quiet(moved),
      ...{ status, acknowledgedBy, wake: snooze ?? ackTimeout(policy, nowMs) },
    };
  }
  return snooze === null ? moved : { ...quiet(moved), wake: snooze };
}

/** Nothing is paged any more, until something wakes it. */
function quiet(escalation: Escalation): Escalation {
  return { ...escalation, nextAtMs: null, later: [], assigned: null };
}

function notNow(why: string): Refusal {
  return { code: 'NotAllowedNow', why };
}

function when(handled: Handled | null): string {
  return handled === null ? '' : ` at ${new Date(handled.atMs).toISOString()}: ${handled.why}`;
}
