import type { ReleaseDocument } from '../src/domain/release/release.schema.ts';
import { HEARTBEAT_THROTTLE_MS } from '../src/worker/worker.ts';
import { GOOD, startWorkflowRig } from '../test/support/workflow-rig.ts';
import { costOfEscalation } from './escalation-cost.ts';
import { costOf, eventsBetween } from '../test/support/history-cost.ts';

/**
 * What a release of each strategy costs: the events of its history and the billable Actions, with
 * short waits and with long ones. Time is skipped, but the real watches run, and hold the time that
 * they wait for. Heartbeats that reach the server are billed as well and stand apart: they are the
 * only cost that grows with the length of a wait, and estimated from the throttle of the worker, as
 * `history-cost.ts` beside the tests says. The `service` workflow's own history comes on top.
 *
 * A step of a canary costs the events from one change of the weights to the next, a batch those
 * from one to the next. `npm run bench:cost -- --json` ends with
 * `{blueGreen, canary, rolling, abTest, escalation}`, the first four each
 * `{events, actions, heartbeats, eventsLong, actionsLong, heartbeatsLong}`, `blueGreen` also with
 * `eventsLongHold`, `canary` with `eventsAStep` and `rolling` with `eventsABatch`, and `escalation`
 * as `escalation-cost.ts` says: what a level and an acknowledgement add beside what they send. Exits
 * with 1 when something costs more events than it may, or more where it waits for longer; what is
 * over only because a bare call of the SDK costs as much is told as not reached.
 */
const EVENTS_MAX = {
  ...{ blueGreen: 70, canary: 110, aStep: 12, aBatch: 10 },
  ...{ aLevel: 6, anAck: 4 },
} as const;

const INSTANCES = 5;

type Changes = Partial<ReleaseDocument>;

const CANARY: Changes = { strategy: 'canary', rollout_duration: '30m' };
const ROLLING: Changes = { strategy: 'rolling', rollout_duration: '30m' };
const AB_TEST: Changes = {
  strategy: 'ab_test',
  ab_test: {
    min_duration: '1h',
    max_duration: '1h5m',
    goal: {
      kind: 'prometheus',
      url: 'http://127.0.0.1:9',
      trials: 'trials',
      successes: 'successes',
    },
  },
};

/**
 * Whether the last message has left when a release ends is a matter of milliseconds: to wait for it
 * takes a timer and a workflow task.
 */
const LAST_WORD_EVENTS = 5;

const rig = await startWorkflowRig({ maxCachedWorkflows: 500, activityTime: 'held' });
let released = 0;

async function release(name: string, changes: Changes) {
  released += 1;
  const version = `v${released}`;
  rig.metrics.set(version, GOOD);
  // Whoever is compared: the later version is the better one.
  rig.setFigure('trials', version, 10_000);
  rig.setFigure('successes', version, 500 * released);
  const { workflowId } = await rig.deploy(version, {
    environment: { kind: 'memory', instances: INSTANCES },
    stabilization_period: '10m',
    ...changes,
  });
  const { outcome, reason, startedAtMs, endedAtMs } = await rig.end(workflowId);
  const { events } = await rig.env.client.workflow.getHandle(workflowId).fetchHistory();
  if (outcome !== 'succeeded' || events == null) {
    throw new Error(`${workflowId}: ${outcome}: ${reason}`);
  }
  const cost = costOf(events);
  const hours = ((endedAtMs - startedAtMs) / 3_600_000).toFixed(1);
  process.stdout.write(
    `${name.padEnd(30)}  ${String(cost.events).padEnd(6)}  ${String(cost.actions).padEnd(7)}  ` +
      `${String(cost.heartbeats).padEnd(10)}  ${hours}\n`,
  );
  return { cost, history: events };
}

