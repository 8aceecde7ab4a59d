import {
  type Escalation,
  begunAgain,
  deferred,
  due,
  exhausted,
  levelBegun,
  newEscalation,
  pagesBegun,
} from './escalation.ts';
import { type PlannedPage, type Roster, planLevel } from './plan-level.ts';
import type { Severity } from './severity.ts';
import type { PolicySnapshot } from './snapshot.ts';

/** What would happen at a time; `cycle`, `round` and `level` count from 1. */
export type SimulatedEvent =
  | {
      readonly kind: 'level';
      readonly atMs: number;
      readonly cycle: number;
      readonly round: number;
      readonly rounds: number;
      readonly level: number;
      readonly levels: number;
      /** Which of the policy's overrides the round goes by, from 0; null, none. */
      readonly override: number | null;
      /** Before the next one begins. */
      readonly waitMs: number;
      /** Those that go out at once. */
      readonly pages: readonly PlannedPage[];
      /** How many more wait for what rules of people say. */
      readonly later: number;
      /** Who or what should have been paged and could not be; one sentence each. */
      readonly missing: readonly string[];
    }
  /** Pages that a person's own rules had held back since their level began. */
  | {
      readonly kind: 'later';
      readonly atMs: number;
      readonly round: number;
      readonly level: number;
      readonly pages: readonly PlannedPage[];
    }
  /** Nobody is paged before business hours begin. */
  | { readonly kind: 'deferred'; readonly atMs: number; readonly untilMs: number }
  | {
      readonly kind: 'exhausted';
      readonly atMs: number;
      readonly lastResort: readonly string[];
      /** Pages that rules of people still hold back, and that are never sent now. */
      readonly unsent: readonly PlannedPage[];
    };

export interface Simulation {
  readonly events: readonly SimulatedEvent[];
  readonly end: SimulationEnd;
}

export type SimulationEnd =
  /** The incident ends: nobody has answered. */
  | { readonly kind: 'never_acknowledged'; readonly atMs: number }
  /** All of it begins again, as `on_exhausted: go_on` says; what follows was not asked for. */
  | { readonly kind: 'goes_on'; readonly atMs: number }
  /** It goes on, but no further was asked for. */
  | { readonly kind: 'until'; readonly atMs: number }
  /** It goes on, but more events than these are not told. */
  | { readonly kind: 'cut'; readonly atMs: number };

export interface SimulationRequest {
  readonly policy: PolicySnapshot;
  readonly severity: Severity;
  /** Chooses the first member of a team; an incident takes its own from its key. */
  readonly turn: number;
  /** When the incident is opened. */
  readonly fromMs: number;
  /** Nothing after it is told; null, until nobody has answered. */
  readonly toMs: number | null;
}

const EVENTS_MAX = 10_000;

/**
 * Who would be paged when, if nobody answered and every channel took its pages. The states and the
 * plans are those that an incident itself goes by; schedules are looked up as each level begins.
 */
export function simulate(roster: Roster, request: SimulationRequest): Simulation {
  const { policy, turn, fromMs, toMs } = request;
  const events: SimulatedEvent[] = [];
  let nowMs = fromMs;
  let cycleFromMs = fromMs;
  let escalation = newEscalation(policy, turn, fromMs);
  const stop = (kind: SimulationEnd['kind']) => ({ events, end: { kind, atMs: nowMs } });
  for (;;) {
    const next = due(escalation, nowMs);
    if (next.kind === 'ended') return stop('never_acknowledged');
    if (next.kind === 'wait') {
      const untilMs = next.untilMs ?? Infinity;
      const isLast = toMs !== null && untilMs > toMs;
      nowMs = isLast ? toMs : untilMs;
      if (isLast) return stop('until');
      continue;
    }
    if (events.length === EVENTS_MAX) return stop('cut');
    const step = taken(roster, request, escalation, next, nowMs);
    events.push(step.event);
    escalation = step.escalation;
    if (step.event.kind !== 'exhausted' || policy.onExhausted === 'fail') continue;
    // One in which nothing is waited for would begin again for ever at the same moment.
    if (toMs === null || cycleFromMs === nowMs) return stop('goes_on');
    cycleFromMs = nowMs;
  }
}

interface Step {
  readonly event: SimulatedEvent;
  readonly escalation: Escalation;
}

type Act = Exclude<ReturnType<typeof due>, { readonly kind: 'ended' | 'wait' }>;

function taken(
  roster: Roster,
  request: SimulationRequest,
  escalation: Escalation,
  next: Act,
  atMs: number,
): Step {
  const { policy } = escalation;
  switch (next.kind) {
    case 'level':
      return levelTaken(roster, request, escalation, next, atMs);
    case 'pages': {
      const [{ round, level } = escalation] = next.pages;
      const pages = next.pages.map(({ page }) => page);
      const event = { kind: 'later', atMs, round, level, pages } as const;
      return { event, escalation: pagesBegun(escalation, next.pages) };
    }
    case 'exhausted': {
      const unsent = escalation.later.map(({ page }) => page);
      const event = { kind: 'exhausted', atMs, lastResort: policy.lastResort, unsent } as const;
      const goesOn = policy.onExhausted === 'go_on';
      return { event, escalation: goesOn ? begunAgain(escalation, atMs) : exhausted(escalation) };
    }
    case 'assigned':
    case 'reopen':
      throw new RangeError(`${next.kind} is due although nobody has answered`);
    default:
      return next satisfies never;
  }
}

function levelTaken(
  roster: Roster,
  { severity }: SimulationRequest,
  escalation: Escalation,
  { round, level }: Extract<Act, { readonly kind: 'level' }>,
  atMs: number,
): Step {
  const { policy, override, turn, cycle } = escalation;
  const planned = planLevel(roster, { policy, severity, round, level, override, turn }, atMs);
  if (planned.kind === 'deferred') {
    const { untilMs } = planned;
    return {
      event: { kind: 'deferred', atMs, untilMs },
      escalation: deferred(escalation, untilMs),
    };
  }
  const pages = planned.pages.filter(({ afterMs }) => afterMs === 0);
  const later = planned.pages.length - pages.length;
  return {
    event: { ...planned, kind: 'level', atMs, cycle, round, level, pages, later },
    escalation: levelBegun(escalation, { ...planned, round, level }, atMs),
  };
}
