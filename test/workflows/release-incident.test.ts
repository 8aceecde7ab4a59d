import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { Failure } from '../../src/domain/failure.ts';
import type { PagingDocument } from '../../src/domain/paging/paging.schema.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { incidentOfReleases } from '../../src/domain/release/rollback-incident.ts';
import { poll } from '../support/poll.ts';
import { workflowCode } from '../support/workflow-code.ts';
import { BROKEN, GOOD, type WorkflowRig, startWorkflowRig } from '../support/workflow-rig.ts';

const ADA = { who: 'ada', why: 'I look at it' };
const SOON_MS = 20_000;

/** Whoever is paged has the whole night: no test comes to a second level. */
const NIGHT: PagingDocument = {
  people: { ada: { contacts: { phone: { channel: 'pager' } } } },
  channels: { pager: { type: 'memory' }, siren: { type: 'memory' } },
  policies: {
    night: { levels: [{ wait: '24h', targets: [{ person: 'ada' }] }], on_exhausted: 'go_on' },
  },
  last_resort: ['siren'],
};

const PAGED: Partial<ReleaseDocument> = {
  incidents: {
    policy: 'night',
    links: [{ text: 'Temporal', url: 'https://temporal.example/workflows/{run}' }],
  },
};

const STRATEGIES = {
  blue_green: {},
  canary: { rollout_duration: '6m' },
  rolling: { rollout_duration: '6m' },
  ab_test: {
    ab_test: {
      min_duration: '5m',
      max_duration: '10m',
      goal: {
        kind: 'prometheus',
        url: 'http://127.0.0.1:9',
        trials: 'trials',
        successes: 'successes',
      },
    },
  },
} as const satisfies Record<ReleaseDocument['strategy'], Partial<ReleaseDocument>>;

const STRATEGY_NAMES = Object.keys(STRATEGIES) as readonly ReleaseDocument['strategy'][];

/*
 * Each test has a service of its own and leaves its incident open: this server skips no time any
 * more once a child has ended after its parent.
 */
let rig: WorkflowRig;
let count = 0;
let service: string;
let incident: string;
let stable: string;
let bad: string;
let pagedBefore: number;

beforeEach(async () => {
  count += 1;
  service = `shop-${count}`;
  incident = incidentOfReleases('night', service).id;
  stable = `v${count}`;
  bad = `bad-${count}`;
  rig.paging.use(NIGHT);
  rig.metrics.set(stable, GOOD);
  const { workflowId } = await deploy(stable);
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  rig.metrics.set(bad, BROKEN);
  pagedBefore = rig.paging.received.length;
});

const deploy = (version: string, changes: Partial<ReleaseDocument> = {}) =>
  rig.deploy(version, { service, ...changes });

async function isOpen(): Promise<boolean> {
  const { status } = await rig.env.client.workflow
    .getHandle(incident)
    .describe()
    .catch(() => ({ status: { name: 'NEVER' } }));
  return status.name === 'RUNNING';
}

const pages = () => rig.paging.received.slice(pagedBefore).filter(({ kind }) => kind === 'send');

async function saidInIncident(): Promise<readonly string[]> {
  const { timeline } = await rig.client.incidents.show(incident);
  return timeline.map(({ text }) => text);
}

async function replay(workflowId: string): Promise<void> {
  const history = await rig.env.client.workflow.getHandle(workflowId).fetchHistory();
  const workflowBundle = { code: await workflowCode() };
  await Worker.runReplayHistory({ workflowBundle, dataConverter }, history, workflowId);
}

async function goesBack(strategy: ReleaseDocument['strategy']): Promise<void> {
  const { workflowId, number } = await deploy(bad, {
    ...{ strategy, ...STRATEGIES[strategy], ...PAGED },
  });
  const report = await rig.end(workflowId);
  expect(report).toMatchObject({ outcome: 'rolled_back', incident });
  const rollbackId = `rollback/${service}/${number + 1}`;
  await poll(SOON_MS, async () => (pages().length > 0 ? true : undefined));
  expect(pages().map(({ channel, page }) => `${channel} ${page.who}`)).toEqual(['pager ada']);

  const view = await rig.client.incidents.show(incident);
  expect(view).toMatchObject({
    ...{ status: 'triggered', policy: 'night', severity: 'critical', source: workflowId },
    labels: {
      ...{ service: service, version: bad, stable, strategy },
      ...{ release: workflowId, rollback: rollbackId },
    },
    links: [
      {
        text: 'Temporal',
        url: `https://temporal.example/workflows/${encodeURIComponent(workflowId)}`,
      },
    ],
  });
  expect(view.title).toContain(`${service}: ${bad} goes back to ${stable}: `);
  expect(view.text).toMatch(/error rate|not well/);
  expect(view.timeline.map(({ text }) => text)).toContainEqual(
    expect.stringContaining(`${rollbackId}: traffic is back and verified`),
  );

  const progress = await rig.client.progress(workflowId);
  expect(progress.incident).toBe(incident);
  expect(progress.timeline.map(({ text }) => text)).toEqual(
    expect.arrayContaining([
      `${incident} was opened: policy night`,
      `${incident} was opened by ${rollbackId}`,
    ]),
  );
  await replay(rollbackId);
  await replay(workflowId);
}

