import type { Target } from './policy.schema.ts';
import type { Handled, IncidentStatus } from './incident.ts';
import type { PlannedPage, Turn } from './plan-level.ts';
import type { PolicySnapshot } from './snapshot.ts';

/**
 * Where an incident stands in its policy. A pure state machine: the workflow carries out what `due`
 * says and tells what came of it; people change it by `verbs.ts`. Plain JSON.
 */
export interface Escalation {
  readonly policy: PolicySnapshot;
  readonly status: IncidentStatus;
  /** How often the policy has begun with its first level, all rounds counted as one; from 1. */
  readonly cycle: number;
  readonly cycleBeganAtMs: number;
  /** How often it had been acknowledged, and was paged again; default 0. */
  readonly alert?: number;
  /** From 1; 0 before the first. */
  readonly round: number;
  /** The level that has begun last, from 1; 0 before the first. */
  readonly level: number;
  /** Which of the overrides this round goes by; null, none. */
  readonly override: number | null;
  /** Of this round. */
  readonly levels: number;
  readonly rounds: number;
  /** When the next level begins, or nobody has answered; null while nothing is due by itself. */
  readonly nextAtMs: number | null;
  /** A person has asked for the next level: no business hours hold it back. Default: no. */
  readonly isAskedFor?: boolean;
  /** Pages that a person's own rules hold back, the soonest first. */
  readonly later: readonly Later[];
  /** Paged before the policy goes on. */
  readonly assigned: readonly Target[] | null;
  /** When paging begins again by itself, and why. */
  readonly wake: { readonly atMs: number; readonly why: 'snooze' | 'ack_timeout' } | null;
  readonly acknowledgedBy: Handled | null;
  readonly resolvedBy: Handled | null;
  readonly turn: Turn;
}

export interface Later {
  readonly atMs: number;
  readonly page: PlannedPage;
  readonly round: number;
  readonly level: number;
}

export type Due =
  /** The next level is to be planned, then paged. */
  | { readonly kind: 'level'; readonly round: number; readonly level: number }
  | { readonly kind: 'assigned'; readonly targets: readonly Target[] }
  | { readonly kind: 'pages'; readonly pages: readonly Later[] }
  | { readonly kind: 'reopen'; readonly why: 'snooze' | 'ack_timeout' }
  | { readonly kind: 'exhausted' }
  | { readonly kind: 'ended' }
  /** Null: until somebody says something. */
  | { readonly kind: 'wait'; readonly untilMs: number | null };

/** `first`: which member of a team is paged first; the next one at every page to it after. */
export function newEscalation(policy: PolicySnapshot, first: number, nowMs: number): Escalation {
  return {
    policy,
    status: 'triggered',
    cycle: 1,
    cycleBeganAtMs: nowMs,
    round: 0,
    level: 0,
    override: null,
    levels: policy.levels.length,
    rounds: 1 + policy.repeat,
    nextAtMs: nowMs,
    later: [],
    assigned: null,
    wake: null,
    acknowledgedBy: null,
    resolvedBy: null,
    turn: { first, taken: {} },
  };
}

/** What is to be done at `nowMs`. Of two that are due the earlier comes first. */
export function due(escalation: Escalation, nowMs: number): Due {
  const { status, wake, nextAtMs, later } = escalation;
  if (status === 'resolved' || status === 'never_acknowledged') return { kind: 'ended' };
  if (wake !== null && wake.atMs <= nowMs) return { kind: 'reopen', why: wake.why };
  if (status === 'acknowledged' || wake !== null) {
    return { kind: 'wait', untilMs: wake?.atMs ?? null };
  }
  const first = later[0];
  if (first !== undefined && first.atMs <= nowMs && first.atMs <= (nextAtMs ?? first.atMs)) {
    return { kind: 'pages', pages: later.filter(({ atMs }) => atMs === first.atMs) };
  }
  if (nextAtMs !== null && nextAtMs <= nowMs) return nextStep(escalation);
  const times = [nextAtMs, first?.atMs].filter((ms) => ms !== null && ms !== undefined);
  return { kind: 'wait', untilMs: times.length === 0 ? null : Math.min(...times) };
}

function nextStep({ round, level, levels, rounds, assigned }: Escalation): Due {
  if (assigned !== null) return { kind: 'assigned', targets: assigned };
  if (round === 0) return { kind: 'level', round: 1, level: 1 };
  if (level < levels) return { kind: 'level', round, level: level + 1 };
  if (round < rounds) return { kind: 'level', round: round + 1, level: 1 };
  return { kind: 'exhausted' };
}

