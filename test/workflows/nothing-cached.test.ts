import { afterEach, expect, test } from 'vitest';
import { type IncidentRig, startIncidentRig } from '../support/incident-rig.ts';
import { ADA, nightWith } from '../support/night.ts';
import { GOOD, SERVICE, type WorkflowRig, startWorkflowRig } from '../support/workflow-rig.ts';

/**
 * A worker that has nothing cached is handed several tasks as one, and an update before what came
 * in the others; the next worker replays them one by one. Both must do the same.
 */

let rig: WorkflowRig | IncidentRig | undefined;

afterEach(() => rig?.close());

async function failedTasks(from: WorkflowRig | IncidentRig, workflowId: string) {
  const { events } = await from.env.client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).filter((event) => event.workflowTaskFailedEventAttributes != null);
}

test('a service goes back right after a release', async () => {
  const services = await startWorkflowRig({ maxCachedWorkflows: 0 });
  rig = services;
  for (const version of ['v1', 'v2']) {
    services.metrics.set(version, GOOD);
    const { workflowId } = await services.deploy(version);
    await services.end(workflowId);
  }
  const { workflowId } = await services.client.rollback(SERVICE, {
    ...{ who: 'ada', why: 'a second look', toVersion: 'v1' },
  });
  expect(await services.end(workflowId)).toMatchObject({ outcome: 'rolled_back' });
  expect(await services.client.history(SERVICE)).toMatchObject({ stable: 'v1' });
  expect(await failedTasks(services, `service/${SERVICE}`)).toEqual([]);
});

test('an incident is acknowledged right after its pages, and resumes paging', async () => {
  const incidents = await startIncidentRig({ maxCachedWorkflows: 0 });
  rig = incidents;
  await incidents.use(nightWith({ ack_timeout: '30m' }));
  const id = await incidents.open();
  await incidents.until(
    id,
    ({ level, ledger }) => level === 1 && ledger.every(({ state }) => state === 'accepted'),
  );
  await incidents.client.incidents.acknowledge(id, ADA);
  await incidents.pass(31 * 60_000);
  await incidents.until(id, ({ ledger }) => ledger.length === 4);
  await incidents.client.incidents.steer(id, 'resolve', ADA);
  expect(await incidents.end(id)).toMatchObject({ status: 'resolved' });
  expect(await failedTasks(incidents, id)).toEqual([]);
});