async function isToldOfASecond(): Promise<void> {
  const first = await deploy(bad, PAGED);
  await rig.end(first.workflowId);
  await poll(SOON_MS, async () => (pages().length > 0 ? true : undefined));
  await rig.client.incidents.acknowledge(incident, ADA);
  const worse = `worse-${count}`;
  rig.metrics.set(worse, BROKEN);
  const second = await deploy(worse, PAGED);
  expect(await rig.end(second.workflowId)).toMatchObject({ incident });
  const view = await rig.client.incidents.show(incident);
  expect(view).toMatchObject({ status: 'acknowledged', labels: { version: worse } });
  expect(view.title).toContain(worse);
  expect(view.links[0]?.url).toContain(encodeURIComponent(second.workflowId));
  expect(await saidInIncident()).toContainEqual(
    expect.stringContaining(`reported once more by ${second.workflowId}`),
  );
  const { timeline } = await rig.client.progress(second.workflowId);
  expect(timeline.map(({ text }) => text)).toEqual(
    expect.arrayContaining([
      `${incident} was open already, and has been told`,
      `${incident} was open already, and has been told by rollback/${service}/${second.number + 1}`,
    ]),
  );
  expect(pages()).toHaveLength(1);
  await replay(`rollback/${service}/${second.number + 1}`);
  await replay(incident);
}

describe('releases and incidents', () => {
  beforeAll(async () => {
    rig = await startWorkflowRig({ maxCachedWorkflows: 500 });
  });
  afterAll(() => rig?.close());

  test.each(STRATEGY_NAMES)(
    'a %s that goes back by itself opens one incident that pages, with its evidence',
    goesBack,
  );

  test(
    'a second bad release is told to the incident that is open, and pages nobody anew',
    isToldOfASecond,
  );

  test('a rollback that cannot be verified says so in the same incident', async () => {
    rig.clock.during('watchRelease', () => {
      rig.metrics.set(stable, BROKEN);
    });
    const { workflowId } = await deploy(bad, PAGED);
    expect(await rig.end(workflowId)).toMatchObject({
      ...{ outcome: 'rollback_unverified', incident, incidentIsNew: true },
    });
    const view = await rig.client.incidents.show(incident);
    expect(view.title).toContain(`rollback not verified, ${stable} serves`);
    expect(await saidInIncident()).not.toContainEqual(expect.stringContaining('and verified'));
    expect(new Set(pages().map(({ page }) => page.incident.id))).toEqual(new Set([incident]));
  });

  test('one that a person began opens an incident only when it cannot be verified', async () => {
    const next = `next-${count}`;
    rig.metrics.set(next, GOOD);
    const good = await deploy(next, PAGED);
    await rig.end(good.workflowId);
    const back = await rig.client.rollback(service, ADA);
    expect(await rig.end(back.workflowId)).toMatchObject({ outcome: 'rolled_back' });
    expect(await isOpen()).toBe(false);

    const again = await deploy(`${next}-again`, PAGED);
    rig.metrics.set(`${next}-again`, GOOD);
    await rig.end(again.workflowId);
    rig.metrics.set(stable, BROKEN);
    const bad2 = await rig.client.rollback(service, { ...ADA, toVersion: stable });
    expect(await rig.end(bad2.workflowId)).toMatchObject({
      ...{ outcome: 'rollback_unverified', incident },
    });
    expect(await rig.client.incidents.show(incident)).toMatchObject({ source: bad2.workflowId });
  });

  test('a release that a person called off opens none', async () => {
    rig.metrics.set(bad, GOOD);
    rig.clock.during('watchRelease', async () => {
      await rig.client.abort(service, ADA);
    });
    const { workflowId } = await deploy(bad, PAGED);
    const report = await rig.end(workflowId);
    expect(report).toMatchObject({ outcome: 'aborted' });
    expect(report.incident).toBeUndefined();
    expect(await isOpen()).toBe(false);
    expect(pages()).toEqual([]);
  });

  test('without a paging file the release is not harmed, and the incident is there', async () => {
    rig.paging.use(undefined);
    const { workflowId } = await deploy(bad, PAGED);
    const report = await rig.end(workflowId);
    expect(report).toMatchObject({ outcome: 'rolled_back', incident });
    const { warnings } = await rig.client.progress(workflowId);
    expect(warnings).toEqual([]);
    expect(await isOpen()).toBe(true);
    // What is there from now on is read a moment later.
    rig.paging.use(NIGHT);
    await rig.env.sleep('1m');
    expect(pages().map(({ channel }) => channel)).toEqual(['pager']);
  });

  test('traffic that does not come back is said while Belay goes on trying', async () => {
    rig.clock.during('watchRelease', () => {
      rig.router.failNext(new Failure('TrafficUnreachable', 'the socket is gone'), 150);
    });
    const { workflowId } = await deploy(bad, PAGED);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'rolled_back' });
    expect(await saidInIncident()).toContainEqual(
      expect.stringMatching(/reported once more .* traffic is not back .* the socket is gone/),
    );
  });

  test('a file without the key opens none', async () => {
    const { workflowId } = await deploy(bad);
    const report = await rig.end(workflowId);
    expect(report).toMatchObject({ outcome: 'rolled_back' });
    expect(await isOpen()).toBe(false);
  });
});

describe('as if the worker had died before each of their tasks, so that all is replayed', () => {
  beforeAll(async () => {
    rig = await startWorkflowRig({ maxCachedWorkflows: 0 });
  });
  afterAll(() => rig?.close());

  test('one incident is opened', () => goesBack('blue_green'));
  test('one incident is told of a second bad release', isToldOfASecond);
});
