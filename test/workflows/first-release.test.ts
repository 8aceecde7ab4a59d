import { afterEach, beforeEach, expect, test } from 'vitest';
import { GOOD, SERVICE, type WorkflowRig, startWorkflowRig } from '../support/workflow-rig.ts';

/** A first release has no way back, whoever asks for one. */
const ASKED = { who: 'ada', why: 'a second look' };
let rig: WorkflowRig;

beforeEach(async () => {
  rig = await startWorkflowRig({ maxCachedWorkflows: 500 });
  rig.metrics.set('v1', GOOD);
});
afterEach(() => rig?.close());

test('an abort and a rollback are refused while it is watched, and it goes on', async () => {
  const answers: unknown[] = [];
  rig.clock.during('watchRelease', async () => {
    answers.push(await rig.client.abort(SERVICE, ASKED).catch((error: unknown) => error));
    answers.push(await rig.client.rollback(SERVICE, ASKED).catch((error: unknown) => error));
  });
  const { workflowId } = await rig.deploy('v1');
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  expect(answers).toMatchObject([{ code: 'NotAllowedNow' }, { code: 'NothingToRollBackTo' }]);
});

test('a cancellation ends it, and says that it keeps the traffic', async () => {
  rig.clock.during('watchRelease', async () => {
    const running = (await rig.client.history(SERVICE)).active?.workflowId ?? '';
    await rig.env.client.workflow.getHandle(running).cancel();
    await expect.poll(() => rig.client.progress(running).then(({ phase }) => phase)).toBe('ended');
  });
  const { workflowId } = await rig.deploy('v1');
  const report = await rig.end(workflowId);
  expect(report).toMatchObject({ outcome: 'aborted', serving: { version: 'v1' }, left: [] });
  expect(report.reason).toContain('it keeps the traffic');
  expect(await rig.client.history(SERVICE)).toMatchObject({ stable: 'v1' });
  expect(rig.channel.received).toMatchObject([{ outcome: 'aborted' }]);
});
