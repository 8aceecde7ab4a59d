import type { temporal } from '@temporalio/proto';
import type { WatchRequest } from '../src/activities/requests.ts';
import type { WatchResult } from '../src/domain/release/decide.ts';
import { GOOD, startWorkflowRig } from '../test/support/workflow-rig.ts';

/**
 * What a blue-green release costs: events of its history, and billable Actions, for a
 * stabilization of 10 minutes and of 10 hours. Time is skipped; the watch is a stand-in that passes
 * at once, because a running activity stops the skipping: the workflow's own timer holds the phase.
 * `npm run bench:cost -- --json` ends with `{blueGreen: {events, eventsLongHold, actions}}`.
 */
type Event = temporal.api.history.v1.IHistoryEvent;

/** Events that are billed (https://docs.temporal.io/cloud/actions); heartbeats come on top. */
const ACTIONS: readonly (readonly [keyof Event, number])[] = [
  ['workflowExecutionStartedEventAttributes', 1],
  ['activityTaskScheduledEventAttributes', 1],
  ['timerStartedEventAttributes', 1],
  ['upsertWorkflowSearchAttributesEventAttributes', 1],
  ['signalExternalWorkflowExecutionInitiatedEventAttributes', 1],
  ['workflowExecutionUpdateAcceptedEventAttributes', 1],
  // Its start is counted in its own history as well.
  ['startChildWorkflowExecutionInitiatedEventAttributes', 1],
];

const rig = await startWorkflowRig({
  maxCachedWorkflows: 500,
  watching: () => ({
    async watchRelease({ target }: WatchRequest): Promise<WatchResult> {
      const summary = `${target.version} is well`;
      return { kind: 'judged', verdict: { kind: 'pass', findings: [], summary } };
    },
  }),
});

async function release(version: string, stabilization: string) {
  rig.metrics.set(version, GOOD);
  const { workflowId } = await rig.deploy(version, { stabilization_period: stabilization });
  const { outcome, startedAtMs, endedAtMs } = await rig.end(workflowId);
  const { events } = await rig.env.client.workflow.getHandle(workflowId).fetchHistory();
  if (outcome !== 'succeeded' || events == null) throw new Error(`${workflowId}: ${outcome}`);
  const actions = ACTIONS.reduce(
    (sum, [name, each]) => sum + each * events.filter((event) => event[name] != null).length,
    0,
  );
  return { stabilization, events: events.length, actions, tookMs: endedAtMs - startedAtMs };
}

try {
  await release('v1', '10m');
  const short = await release('v2', '10m');
  const long = await release('v3', '10h');
  process.stdout.write('stabilization  events  actions  hours of server time\n');
  for (const { stabilization, events, actions, tookMs } of [short, long]) {
    const cells = [stabilization.padEnd(13), String(events).padEnd(6), String(actions).padEnd(7)];
    process.stdout.write(`${cells.join('  ')}  ${(tookMs / 3_600_000).toFixed(2)}\n`);
  }
  const figures = {
    blueGreen: { events: short.events, eventsLongHold: long.events, actions: short.actions },
  };
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await rig.close();
}
