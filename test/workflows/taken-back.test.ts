import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { GOOD, SERVICE, type WorkflowRig, startWorkflowRig } from '../support/workflow-rig.ts';

const signal = new AbortController().signal;
const BY_HAND = 'break-glass/ann/2026-11-24T03:00:05.000Z';

const CANARY = { strategy: 'canary', rollout_duration: '6m' } as const;
const IN_STEPS: Partial<ReleaseDocument> = {
  strategy: 'blue_green',
  switch_steps: [20, 60, 100],
  rollout_duration: '6m',
};

/** What a person does with `--break-glass`: one write above the release's own. */
const CASES: readonly {
  readonly name: string;
  readonly changes: Partial<ReleaseDocument>;
  /** The share of the candidate at which it is done. */
  readonly at: number;
}[] = [
  { name: 'a canary', changes: CANARY, at: 10 },
  {
    name: 'a canary that waits for a person where something is wrong',
    changes: { ...CANARY, auto_rollback_enabled: false },
    at: 10,
  },
  { name: 'blue-green in steps', changes: IN_STEPS, at: 20 },
  {
    name: 'blue-green in steps that waits for a person where something is wrong',
    changes: { ...IN_STEPS, auto_rollback_enabled: false },
    at: 20,
  },
  { name: 'a canary in its last watch', changes: CANARY, at: 100 },
  { name: 'blue-green in its last watch', changes: { strategy: 'blue_green' }, at: 100 },
  {
    name: 'blue-green in its last watch that waits for a person where something is wrong',
    changes: { strategy: 'blue_green', auto_rollback_enabled: false },
    at: 100,
  },
];

describe('a release follows whoever has taken its traffic back by hand', () => {
  let rig: WorkflowRig;
  let count = 1;

  beforeAll(async () => {
    rig = await startWorkflowRig({ maxCachedWorkflows: 500 });
    rig.metrics.set('v1', GOOD);
    const { workflowId } = await rig.deploy('v1');
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  });
  afterAll(() => rig?.close());

  async function weights(): Promise<Record<string, number>> {
    const { routes } = await rig.router.read(SERVICE, signal);
    return Object.fromEntries(routes.map((route) => [route.version, route.weightPercent]));
  }

  test.each(CASES)('$name', async ({ changes, at }) => {
    count += 1;
    const version = `v${count}`;
    rig.metrics.set(version, GOOD);
    const breakGlass = async (): Promise<void> => {
      const { routes, generation } = await rig.router.read(SERVICE, signal);
      const own = routes.find((route) => route.version === version);
      if (own?.weightPercent !== at) {
        rig.clock.during('watchRelease', breakGlass);
        return;
      }
      const back = routes.map((route) => ({
        ...route,
        weightPercent: route.version === version ? 0 : 100,
      }));
      await rig.router.apply(
        { service: SERVICE, key: BY_HAND, generation: generation + 1, routes: back },
        signal,
      );
    };
    rig.clock.during('watchRelease', breakGlass);
    const { workflowId } = await rig.deploy(version, changes);
    const report = await rig.end(workflowId);
    expect(report).toMatchObject({
      outcome: 'rolled_back',
      cause: 'TrafficTakenBack',
      serving: { version: 'v1' },
      left: [],
    });
    expect(report.reason).toContain(BY_HAND);
    expect(await weights()).toEqual({ v1: 100 });
    expect(await rig.client.history(SERVICE)).toMatchObject({ stable: 'v1', left: [] });
  });
});
