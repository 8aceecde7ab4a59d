import {
  ApplicationFailure,
  CancellationScope,
  allHandlersFinished,
  condition,
  continueAsNew,
  metricMeter,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type Due,
  type Escalation,
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
import { tally } from '../domain/escalation/ledger.ts';
import { type PolicySnapshot, lastResortOnly } from '../domain/escalation/snapshot.ts';
import { withPolicy } from '../domain/escalation/verbs.ts';
import type { EscalationInput } from './incident-input.ts';
import { type OpenIncident, openIncident } from './incident.ts';
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

async function escalate(input: EscalationInput): Promise<IncidentReport> {
  const { taskQueue } = workflowInfo();
  const act = () => pagingActivitiesFor(taskQueue, incident.escalation.policy.sendForMs);
  const incident: OpenIncident = openIncident(input, () => ({
    async settle(verb) {
      // The next level begins beside the pages of this one.
      if (verb === 'escalate_now') return [];
      const inFlight = await pager.callOff();
      if (verb === 'acknowledge') pager.show('acknowledge');
      if (verb === 'unacknowledge' || verb === 'reassign') pager.show('trigger');
      return inFlight;
    },
    async changePolicy({ policy = '' }) {
      const found = await act().findPolicy(policy);
      if (found.kind === 'unknown') throw ApplicationFailure.nonRetryable(found.why, 'NotFound');
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
    if (workflowInfo().continueAsNewSuggested && next.kind === 'wait') await goOnAnew(context);
  }
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
  // Somebody may have acknowledged it already.
  incident.update(withFirstPolicy(incident, policy));
}

function withFirstPolicy({ escalation: now }: OpenIncident, policy: PolicySnapshot): Escalation {
  const { levels, repeat, ackTimeoutMs } = policy;
  const begun = { ...now, policy, levels: levels.length, rounds: 1 + repeat };
  if (now.status !== 'acknowledged' || ackTimeoutMs === null) return begun;
  const sinceMs = now.acknowledgedBy?.atMs ?? Date.now();
  return { ...begun, wake: { atMs: sinceMs + ackTimeoutMs, why: 'ack_timeout' } };
}

async function policyOf({
  input,
  incident,
  act,
}: Pick<Context, 'input' | 'incident' | 'act'>): Promise<PolicySnapshot> {
  for (let look = 1; ; look += 1) {
    const found = await act().findPolicy(input.policy);
    if (found.kind === 'found') return found.policy;
    incident.warn(found.why);
    const isOver = (): boolean => incident.escalation.status === 'resolved';
    if (found.lastResort.length > 0 || look === LOOKS_MAX || isOver()) {
      return lastResortOnly(input.policy, found.lastResort);
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
      if (next.why === 'ack_timeout') pager.show('trigger');
      return;
    }
    case 'exhausted':
      return nobodyAnswered(context);
    case 'wait': {
      const { changes } = incident;
      const { alarm } = context;
      if (next.untilMs !== null) alarm.ringBy(next.untilMs, summaryOf(incident));
      const { rung } = alarm;
      await condition(() => incident.changes !== changes || alarm.rung !== rung);
      return;
    }
    default:
      return next satisfies never;
  }
}

async function beginLevel(
  { incident, pager, act }: Context,
  { round, level }: Extract<Due, { kind: 'level' }>,
): Promise<void> {
  const { changes, escalation: now } = incident;
  const { policy, override, turn } = now;
  const { severity } = incident.report;
  const planned = await act().planLevel({
    ...{ policy, severity, round, level, override, turn },
    atMs: Date.now(),
  });
  // Whoever has answered while it was planned is heard first.
  if (incident.changes !== changes) return;
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

async function beginAssigned(
  { incident, pager, act }: Context,
  { targets }: Extract<Due, { kind: 'assigned' }>,
): Promise<void> {
  const { changes, escalation: now } = incident;
  const { turn } = now;
  const { pages, missing } = await act().planAssigned({ targets, turn, atMs: Date.now() });
  if (incident.changes !== changes) return;
  for (const one of missing) incident.warn(one);
  const waitMs = pages.length === 0 ? 0 : ASSIGNED_WAIT_MS;
  incident.update(assignedBegun(now, pages, waitMs, Date.now()));
  pager.page(
    pages.filter(({ afterMs }) => afterMs === 0),
    { round: 0, level: 0 },
  );
}

/** The last channels are told; whoever answers meanwhile still counts. */
async function nobodyAnswered({ incident, pager }: Context): Promise<void> {
  const { policy } = incident.escalation;
  const { changes } = incident;
  incident.note('nobody has acknowledged it');
  metricMeter
    .createCounter('belay_never_acknowledged', 'incidents', 'Policies that nobody has answered')
    .add(1, { policy: policy.name, severity: incident.report.severity });
  await pager.lastResort(policy.lastResort);
  if (incident.changes !== changes) return;
  const { escalation: now } = incident;
  incident.update(policy.onExhausted === 'go_on' ? begunAgain(now, Date.now()) : exhausted(now));
}

async function end({ input, incident, pager }: Context): Promise<IncidentReport> {
  const { escalation: now } = incident;
  const { status, acknowledgedBy, resolvedBy } = now;
  upsertSearchAttributes([{ key: OUTCOME, value: status }]);
  if (status === 'resolved') pager.show('resolve');
  await pager.idle();
  await condition(allHandlersFinished);
  metricMeter
    .createCounter('belay_incidents', 'incidents', 'Incidents that have ended')
    .add(1, { policy: now.policy.name, severity: incident.report.severity, status });
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

/** Its history has grown long: everything that is known goes on in a fresh one. */
async function goOnAnew({ input, incident, pager }: Context): Promise<void> {
  await pager.idle();
  await condition(allHandlersFinished);
  await continueAsNew<typeof escalation>({ ...input, carried: incident.carry() });
}

function summaryOf({ escalation: { status, wake, level, levels, round, rounds } }: OpenIncident) {
  if (wake !== null) return wake.why === 'snooze' ? 'snoozed' : `${status}: for its time-out`;
  return `level ${level} of ${levels}, round ${round} of ${rounds}: for an acknowledgement`;
}
