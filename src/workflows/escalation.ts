import {
  ApplicationFailure,
  CancellationScope,
  allHandlersFinished,
  condition,
  continueAsNew,
  log,
  metricMeter,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type Due,
  assignedBegun,
  begunAgain,
  deferred,
  due,
  exhausted,
  levelBegun,
  pagesBegun,
  reopened,
} from '../domain/escalation/escalation.ts';
import type { IncidentReport } from '../domain/escalation/incident.ts';
import { isTooLong } from '../domain/escalation/history-limits.ts';
import { tally } from '../domain/escalation/ledger.ts';
import { readOpening } from '../domain/escalation/opening.ts';
import { type PolicySnapshot, knowsNobody, lastResortOnly } from '../domain/escalation/snapshot.ts';
import { hasPolicy, refuse, withFirstPolicy, withPolicy } from '../domain/escalation/verbs.ts';
import type { EscalationInput } from './incident-input.ts';
import { failureOf } from './failure.ts';
import { type OpenIncident, type Reported, openIncident } from './incident.ts';
import { type Pager, createPager } from './pager.ts';
import { pagingActivitiesFor } from './paging-activities.ts';
import { type Alarm, createAlarm } from './alarm.ts';
import { OUTCOME } from './search-attributes.ts';

/** How long somebody is waited for to whom it was assigned, before the policy goes on. */
const ASSIGNED_WAIT_MS = 5 * 60_000;

/** A paging file that cannot be used is read again so often: a worker may get it any moment. */
const LOOK_AGAIN_MS = 30_000;
const LOOKS_MAX = 20;

/**
 * One incident: pages level after level until a person answers. It ends when somebody resolves it,
 * or fails as `NeverAcknowledged` when everybody has been paged and nobody has answered: silence is
 * an error. Nothing but a person, or its own failure, ends it.
 */
export async function escalation(input: EscalationInput): Promise<IncidentReport> {
  return CancellationScope.nonCancellable(() => escalate(input));
}

async function escalate(started: EscalationInput): Promise<IncidentReport> {
  const input = usable(started);
  const { taskQueue } = workflowInfo();
  const act = () => pagingActivitiesFor(taskQueue, incident.escalation.policy.sendForMs);
  const incident: OpenIncident = openIncident(input, () => ({
    async settle(verb) {
      // The next level begins beside the pages of this one.
      if (verb === 'escalate_now') return [];
      const inFlight = await pager.callOff();
      pager.show();
      return inFlight;
    },
    underWay: () => pager.underWay(),
    async changePolicy(asked) {
      const found = await act().findPolicy(asked.policy ?? '');
      if (found.kind === 'unknown') throw ApplicationFailure.nonRetryable(found.why, 'NotFound');
      // It may be over since.
      const refusal = refuse(incident.escalation, 'change_policy', asked);
      if (refusal !== undefined) throw ApplicationFailure.nonRetryable(refusal.why, refusal.code);
      incident.update(withPolicy(incident.escalation, found.policy, Date.now()));
    },
  }));
  const pager: Pager = createPager(incident, act);
  incident.listen();
  const context: Context = { input, incident, pager, alarm: createAlarm(), act };
  if (input.carried === undefined) await begin(context);
  for (;;) {
    const next = due(incident.escalation, Date.now());
    if (next.kind === 'ended') return end(context);
    await carryOut(context, next);
    if (next.kind === 'wait' && isTimeToGoOnAnew(context)) await goOnAnew(context);
  }
}

/**
 * Anybody may start it, in any language. What nobody could be paged about ends it at once: a task
 * that fails is tried again for ever, and nobody hears of it. A run before has said only what it
 * has checked.
 */
function usable(started: EscalationInput): EscalationInput {
  const { continuedFromExecutionRunId: before, workflowId } = workflowInfo();
  if (before !== undefined && started.carried !== undefined) return started;
  const read = readOpening(started);
  if (read.kind === 'opening') return read.opening;
  const why = `nobody is paged about ${workflowId}, as its input is not usable: ${read.why}`;
  log.error(why);
  throw ApplicationFailure.nonRetryable(why, 'IncidentInvalid');
}

interface Context {
  readonly input: EscalationInput;
  readonly incident: OpenIncident;
  readonly pager: Pager;
  readonly alarm: Alarm;
  act(): ReturnType<typeof pagingActivitiesFor>;
}

/** Reads the policy as it is now; one that is not there pages the last resort instead of nobody. */
async function begin({ input, incident, act }: Context): Promise<void> {
  incident.note(`opened by ${input.who}: ${input.why}`);
  const policy = await policyOf({ input, incident, act });
  incident.update(withFirstPolicy(incident.escalation, policy, Date.now()));
}