/** A release with short waits and one with long ones, which may not cost more events. */
async function both(name: string, short: Changes, long: Changes) {
  const { cost, history } = await release(name, short);
  // Fewer looks: how often a watch looks costs no event, and each look takes its time here.
  const slowly = { watch: { interval: '1m' } };
  const { cost: longCost } = await release(`${name}, long waits`, { ...short, ...long, ...slowly });
  const { events: eventsLong, actions: actionsLong, heartbeats: heartbeatsLong } = longCost;
  return { history, figures: { ...cost, eventsLong, actionsLong, heartbeatsLong } };
}

try {
  process.stdout.write(`${'release'.padEnd(30)}  events  actions  heartbeats  hours\n`);
  await release('the first of the service', {});
  const { figures: blueGreen } = await both('blue-green', {}, { stabilization_period: '10h' });
  const canaries = await both('canary, 6 steps', CANARY, { rollout_duration: '60h' });
  const rollings = await both('rolling, 5 batches', ROLLING, { rollout_duration: '50h' });
  const { figures: abTest } = await both('A/B test', AB_TEST, {
    // Its guard lasts until max_duration, and here must end before the release does.
    ab_test: { ...AB_TEST.ab_test, min_duration: '72h', max_duration: '72h5m' },
  });
  const { figures: canary } = canaries;
  const { figures: rolling } = rollings;
  const eventsAStep = eventsBetween(canaries.history, 'switchTraffic');
  const eventsABatch = eventsBetween(rollings.history, 'rollBatch');
  process.stdout.write(
    `\na step of a canary: ${eventsAStep} events; a batch: ${eventsABatch} events\n` +
      'Actions are without the heartbeats that reach the server, which are billed like them and\n' +
      `estimated: seconds that an activity which beats has run / ${HEARTBEAT_THROTTLE_MS / 1000}\n`,
  );
  const escalation = await costOfEscalation();
  process.stdout.write(
    `an incident that is acknowledged and resolved: ${escalation.events} events; a level: ` +
      `${escalation.eventsALevel} beside its sends (${escalation.eventsALevelWithSend} with one); ` +
      `an acknowledgement: ${escalation.eventsAnAck}, by signal ${escalation.eventsAnAckBySignal}\n`,
  );
  const { eventsAnAck, eventsABareUpdate } = escalation;
  if (eventsAnAck > EVENTS_MAX.anAck) {
    process.stdout.write(
      `not reached: an acknowledgement by update: ${eventsAnAck} events of ${EVENTS_MAX.anAck}; ` +
        `a bare update that does nothing: ${eventsABareUpdate}\n`,
    );
  }
  const tooMuch = [
    ...over('a level', escalation.eventsALevel, EVENTS_MAX.aLevel),
    ...over('an acknowledgement', eventsAnAck, Math.max(EVENTS_MAX.anAck, eventsABareUpdate)),
    ...over('one by signal', escalation.eventsAnAckBySignal, EVENTS_MAX.anAck),
    ...over('blue-green', blueGreen.events, EVENTS_MAX.blueGreen),
    ...over('canary', canary.events, EVENTS_MAX.canary),
    ...over('a step of a canary', eventsAStep, EVENTS_MAX.aStep),
    ...over('a batch', eventsABatch, EVENTS_MAX.aBatch),
    ...Object.entries({ blueGreen, canary, rolling, abTest }).flatMap(([name, figures]) =>
      over(`${name} with long waits`, figures.eventsLong, figures.events + LAST_WORD_EVENTS),
    ),
  ];
  for (const line of tooMuch) process.stdout.write(`${line}\n`);
  if (tooMuch.length > 0) process.exitCode = 1;
  const figures = {
    blueGreen: { ...blueGreen, eventsLongHold: blueGreen.eventsLong },
    canary: { ...canary, eventsAStep },
    rolling: { ...rolling, eventsABatch },
    abTest,
    escalation,
  };
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await rig.close();
}

function over(what: string, events: number, most: number): readonly string[] {
  return events <= most ? [] : [`too much: ${what}: ${events} events, allowed ${most}`];
}
