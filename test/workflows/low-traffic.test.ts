import { afterAll, beforeAll, expect, test } from 'vitest';
import { GOOD, SERVICE, type WorkflowRig, startWorkflowRig } from '../support/workflow-rig.ts';

const BUDGET_MS = 120_000;
const signal = new AbortController().signal;

let rig: WorkflowRig;

beforeAll(async () => {
  rig = await startWorkflowRig({ maxCachedWorkflows: 500 });
  rig.metrics.set('v0', GOOD);
  const { workflowId } = await rig.deploy('v0');
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
});

afterAll(async () => {
  await rig?.close();
});

/** One good request a second from now on, of which the candidate gets one in a hundred. */
function serve(version: string, forSeconds: number): void {
  const beganMs = Math.ceil(rig.clock.nowMs() / 1000) * 1000;
  for (let second = 0; second < forSeconds; second += 1) {
    rig.router.record({
      ...{ service: SERVICE, audience: 'live', kind: 'good', latencyMs: 20 },
      version: second % 100 === 50 ? version : 'v0',
      atMs: beganMs + second * 1000,
    });
  }
}

test.each([
  ['an hour', { weight: 1, for: '1h' }],
  ['a moment', { weight: 1, for: '10s' }],
] as const)(
  'one request a second at 1 %% for $0 ends without data within its budget',
  async (name, step) => {
    const version = name === 'an hour' ? 'v1' : 'v2';
    let beganMs = NaN;
    rig.clock.during('watchRelease', () => {
      beganMs = rig.clock.nowMs();
      serve(version, 600);
    });
    const { workflowId } = await rig.deploy(version, {
      ...{ strategy: 'canary', steps: [step], metrics: [{ kind: 'traffic' }] },
      performance_thresholds: {},
    });
    const report = await rig.end(workflowId);
    const endedMs = rig.clock.nowMs();
    expect(report).toMatchObject({ outcome: 'rolled_back' });
    expect(report.reason).toMatch(/^no p95 of v\d: (no request was answered|\d sample)/);
    const { timeline } = await rig.client.progress(workflowId);
    const texts = timeline.map(({ text }) => text).join('\n');
    // Of the candidate; what follows is told of the version that has the traffic back.
    expect(/verdict (\w+): .* of (v\d)/.exec(texts)?.slice(1)).toEqual(['no_data', version]);
    expect(texts).not.toMatch(/verdict (pass|warn):[^\n]*v[12]/);
    expect(endedMs - beganMs).toBeLessThan(BUDGET_MS + 60_000);
    const { routes } = await rig.router.read(SERVICE, signal);
    expect(routes).toMatchObject([{ version: 'v0', weightPercent: 100 }]);
  },
);
