import { setTimeout as wait } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Begun, DeployCommand } from '../../src/domain/release/commands.ts';
import {
  releaseWorkflowId,
  rollbackWorkflowId,
  serviceWorkflowId,
} from '../../src/domain/release/names.ts';
import type { DeployedVersion, RunReport } from '../../src/domain/release/progress.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import {
  type ActiveRun,
  type ServiceState,
  activated,
  deployment,
  ended,
  newService,
} from '../../src/domain/release/service-state.ts';
import type { Steering } from '../../src/domain/release/steer.ts';
import { queued } from '../../src/domain/release/supersede.ts';
import {
  cancelUpdate,
  endedSignal,
  rollbackUpdate,
  verbUpdates,
} from '../../src/workflows/messages.ts';
import { GATED, SHORT, useNames } from '../support/short-releases.ts';
import {
  GOOD,
  SERVICE,
  type WorkflowRig,
  specOf,
  startWorkflowRig,
} from '../support/workflow-rig.ts';

/** Who asks the owner of a service while a run begins, or ends, and who asks again. */
const ASKED = { who: 'ada', why: 'a look at what comes first' };
const SOON = { timeout: 10_000 };
let rig: WorkflowRig;

beforeEach(async () => {
  rig = await startWorkflowRig({ maxCachedWorkflows: 500 });
  for (const version of ['v1', 'v2', 'v3', 'v4', 'v5']) rig.metrics.set(version, GOOD);
});
afterEach(() => rig?.close());

const owner = () => rig.env.client.workflow.getHandle(serviceWorkflowId(SERVICE));
const history = () => rig.client.history(SERVICE);

async function release(version: string): Promise<void> {
  const { workflowId } = await rig.deploy(version, SHORT);
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
}

async function atGate(version: string): Promise<Begun> {
  const begun = await rig.deploy(version, GATED);
  await rig.until(begun.workflowId, 'gate');
  return begun;
}

function queue(version: string, changes: Partial<ReleaseDocument> = {}) {
  const spec = rig.specOf(version, { ...SHORT, supersede: 'queue', ...changes });
  return rig.client.deploy({ release: spec, ...ASKED, requestId: `ask-${version}` });
}

/** Somebody has used the name of a release of the service that is to come. */
const use = (number: number): Promise<void> => useNames(rig, [releaseWorkflowId(SERVICE, number)]);

/** To ask the load balancer for its generation takes so long, once. */
function slowToCount(ms: number): void {
  const { read } = rig.router;
  rig.router.read = async (...args) => {
    if (activityInfo().activityType === 'readGeneration') {
      rig.router.read = read;
      await wait(ms);
    }
    return read(...args);
  };
}

test('a rollback that was passed on is answered so again, and goes back once', async () => {
  await release('v1');
  await release('v2');
  const { workflowId } = await atGate('v3');
  const asked = { ...ASKED, requestId: 'back' };
  const first = await rig.client.rollback(SERVICE, asked);
  expect(first).toMatchObject({ kind: 'begun', workflowId });
  expect(await rig.end(workflowId)).toMatchObject({ serving: { version: 'v2' } });
  const { runs } = await history();
  // Temporal forgets the ids of updates when a workflow continues as new.
  const again = await owner().executeUpdate(rollbackUpdate, {
    updateId: 'of-the-next-run',
    args: [{ ...asked, toVersion: undefined }],
  });
  expect(again).toEqual(first);
  expect((await history()).runs).toEqual(runs);
});

test('one that was called off is called off again by the same request', async () => {
  await release('v1');
  await atGate('v2');
  expect(await queue('v3')).toMatchObject({ kind: 'queued' });
  const command = { ...ASKED, requestId: 'off', queuedRequestId: 'ask-v3' };
  for (const updateId of ['first', 'of-the-next-run']) {
    expect(await owner().executeUpdate(cancelUpdate, { updateId, args: [command] })).toEqual({
      cancelled: true,
    });
  }
});

describe('while a number is looked for', () => {
  beforeEach(async () => {
    await release('v1');
    await release('v2');
    slowToCount(2500);
  });

  test('a rollback tells the release that begins, and no other', async () => {
    await use(3);
    const begins = rig.deploy('v3', GATED);
    await expect.poll(history, SOON).toMatchObject({ active: { version: 'v3' } });
    const back = await rig.client.rollback(SERVICE, ASKED);
    const { workflowId } = await begins;
    // That it then ends is not waited for: this server fails where an activity ends as it is called off.
    const remarks = [`${workflowId} is running: it was told to go back`];
    expect(back).toMatchObject({ workflowId, version: 'v2', remarks });
  });

  test('one that replaces the release calls off that one, and no other', async () => {
    await use(3);
    const begins = rig.deploy('v3', GATED);
    await expect.poll(history, SOON).toMatchObject({ active: { version: 'v3' } });
    await queue('v4', { supersede: 'replace' });
    const { workflowId } = await begins;
    const asked = () => rig.client.progress(workflowId).then(({ audit }) => audit);
    await expect.poll(asked, SOON).toMatchObject([{ verb: 'abort' }]);
  });

  test('who waits for its turn is not given the name of another run', async () => {
    const { workflowId, number } = await atGate('v3');
    await queue('v4', GATED);
    await use(number + 1);
    await rig.client.approve(SERVICE, 'go', ASKED);
    await rig.env.client.workflow.getHandle(workflowId).result();
    const turn = await rig.client.awaitTurn(SERVICE, 'ask-v4');
    expect(turn.number).toBeGreaterThan(number + 1);
    await rig.until(turn.workflowId, 'gate');
  });
});

