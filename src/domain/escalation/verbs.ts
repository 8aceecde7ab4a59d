import { formatDuration } from '../quantity.ts';
import { type Escalation, reopened } from './escalation.ts';
import { INCIDENT_VERBS, type Handled, type IncidentAsked, type IncidentVerb } from './incident.ts';
import type { Target } from './policy.schema.ts';
import type { PolicySnapshot } from './snapshot.ts';

/** Nobody sleeps through more than this by one word. */
const SNOOZE_MAX_MS = 7 * 86_400_000;

const TARGETS_MAX = 20;

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
      return typeof asked.policy === 'string' && asked.policy !== ''
        ? undefined
        : notNow('change_policy needs the name of a policy');
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
    return kind === undefined || typeof one.name !== 'string' ? [] : [{ kind, name: one.name }];
  });
  return read.length === targets.length ? read : [];
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
      return { ...escalation, nextAtMs: nowMs };
    default:
      return verb satisfies never;
  }
}

function acknowledged(escalation: Escalation, handled: Handled): Escalation {
  const { ackTimeoutMs } = escalation.policy;
  return {
    ...quiet(escalation),
    status: 'acknowledged',
    acknowledgedBy: handled,
    wake:
      ackTimeoutMs === null
        ? null
        : { atMs: handled.atMs + ackTimeoutMs, why: 'ack_timeout' as const },
  };
}

/** Another policy, from its first level on; who has acknowledged keeps the incident. */
export function withPolicy(
  escalation: Escalation,
  policy: PolicySnapshot,
  nowMs: number,
): Escalation {
  const { status, acknowledgedBy } = escalation;
  const moved = { ...reopened(escalation, nowMs), policy };
  if (status !== 'acknowledged' || acknowledgedBy === null) return moved;
  return acknowledged(moved, { ...acknowledgedBy, atMs: nowMs });
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
