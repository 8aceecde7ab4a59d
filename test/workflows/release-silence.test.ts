import { fileURLToPath } from 'node:url';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { createSteering } from '../../src/activities/steer-release.ts';
import type { SteerReleaseRequest } from '../../src/domain/alerting/alert-activities.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import type { ActiveRun } from '../../src/domain/release/service-state.ts';
import { COORDINATOR_ID } from '../../src/workflows/alert-messages.ts';
import {
  type Said,
  type finding,
  type listening,
  leaveSignal,
  saidQuery,
} from '../support/alerting-workflows.ts';
import { workflowCode } from '../support/workflow-code.ts';
import { BROKEN, GOOD, type WorkflowRig, startWorkflowRig } from '../support/workflow-rig.ts';

const QUEUE = 'coordinator';
const HOUR_MS = 3_600_000;
const SILENCED: Partial<ReleaseDocument> = {
  ...{ strategy: 'canary', rollout_duration: '6m' },
  alerts: { silence: ['{pod=~"{service}-{version}-.*"}'] },
};

let rig: WorkflowRig;
let worker: Worker;
let running: Promise<void>;
let count = 0;
let service: string;
let next: string;

beforeAll(async () => {
  rig = await startWorkflowRig({ maxCachedWorkflows: 500 });
  const workflowsPath = fileURLToPath(new URL('../support/alerting-workflows.ts', import.meta.url));
  const logger = new DefaultLogger('ERROR');
  const connection = rig.env.nativeConnection;
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger });
  worker = await Worker.create({ connection, dataConverter, taskQueue: QUEUE, workflowBundle });
  running = worker.run();
});

afterAll(async () => {
  worker?.shutdown();
  await running;
  await rig?.close();
});

const coordinator = () => rig.env.client.workflow.getHandle(COORDINATOR_ID);

beforeEach(async () => {
  count += 1;
  service = `cart-${count}`;
  next = `v${count}.next`;
  rig.metrics.set('v1', GOOD);
  const { workflowId } = await rig.deploy('v1', { service });
  await rig.end(workflowId);
  rig.metrics.set(next, GOOD);
  await rig.env.client.workflow.start<typeof listening>('listening', {
    workflowId: COORDINATOR_ID,
    taskQueue: QUEUE,
  });
});

afterEach(leave);

async function leave(): Promise<void> {
  if ((await coordinator().describe()).status.name !== 'RUNNING') return;
  await coordinator().signal(leaveSignal);
  await coordinator().result();
}

const said = (): Promise<readonly Said[]> => coordinator().query(saidQuery);

async function told(workflowId: string): Promise<string> {
  const { timeline } = await rig.client.progress(workflowId);
  return timeline.map(({ text }) => text).join('\n');
}

async function eventsOf(workflowId: string) {
  const history = await rig.env.client.workflow.getHandle(workflowId).fetchHistory();
  const workflowBundle = { code: await workflowCode() };
  await Worker.runReplayHistory({ workflowBundle, dataConverter }, history, workflowId);
  return history.events ?? [];
}

const begin = (changes: Partial<ReleaseDocument> = {}) =>
  rig.deploy(next, { service, ...SILENCED, ...changes });

test('a canary is silenced before it runs, and no more once it is stable', async () => {
  const { workflowId } = await begin();
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  const [first, last, ...more] = await said();
  expect(first).toMatchObject({
    kind: 'silence',
    command: {
      ...{ silenceId: workflowId, who: workflowId, requestId: `${workflowId}/silence-1` },
      silence: {
        ...{ id: null, createdBy: workflowId },
        matcherSets: [
          [
            {
              ...{ name: 'pod', operator: '=~' },
              value: String.raw`(?:cart\-${count})-(?:v${count}\.next)-.*`,
            },
          ],
        ],
      },
    },
  });
  expect(last).toMatchObject({
    kind: 'expire',
    command: { silenceId: workflowId, why: `${next} is stable` },
  });
  expect(more).toEqual([]);
  const { endedAtMs } = await rig.client.progress(workflowId);
  // The version before stays for five minutes, in which the new one is a version like any other.
  expect((endedAtMs ?? 0) - (last?.atMs ?? 0)).toBeGreaterThan(4 * 60_000);

  const events = await eventsOf(workflowId);
  const signalled = events.findIndex(
    (event) => event.externalWorkflowExecutionSignaledEventAttributes != null,
  );
  const deployed = events.findIndex((event) => event.activityTaskScheduledEventAttributes != null);
  expect(signalled).toBeGreaterThan(0);
  expect(deployed).toBeGreaterThan(signalled);
});

test('a release that goes back lifts its silence at its end', async () => {
  rig.metrics.set(next, BROKEN);
  const { workflowId } = await begin();
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'rolled_back' });
  expect((await said()).map(({ kind, command }) => [kind, command.why])).toEqual([
    ['silence', expect.stringContaining(`${workflowId} (${next}, canary)`)],
    ['expire', 'the release has ended: rolled_back'],
  ]);
  await eventsOf(workflowId);
});