test('whoever waits for the end of a run does not overtake the next of the queue', async () => {
  await release('v1');
  const { workflowId, number } = await atGate('v2');
  const later = { from: '2099-01-01T00:00', to: '2099-01-02T00:00', timezone: 'UTC' };
  await queue('v3', { freeze_windows: [{ name: 'later', ...later }] });
  const { currentTimeMs } = rig.env;
  rig.env.currentTimeMs = async () => {
    if (activityInfo().activityType === 'findFreezes') await wait(2500);
    return currentTimeMs.call(rig.env);
  };
  const last = queue('v4');
  await wait(300);
  const report = reportOf({ workflowId, number, version: 'v2' }, { outcome: 'aborted' });
  await owner().signal(endedSignal, report);
  expect(await last).toMatchObject({ kind: 'queued' });
  rig.env.currentTimeMs = currentTimeMs;
  await expect.poll(history, SOON).toMatchObject({ active: { version: 'v3' } });
});

test('an owner that is begun anew begins nothing beside a release that still runs', async () => {
  await release('v1');
  const { workflowId } = await atGate('v2');
  await owner().terminate('by hand');
  await expect(rig.deploy('v3', SHORT)).rejects.toMatchObject({
    code: 'ReleaseInProgress',
    message: expect.stringContaining(workflowId),
  });
  const run = rig.env.client.workflow.getHandle(workflowId);
  const args: [Steering] = [{ ...ASKED, requestId: 'go', gate: 'go' }];
  await run.executeUpdate(verbUpdates.approve, { args });
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  await release('v3');
});

describe('a rollback that finds a run which has just ended', () => {
  const BACK = { ...ASKED, requestId: 'back' };

  test('goes back no further than the run itself has gone', async () => {
    const { state, run } = standing();
    const back = await askedAtTheEnd(state, run, { outcome: 'rolled_back', serving: of('v2') });
    expect(back).toMatchObject({ workflowId: run.workflowId, version: 'v2' });
    const { stable, active } = await history();
    expect({ stable, active }).toEqual({ stable: 'v2', active: undefined });
  });

  test('comes before what waits in the queue', async () => {
    const { state, run } = standing();
    const waiting = queued(state, commandOf('v4'), [], 1000);
    const back = await askedAtTheEnd(waiting, run, { outcome: 'succeeded', serving: of('v3') });
    expect(back).toMatchObject({ workflowId: rollbackWorkflowId(SERVICE, 4), version: 'v2' });
    expect(await history()).toMatchObject({ queue: [{ version: 'v4' }] });
  });

  /** The report comes after the run could not be told. */
  async function askedAtTheEnd(
    state: ServiceState,
    run: ActiveRun,
    end: Pick<RunReport, 'outcome' | 'serving'>,
  ): Promise<Begun> {
    await rig.env.client.workflow.start('service', {
      workflowId: serviceWorkflowId(SERVICE),
      taskQueue: 'belay',
      args: [state],
    });
    const asked = rig.client.rollback(SERVICE, BACK);
    await wait(1000);
    await owner().signal(endedSignal, reportOf(run, end));
    return asked;
  }
});

function of(version: string): DeployedVersion {
  return { version, spec: specOf(version, SHORT), instances: [] };
}

function commandOf(version: string): DeployCommand {
  const { spec } = of(version);
  return { ...ASKED, requestId: `ask-${version}`, spec };
}

/** As it was carried from the run before: v1 and v2 have served, and v3 has the slot. */
function standing(): { state: ServiceState; run: ActiveRun } {
  let state = newService(SERVICE);
  for (const version of ['v1', 'v2']) {
    const run = deployment(state, commandOf(version), 1000);
    state = activated(state, run, `ask-${version}`);
    state = ended(state, run, reportOf(run, { outcome: 'succeeded', serving: of(version) }));
  }
  const run = deployment(state, commandOf('v3'), 1000);
  return { state: activated(state, run, 'ask-v3'), run };
}

function reportOf(
  { workflowId, number, version }: Pick<ActiveRun, 'workflowId' | 'number' | 'version'>,
  end: Partial<RunReport> & Pick<RunReport, 'outcome'>,
): RunReport {
  return {
    ...{ workflowId, number, version, kind: 'release', lastNumber: number },
    ...{ cause: 'manual', reason: 'of a test', serving: null, left: [] },
    ...{ startedAtMs: 1000, endedAtMs: 2000 },
    ...end,
  };
}
