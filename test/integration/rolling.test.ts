import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Progress } from '../../src/domain/release/progress.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { inFullWith } from '../support/in-full.ts';
import { QUICK, SERVICE, type TestStack, environmentOf, startTestStack } from '../support/stack.ts';

const ADA = { who: 'ada', why: 'as the runbook says' } as const;

/** One process after the other is replaced; the cases build on each other. */
describe.each(['haproxy', 'embedded'] as const)('a rolling update through %s', (balancer) => {
  /** The movements are the same; what each balancer takes part in is run through both. */
  const inFull = inFullWith(balancer);
  let stack: TestStack;
  let stable = 'v1';

  function rolling(
    sizes: ReleaseDocument['rolling'],
    env: Record<string, string> = {},
    instances = 4,
  ): Partial<ReleaseDocument> {
    return {
      ...QUICK,
      strategy: 'rolling',
      rolling: { stabilize: '1s', ...sizes },
      environment: { ...environmentOf(env), instances },
    };
  }

  beforeAll(async () => {
    stack = await startTestStack(balancer);
    await stack.begin(rolling({}));
  });

  afterAll(async () => {
    await stack?.close();
  });

  /** A version is not healthy as long as its file is there. */
  function sickFile(version: string): string {
    return join(stack.folder, `sick-${version}`);
  }

  /** Two batches, of which a test may make the second one sick. */
  function inHalves(): Partial<ReleaseDocument> {
    return {
      ...rolling({ batch: 2 }),
      health_check_timeout: '2s',
      health_checks: [{ kind: 'command', command: ['test', '!', '-e', sickFile('{version}')] }],
    };
  }

  /** The second batch has been found bad and undone, and the version is well again. */
  async function heldAfterFirst(workflowId: string, version: string): Promise<Progress> {
    await stack.when(workflowId, ({ at }) => at === 1);
    writeFileSync(sickFile(version), '');
    const held = await stack.when(workflowId, ({ waiting }) => waiting?.why === 'held');
    rmSync(sickFile(version));
    return held;
  }

  async function batchesOf(workflowId: string): Promise<readonly string[]> {
    const { timeline } = await stack.client.progress(workflowId);
    return timeline.flatMap(({ text }) => /^batch[^:]*: (\d → \d)/.exec(text)?.[1] ?? []);
  }

  async function stands(version: string, instances: number): Promise<void> {
    stable = version;
    expect(await stack.serving()).toBe(version);
    expect(await stack.environment.versions(SERVICE)).toEqual([version]);
    expect(await stack.environment.find(SERVICE, version)).toHaveLength(instances);
    expect(await stack.weights()).toEqual({ [version]: 100 });
  }

  test('replaces a quarter of the instances at a time', async () => {
    const { workflowId } = await stack.deploy('v2', rolling({ batch: '25%' }));
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
    expect(await batchesOf(workflowId)).toEqual(['0 → 1', '1 → 2', '2 → 3', '3 → 4']);
    await stands('v2', 4);
  });

  test('with a surge starts the new ones first, and never more than that', async () => {
    const { workflowId } = await stack.deploy('v3', rolling({ batch: 4, max_surge: 2 }));
    const counts: number[] = [];
    const ended = stack.end(workflowId);
    let isOver = false;
    void ended.finally(() => (isOver = true));
    while (!isOver) {
      const [older, newer] = await Promise.all(
        ['v2', 'v3'].map((version) => stack.environment.find(SERVICE, version)),
      );
      counts.push((older?.length ?? 0) + (newer?.length ?? 0));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await ended).toMatchObject({ outcome: 'succeeded', left: [] });
    expect(await batchesOf(workflowId)).toEqual(['0 → 2', '2 → 4']);
    expect(Math.min(...counts)).toBe(4);
    expect(Math.max(...counts)).toBe(6);
    await stands('v3', 4);
  });

  inFull('whose first batch is bad undoes it and ends: nothing of it stands', async () => {
    const { workflowId } = await stack.deploy('sick', {
      ...rolling({ batch: 2 }, { FAULT: 'unhealthy' }),
      health_check_timeout: '2s',
    });
    expect(await stack.end(workflowId)).toMatchObject({
      outcome: 'failed',
      cause: 'HealthCheckFailed',
      left: [],
    });
    expect(stack.load().counts().byVersion.sick).toBeUndefined();
    await stands(stable, 4);
  });

  inFull(
    'whose second batch is bad undoes that one and waits for a person, who may try it again',
    async () => {
      const { workflowId } = await stack.deploy('v4', inHalves());
      const held = await heldAfterFirst(workflowId, 'v4');
      expect(held.verbs).toEqual(expect.arrayContaining(['retry', 'abort']));
      expect(await stack.weights()).toEqual({ v3: 50, v4: 50 });
      expect(await stack.environment.find(SERVICE, 'v3')).toHaveLength(2);
      await stack.client.retry(SERVICE, ADA);
      expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
      expect(await batchesOf(workflowId)).toEqual(['0 → 2', '2 → 4', '2 → 4']);
      await stands('v4', 4);
    },
  );

  inFull('that is aborted where it waits gives all of its batches back', async () => {
    const { workflowId } = await stack.deploy('unwanted', inHalves());
    await heldAfterFirst(workflowId, 'unwanted');
    await stack.client.abort(SERVICE, ADA);
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'aborted', left: [] });
    await stands(stable, 4);
  });

  test('under which the whole system breaks takes every batch back, the newest first', async () => {
    const { workflowId } = await stack.deploy('bad', rolling({ batch: '25%', stabilize: '3s' }));
    await stack.when(workflowId, ({ at }) => at === 2);
    await stack.fault('bad', 'errors');
    const report = await stack.end(workflowId);
    expect(report).toMatchObject({ outcome: 'rolled_back', cause: 'error_rate', left: [] });
    const effects = await stack.router.effects(SERVICE, new AbortController().signal);
    const id = `rollback/${SERVICE}/${report.lastNumber}/`;
    const back = effects
      .filter(({ key }) => key.startsWith(id))
      .flatMap(({ key }) => /batch-back-\d(?=\/put-in)/.exec(key)?.[0] ?? []);
    expect(back).toEqual(['batch-back-3', 'batch-back-2', 'batch-back-1']);
    await stands(stable, 4);
  });

  inFull('of a single instance starts the new one before the old one ends', async () => {
    const one = rolling({ batch: '25%' }, {}, 1);
    const first = await stack.deploy('v5', { ...one, strategy: 'blue_green' });
    expect(await stack.end(first.workflowId)).toMatchObject({ outcome: 'succeeded' });
    const { workflowId } = await stack.deploy('v6', one);
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
    expect(await batchesOf(workflowId)).toEqual(['0 → 1']);
    await stands('v6', 1);
  });

  inFull('has its way back begun once more where somebody ends it, and comes back', async () => {
    const { workflowId, number } = await stack.deploy('ended', {
      ...rolling({ batch: 4, stabilize: '0s' }),
      stabilization_period: '1m',
    });
    await stack.until(workflowId, 'stabilizing');
    expect(await stack.weights()).toEqual({ ended: 100 });
    await stack.client.abort(SERVICE, ADA);
    await stack.when(workflowId, ({ rolledBackBy }) => rolledBackBy !== undefined);
    await stack.terminate(`rollback/${SERVICE}/${number + 1}`);
    const again = `rollback/${SERVICE}/${number + 2}`;
    await expect
      .poll(() => stack.client.history(SERVICE).then(({ active }) => active?.workflowId))
      .toBe(again);
    expect(await stack.end(again)).toMatchObject({ outcome: 'rolled_back' });
    await stands(stable, 1);
  });

  test('loses no request in all of this', () => {
    const { requests, failed, examples } = stack.load().counts();
    expect({ failed, examples }).toEqual({ failed: 0, examples: [] });
    expect(requests).toBeGreaterThan(1000);
  });
});