test('a release that waits for hours stays silenced, and an abort lifts it', async () => {
  const { workflowId } = await begin({
    gates: [{ name: 'qa', person: {}, before: 'traffic' }],
    cleanup_delay: '0s',
  });
  await rig.until(workflowId, 'gate');
  await rig.client.pause(service, { who: 'ada', why: 'over the night' });
  await rig.env.sleep('8h');
  await rig.client.abort(service, { who: 'ada', why: 'no more' });
  await rig.end(workflowId);
  const all = await said();
  const silences = all.flatMap((one) => (one.kind === 'silence' ? [one] : []));
  expect(silences.length).toBeGreaterThan(1);
  expect(new Set(silences.map(({ command }) => command.requestId)).size).toBe(silences.length);
  for (const [at, { atMs, command }] of silences.entries()) {
    expect(command).toMatchObject({ silenceId: workflowId });
    expect(command.silence.id).toBe(at === 0 ? null : workflowId);
    const nextAtMs = (silences[at + 1] ?? all.at(-1))?.atMs ?? Infinity;
    expect(nextAtMs).toBeLessThan(command.silence.endsAtMs);
    expect(command.silence.endsAtMs - atMs).toBeGreaterThan(HOUR_MS);
  }
  expect(all.at(-1)).toMatchObject({ kind: 'expire' });
  await eventsOf(workflowId);
});

test('without a coordinator of alerts a release says so, and goes on', async () => {
  await leave();
  const { workflowId } = await begin();
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  const { warnings } = await rig.client.progress(workflowId);
  expect(warnings).toEqual([expect.stringContaining('its alerts are not silenced: ')]);
  await eventsOf(workflowId);
});

test('a release whose silence cannot be lifted says so, and has ended as it has', async () => {
  const { workflowId } = await begin({
    gates: [{ name: 'qa', person: {}, before: 'traffic' }],
  });
  await rig.until(workflowId, 'gate');
  await leave();
  await rig.client.approve(service, 'qa', { who: 'ada', why: 'good' });
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  expect(await told(workflowId)).toContain('its alerts stay silenced for a while');
});

test.each([
  ['without silences', { alerts: undefined }],
  ['that only observes', { mode: 'observe' }],
] as const)('a release %s tells nobody', async (_what, changes) => {
  const { workflowId } = await begin(changes);
  await rig.end(workflowId);
  expect(await said()).toEqual([]);
  const events = await eventsOf(workflowId);
  expect(
    events.filter((one) => one.signalExternalWorkflowExecutionInitiatedEventAttributes != null)
      .length,
  ).toBe('mode' in changes ? 0 : 1);
});

test('the owner of a service lifts the silence of a release that was lost', async () => {
  const workflowId = `release/${service}/7`;
  const spec = rig.specOf(next, { service, ...SILENCED });
  const candidate = { version: next, spec, instances: [] };
  const run: ActiveRun = {
    ...{
      workflowId,
      service,
      kind: 'release' as const,
      number: 7,
      version: next,
      who: 'ada',
      why: 'x',
    },
    ...{ startedAtMs: 0, endedAtMs: undefined, outcome: undefined, reason: undefined },
    ...{ stable: null, candidate },
  };
  const find = (args: Parameters<typeof finding>, id: string) =>
    rig.env.client.workflow.execute<typeof finding>('finding', {
      ...{ workflowId: id, taskQueue: QUEUE, args },
    });
  expect(await find([run], `${service}/1`)).toBe(true);
  expect(await find([{ ...run, kind: 'rollback' }], `${service}/2`)).toBe(false);
  const plain = { ...candidate, spec: rig.specOf(next, { service }) };
  expect(await find([{ ...run, candidate: plain }], `${service}/3`)).toBe(false);
  expect(await said()).toMatchObject([
    {
      kind: 'expire',
      command: { silenceId: workflowId, requestId: `${workflowId}/expire` },
    },
  ]);
});

test('an alert pauses a running release, and takes it back; a second one finds nothing to do', async () => {
  const { steerRelease } = createSteering({ releases: rig.client });
  const steer = (verb: SteerReleaseRequest['verb'], requestId: string) =>
    new MockActivityEnvironment().run(steerRelease, {
      ...{ service, verb, who: 'alerts/3', why: 'the alert Slow fires', requestId },
    });
  expect(await steer('pause', 'slow-0')).toEqual({
    ...{ kind: 'none', why: `${service} has no running release` },
  });
  const { workflowId } = await begin({
    gates: [{ name: 'qa', person: {}, before: 'traffic' }],
  });
  await rig.until(workflowId, 'gate');
  const first = await steer('pause', 'slow-1');
  expect(first).toMatchObject({ kind: 'steered', workflowId, version: next, strategy: 'canary' });
  expect(await steer('pause', 'slow-1')).toEqual(first);
  expect(await steer('pause', 'slow-2')).toMatchObject({
    ...{ kind: 'none', why: expect.stringContaining('it is paused already') },
  });
  expect(await steer('rollback', 'slow-3')).toMatchObject({ kind: 'steered', workflowId });
  expect(await rig.end(workflowId)).toMatchObject({
    ...{ outcome: 'aborted', reason: expect.stringContaining('the alert Slow fires') },
  });
});