const NOBODY_KNOWN = { lastResort: [], fallbacks: {} };

async function policyOf({
  input,
  incident,
  act,
}: Pick<Context, 'input' | 'incident' | 'act'>): Promise<PolicySnapshot> {
  for (let look = 1; ; look += 1) {
    const found = await orWhy(act().findPolicy(input.policy));
    if (found.kind === 'found') return found.policy;
    incident.warn(found.why);
    const { lastResort, fallbacks } = found.kind === 'unknown' ? found : NOBODY_KNOWN;
    const isOver = (): boolean =>
      incident.escalation.status === 'resolved' || hasPolicy(incident.escalation);
    if (lastResort.length > 0 || look === LOOKS_MAX || isOver()) {
      return lastResortOnly(input.policy, lastResort, fallbacks);
    }
    await condition(isOver, LOOK_AGAIN_MS, { summary: 'before the paging file is read again' });
  }
}

async function carryOut(context: Context, next: Exclude<Due, { kind: 'ended' }>): Promise<void> {
  const { incident, pager } = context;
  switch (next.kind) {
    case 'level':
      return beginLevel(context, next);
    case 'assigned':
      return beginAssigned(context, next);
    case 'pages': {
      incident.update(pagesBegun(incident.escalation, next.pages));
      for (const { page, round, level } of next.pages) pager.page([page], { round, level });
      return;
    }
    case 'reopen': {
      const why = next.why === 'snooze' ? 'the snooze is over' : 'acknowledged, but not resolved';
      incident.note(`${why}: paging begins again`);
      incident.update(reopened(incident.escalation, Date.now()));
      pager.show();
      return;
    }
    case 'exhausted':
      return nobodyAnswered(context);
    case 'wait': {
      const { changes } = incident;
      const { alarm } = context;
      if (next.untilMs !== null) alarm.ringBy(next.untilMs, summaryOf(incident));
      const { rung } = alarm;
      await condition(
        () => incident.changes !== changes || alarm.rung !== rung || isTimeToGoOnAnew(context),
      );
      return;
    }
    default:
      return next satisfies never;
  }
}

async function beginLevel(
  context: Context,
  { round, level }: Extract<Due, { kind: 'level' }>,
): Promise<void> {
  const { incident, pager, act } = context;
  const { changes, escalation: now } = incident;
  const { policy, override, turn, isAskedFor = false } = now;
  const { severity } = incident.report;
  const planned = await orWhy(
    act().planLevel({
      ...{ policy, severity, round, level, override, turn, isAskedFor },
      atMs: Date.now(),
    }),
  );
  // Whoever has answered while it was planned is heard first.
  if (incident.changes !== changes) return;
  if (planned.kind === 'unplanned') return planLater(incident, planned.why);
  if (knowsNobody(policy)) return readPolicyAgain(context);
  if (planned.kind === 'deferred') {
    incident.note(`nobody is paged before ${new Date(planned.untilMs).toISOString()}`);
    incident.update(deferred(now, planned.untilMs));
    return;
  }
  const pages = planned.pages.filter(({ afterMs }) => afterMs === 0);
  const names = planned.pages.map(({ place }) => place).join(', ');
  incident.note(`level ${level} of ${planned.levels}, round ${round}: ${names || 'nobody'}`);
  for (const missing of planned.missing) incident.warn(`level ${level}: ${missing}`);
  incident.update(levelBegun(now, { ...planned, round, level }, Date.now()));
  pager.page(pages, { round, level });
}

/** A worker has a paging file, and none had one while the policy was looked for. */
async function readPolicyAgain({ input, incident, act }: Context): Promise<void> {
  const { changes } = incident;
  const found = await orWhy(act().findPolicy(input.policy));
  if (incident.changes !== changes) return;
  if (found.kind === 'unplanned') return planLater(incident, found.why);
  if (found.kind === 'unknown') {
    if (found.lastResort.length === 0) return planLater(incident, found.why);
    incident.warn(found.why);
  }
  const policy =
    found.kind === 'found'
      ? found.policy
      : lastResortOnly(input.policy, found.lastResort, found.fallbacks);
  incident.note('the paging file can be read now');
  incident.update(withPolicy(incident.escalation, policy, Date.now()));
}

