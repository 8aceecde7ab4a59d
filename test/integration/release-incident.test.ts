import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PagingDocument } from '../../src/domain/paging/paging.schema.ts';
import { incidentOfReleases } from '../../src/domain/release/rollback-incident.ts';
import { poll } from '../support/poll.ts';
import { QUICK, SERVICE, type TestStack, startTestStack } from '../support/stack.ts';

const SOON_MS = 30_000;
const PAGED = {
  ...QUICK,
  ...{ stabilization_period: '20s', incidents: { policy: 'night' } },
} as const;

const PAGING: PagingDocument = {
  channels: { lines: { type: 'log' } },
  policies: { night: { levels: [{ wait: '1h', targets: [{ channel: 'lines' }] }] } },
  last_resort: ['lines'],
};

const { id } = incidentOfReleases('night', SERVICE);

let folder: string;
let stack: TestStack;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belay-paged-'));
  const pagingFile = join(folder, 'paging.json');
  writeFileSync(pagingFile, JSON.stringify(PAGING));
  stack = await startTestStack('embedded', {
    paging: { file: pagingFile, secrets: {} },
  });
  await stack.begin(PAGED);
});

afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a release that goes back by itself pages people, who see why', async () => {
  const { workflowId } = await stack.deploy('bad', PAGED);
  await stack.until(workflowId, 'stabilizing');
  await stack.fault('bad', 'errors');
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'rolled_back', incident: id });
  expect(await stack.serving()).toBe('v1');
  const view = await poll(SOON_MS, async () => {
    const seen = await stack.client.incidents.show(id);
    return seen.ledger.some(({ state }) => state === 'accepted') ? seen : undefined;
  });
  expect(view).toMatchObject({ status: 'triggered', level: 1, source: workflowId });
  expect(view.text).toContain('error rate');
  expect(view.timeline.map(({ text }) => text)).toContainEqual(
    expect.stringContaining('traffic is back and verified'),
  );
  const acknowledged = { who: 'ada', why: 'I look at it' };
  expect(await stack.client.incidents.acknowledge(id, acknowledged)).toMatchObject({
    status: 'acknowledged',
  });
});

test('one that was terminated is told to the same incident by the rollback of its service', async () => {
  const { workflowId, number } = await stack.deploy('lost', PAGED);
  await stack.until(workflowId, 'stabilizing');
  await stack.terminate(workflowId);
  const rollbackId = `rollback/${SERVICE}/${number + 1}`;
  await poll(SOON_MS, () => stack.client.progress(rollbackId).catch(() => undefined));
  expect(await stack.end(rollbackId)).toMatchObject({ outcome: 'rolled_back', incident: id });
  const view = await stack.client.incidents.show(id);
  expect(view).toMatchObject({ status: 'acknowledged', labels: { version: 'lost' } });
  expect(view.timeline.map(({ text }) => text)).toContainEqual(
    expect.stringContaining(`reported once more by ${rollbackId}`),
  );
});