/** What a planned level is: its pages, and how the round goes on. */
export interface LevelPlan {
  readonly round: number;
  readonly level: number;
  readonly pages: readonly PlannedPage[];
  readonly teams: readonly string[];
  readonly waitMs: number;
  readonly override: number | null;
  readonly levels: number;
  readonly rounds: number;
}

/**
 * A level begins: its pages go out, those that a person's rules hold back wait their time. One that
 * can page nobody is not waited for.
 */
export function levelBegun(escalation: Escalation, plan: LevelPlan, nowMs: number): Escalation {
  const { round, level, override, levels, rounds, waitMs, pages, teams } = plan;
  return withLater(
    {
      ...escalation,
      round,
      level,
      override,
      levels,
      rounds,
      nextAtMs: nowMs + (pages.length === 0 ? 0 : waitMs),
      isAskedFor: false,
      turn: afterPaging(escalation.turn, teams),
    },
    pages,
    nowMs,
  );
}

function afterPaging({ first, taken }: Turn, teams: readonly string[]): Turn {
  // A team may have any name.
  const before = (name: string): number => (Object.hasOwn(taken, name) && taken[name]) || 0;
  const paged = teams.map((name) => [name, before(name) + 1] as const);
  return { first, taken: { ...taken, ...Object.fromEntries(paged) } };
}

/** Whoever it was assigned to is paged; the policy goes on from its first level after `waitMs`. */
export function assignedBegun(
  escalation: Escalation,
  pages: readonly PlannedPage[],
  waitMs: number,
  nowMs: number,
): Escalation {
  const { assigned, turn } = escalation;
  const teams = (assigned ?? []).flatMap(({ kind, name }) => (kind === 'team' ? [name] : []));
  return withLater(
    {
      ...fresh(escalation, nowMs),
      ...{ nextAtMs: nowMs + waitMs, assigned: null, turn: afterPaging(turn, [...new Set(teams)]) },
    },
    pages,
    nowMs,
  );
}

function withLater(
  escalation: Escalation,
  pages: readonly PlannedPage[],
  nowMs: number,
): Escalation {
  const { round, level } = escalation;
  const later = pages
    .filter(({ afterMs }) => afterMs > 0)
    .map((page): Later => ({ atMs: nowMs + page.afterMs, page, round, level }));
  const all = [...escalation.later, ...later].toSorted((one, other) => one.atMs - other.atMs);
  return { ...escalation, later: all };
}

/** Nobody is paged before then, although somebody is due: as hours are closed, or nothing is known. */
export function deferred(escalation: Escalation, untilMs: number): Escalation {
  return { ...escalation, nextAtMs: untilMs };
}

/** These have been handed out. */
export function pagesBegun(escalation: Escalation, pages: readonly Later[]): Escalation {
  return { ...escalation, later: escalation.later.filter((one) => !pages.includes(one)) };
}

/** From the first level on, with all rounds before it: people had been reached, and it is not over. */
export function reopened(escalation: Escalation, nowMs: number): Escalation {
  const { acknowledgedBy, alert = 0 } = escalation;
  return {
    ...fresh(escalation, nowMs),
    status: 'triggered',
    acknowledgedBy: null,
    ...(acknowledgedBy === null ? {} : { alert: alert + 1 }),
  };
}

/** Nobody has answered, and nothing is left to try. */
export function exhausted(escalation: Escalation): Escalation {
  return { ...escalation, status: 'never_acknowledged', nextAtMs: null, later: [] };
}

/**
 * As `exhausted`, but all of it begins again: at most once a minute, as levels that reach nobody
 * are not waited for.
 */
export function begunAgain(escalation: Escalation, nowMs: number): Escalation {
  const atMs = Math.max(nowMs, escalation.cycleBeganAtMs + CYCLE_MIN_MS);
  return { ...fresh(escalation, nowMs), nextAtMs: atMs, cycleBeganAtMs: atMs };
}

const CYCLE_MIN_MS = 60_000;

function fresh(escalation: Escalation, nowMs: number): Escalation {
  return {
    ...escalation,
    cycle: escalation.cycle + 1,
    cycleBeganAtMs: nowMs,
    round: 0,
    level: 0,
    override: null,
    nextAtMs: nowMs,
    isAskedFor: false,
    later: [],
    wake: null,
  };
}