async function beginAssigned(
  { incident, pager, act }: Context,
  { targets }: Extract<Due, { kind: 'assigned' }>,
): Promise<void> {
  const { changes, escalation: now } = incident;
  const { turn } = now;
  const planned = await orWhy(act().planAssigned({ targets, turn, atMs: Date.now() }));
  if (incident.changes !== changes) return;
  if ('why' in planned) return planLater(incident, planned.why);
  const { pages, missing } = planned;
  for (const one of missing) incident.warn(one);
  const waitMs = pages.length === 0 ? 0 : ASSIGNED_WAIT_MS;
  incident.update(assignedBegun(now, pages, waitMs, Date.now()));
  pager.page(
    pages.filter(({ afterMs }) => afterMs === 0),
    { round: 0, level: 0 },
  );
}

interface Unplanned {
  readonly kind: 'unplanned';
  readonly why: string;
}

async function orWhy<Planned>(planning: Promise<Planned>): Promise<Planned | Unplanned> {
  try {
    return await planning;
  } catch (error) {
    return { kind: 'unplanned', why: failureOf(error).message };
  }
}

/** No worker can tell now who is to be paged: it is asked again, and people are heard meanwhile. */
function planLater(incident: OpenIncident, why: string): void {
  incident.warn(`nobody can be paged: ${why}`);
  incident.update(deferred(incident.escalation, Date.now() + LOOK_AGAIN_MS));
}

/** The last channels are told; whoever answers meanwhile still counts. */
async function nobodyAnswered({ incident, pager }: Context): Promise<void> {
  const { policy } = incident.escalation;
  const { changes } = incident;
  incident.note('nobody has acknowledged it');
  metricMeter
    .createCounter('belay_never_acknowledged', 'incidents', 'Policies that nobody has answered')
    .add(1, { policy: policy.name, severity: incident.report.severity });
  await pager.lastResort(policy.lastResort, policy.fallbacks ?? {});
  if (incident.changes !== changes) return;
  const { escalation: now } = incident;
  incident.update(policy.onExhausted === 'go_on' ? begunAgain(now, Date.now()) : exhausted(now));
}

async function end({ input, incident, pager }: Context): Promise<IncidentReport> {
  const { escalation: now } = incident;
  const { status, acknowledgedBy, resolvedBy } = now;
  upsertSearchAttributes([{ key: OUTCOME, value: status }]);
  pager.show();
  await condition(() => pager.isIdle && allHandlersFinished());
  metricMeter
    .createCounter('belay_incidents', 'incidents', 'Incidents that have ended')
    .add(1, { policy: now.policy.name, severity: incident.report.severity, status });
  if (incident.reportedAfter !== null) return openAgain(input, incident.reportedAfter);
  if (resolvedBy === null) {
    const { policy, cycle } = now;
    const pages = tally(incident.ledger);
    throw ApplicationFailure.nonRetryable(
      `nobody has acknowledged "${incident.report.title}": all ${now.rounds} round(s) of the policy ` +
        `${policy.name || input.policy} have passed; pages: ${JSON.stringify(pages)}`,
      'NeverAcknowledged',
      { id: workflowInfo().workflowId, cycle, pages },
    );
  }
  return {
    id: workflowInfo().workflowId,
    status: 'resolved',
    acknowledgedBy,
    resolvedBy,
    openedAtMs: incident.openedAtMs,
    endedAtMs: Date.now(),
    pages: tally(incident.ledger),
  };
}

/**
 * It has been reported once more after it had ended, while what was shown of its end was still under
 * way: that is a new incident, and its reporter has been told that people are paged.
 */
async function openAgain(input: EscalationInput, again: Reported): Promise<never> {
  const { carried: _, ...first } = input;
  const report = { ...input.report, ...again.report };
  return continueAsNew<typeof escalation>({ ...first, ...again, report });
}

/** As soon as nothing is under way, which the next run would not hear of. */
function isTimeToGoOnAnew({ pager }: Context): boolean {
  const { continueAsNewSuggested, historyLength, historySize } = workflowInfo();
  return continueAsNewSuggested && (pager.isIdle || isTooLong({ historyLength, historySize }));
}

/** Its history has grown long: everything that is known goes on in a fresh one. */
async function goOnAnew({ input, incident, pager }: Context): Promise<void> {
  await condition(() => pager.isIdle && allHandlersFinished());
  await continueAsNew<typeof escalation>({ ...input, carried: incident.carry() });
}

function summaryOf({ escalation: { status, wake, level, levels, round, rounds } }: OpenIncident) {
  if (wake !== null) return wake.why === 'snooze' ? 'snoozed' : `${status}: for its time-out`;
  return `level ${level} of ${levels}, round ${round} of ${rounds}: for an acknowledgement`;
}
