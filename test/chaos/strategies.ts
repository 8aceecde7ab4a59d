import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BalancerKind } from '../../src/dev/balancer.ts';
import { type Step, planOf } from '../../src/domain/release/plan.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { bundleWorkflows } from '../../src/worker/bundle.ts';
import { SERVICE } from '../support/stack.ts';
import { AB_TESTS } from './ab-test-cases.ts';
import { befall } from './befall.ts';
import { BLUE_GREENS } from './blue-green-cases.ts';
import { CANARIES } from './canary-cases.ts';
import { type Expected, expectedEnd, expectedOfManual } from './endings.ts';
import type { Run } from './expected.ts';
import { type Row, compare, conclude, print, requestsRow } from './figures.ts';
import { meetUsers } from './observe.ts';
import { ROLLINGS } from './rolling-cases.ts';
import { type Scene, openScene, range, withFault, worldOf } from './scene.ts';
import type { Event, Lane, ManualRollback, StrategyCase } from './strategy-case.ts';

/**
 * Releases of every strategy during which the worker, or the Temporal server, is ended with
 * `kill -9`: at each step of the plan, in the middle of it, in rollbacks, while a person is waited
 * for. Each must end as it would have without; what it must leave behind follows from its plan.
 * `npm run chaos:strategies -- --json` ends with `{kills, ended, lost, doubled}`; `--only=canary`
 * or `--only=haproxy/rolling` runs a part of it, `--everywhere` all cases on both balancers.
 */
const LANES: readonly Lane[] = [CANARIES, ROLLINGS, AB_TESTS, BLUE_GREENS];
const BALANCERS: readonly BalancerKind[] = ['embedded', 'haproxy'];
/** So many stacks at once: each mostly waits. */
const AT_ONCE = 5;
/** Each case on both balancers, also where one is as good as the other. */
const EVERYWHERE = process.argv.includes('--everywhere');
const FIRST_PORT = 23_000;
const PORTS_A_LANE = 500;

interface Versions {
  readonly version: string;
  readonly stable: string | null;
  readonly before: string | null;
}

/** The cases of a lane run one after the other, each on what came before. */
async function runLane(kind: BalancerKind, lane: Lane, at: number, bundle: string): Promise<Row[]> {
  const name = `${kind}/${lane.name}`;
  const from = FIRST_PORT + at * PORTS_A_LANE;
  const ports = { from, to: from + PORTS_A_LANE - 1 };
  const scene = await openScene(kind, { workflowBundle: bundle, name, ports });
  const cases = lane.cases.filter(({ on }) => EVERYWHERE || on === undefined || on === kind);
  const rows: Row[] = [];
  let versions: Versions = { version: 'v1', stable: null, before: null };
  try {
    for (const [index, one] of cases.entries()) {
      versions = { ...versions, version: `v${index + 1}` };
      const began = Date.now();
      const row = await tried(scene, () => play(scene, lane, one, versions));
      const seconds = Math.round((Date.now() - began) / 1000);
      rows.push({ ...row, name: `${name}: ${one.name} (${seconds} s)` });
      for (const last of rows.slice(-1)) print(last);
      if (row.serves === undefined) break;
      const { stable } = versions;
      if (row.serves !== stable) versions = { ...versions, stable: row.serves, before: stable };
    }
    rows.push(...cases.slice(rows.length).map((one) => notReached(`${name}: ${one.name}`)));
    rows.push(requestsRow(name, scene.stack.load().counts()));
    for (const last of rows.slice(-1)) print(last);
    return rows;
  } finally {
    await scene.close();
  }
}

type Played = Row & {
  /** Undefined: what comes after it has nothing to build on. */
  readonly serves: string | null | undefined;
};

async function tried({ stack }: Scene, work: () => Promise<Played>): Promise<Played> {
  try {
    return await work();
  } catch (error) {
    const progress = await stack.client.progress(SERVICE).catch(() => undefined);
    const lost = [
      String(error),
      ...(progress?.timeline ?? []).map(({ phase, text }) => `  ${phase}: ${text}`),
    ];
    return { name: '', kills: 0, releases: 1, ended: 0, lost, doubled: [], serves: undefined };
  }
}

function notReached(name: string): Row {
  return { name, kills: 0, releases: 1, ended: 0, lost: ['it was not reached'], doubled: [] };
}

async function play(
  scene: Scene,
  lane: Lane,
  one: StrategyCase | ManualRollback,
  versions: Versions,
): Promise<Played> {
  const { stack, receiver, wire } = scene;
  const before = await worldOf(scene);
  const changed = receiver.changed.length;
  const users = versions.stable === null ? undefined : meetUsers(stack.balancer.url);
  const went = await (
    'manual' in one
      ? goBackByHand(scene, one, versions, lane.instances)
      : release(scene, lane, one, versions)
  ).catch(async (error: unknown) => {
    await users?.stop();
    throw error;
  });
  // Whatever it is answered, the logs and the routes below say whether it has changed anything.
  await wire.deliver();
  const met = await users?.stop();
  const after = await worldOf(scene);
  const { expected, outcome, kills } = went;
  const { writes, processes, messages, starts, serves } = expected;
  const comparisons = [
    compare('write', writes, after.writes.slice(before.writes.length).map(withoutNumber)),
    compare('process', processes, after.processes.slice(before.processes.length)),
    compare('message', messages, after.messages.slice(before.messages.length)),
    compare('start', starts, after.starts.slice(before.starts.length)),
    compare('running instance', range(serves === null ? 0 : lane.instances), range(after.running)),
    compare('serves', serves === null ? [] : [`${serves} 100`], after.serves),
    compare('ends', [expected.outcome], [outcome]),
    compare('version that users met', met === undefined ? [] : expected.met, metBy(met)),
    compare('version met at last', met === undefined ? [] : [`${serves}`], met?.slice(-1) ?? []),
  ];
  return {
    name: one.name,
    kills,
    releases: 1,
    ended: outcome === expected.outcome ? 1 : 0,
    lost: comparisons.flatMap(({ missing }) => missing),
    doubled: [
      ...comparisons.flatMap(({ extra }) => extra),
      ...receiver.changed
        .slice(changed)
        .map((key) => `message ${key} came again with another text`),
    ],
    serves,
  };
}

interface Went {
  readonly expected: Expected;
  readonly outcome: string;
  readonly kills: number;
}

/** A release with everything that befalls it. */
async function release(
  scene: Scene,
  lane: Lane,
  one: StrategyCase,
  { version, stable }: Versions,
): Promise<Went> {
  const { stack } = scene;
  const changes = changesOf(scene, lane, one);
  const plan = planOf(stack.specOf(version, changes), {
    stableInstances: stable === null ? null : lane.instances,
    fast: false,
  });
  const number = await nextNumber(scene);
  const workflowId = `release/${SERVICE}/${number}`;
  const back = `rollback/${SERVICE}/${number + 1}`;
  const events = eventsOf(one, plan, stable ?? '');
  // What comes first is looked out for before the release begins.
  const befallen = befall(scene, events, { workflowId, back, version, stable });
  await Promise.all([befallen, stack.deploy(version, changes)]);
  const { outcome } = await stack.end(workflowId);
  const run: Run = {
    ...{ plan, workflowId, back, version, stable },
    desired: lane.instances,
    baseline: one.changes.baseline === true ? `${stable}-baseline` : null,
    surge: one.changes.rolling?.max_surge !== undefined,
  };
  return { expected: expectedEnd(run, one), outcome, kills: events.reduce(countKills, 0) };
}

function changesOf(
  { traffic, environment, receiver }: Scene,
  { instances }: Lane,
  { fault, changes, hook }: StrategyCase,
): Partial<ReleaseDocument> {
  const webhook = { url: receiver.url };
  return {
    traffic,
    environment: { ...withFault(environment, fault ?? 'none'), instances },
    watch: { interval: '500ms', window: '5s', no_data_budget: '10s', min_samples: 5 },
    // The machine is busy: what is judged here is what kills do, not how fast it answers.
    performance_thresholds: { max_latency_p95: '3s', max_error_rate: '20%' },
    validation: {
      ...{ window: '3s', requests_per_second: 20, no_data_budget: '5s' },
      max_latency_increase: '1000%',
    },
    notifications: [{ kind: 'webhook', ...webhook }],
    ...(hook === undefined
      ? {}
      : { hooks: [{ name: hook, before: 'traffic', webhook, undo: { webhook } }] }),
    ...changes,
    ...(changes.steps === undefined || traffic.kind !== 'haproxy'
      ? {}
      : { steps: changes.steps.filter(({ mirror }) => mirror === undefined) }),
  };
}

function eventsOf({ events }: StrategyCase, plan: readonly Step[], stable: string) {
  return typeof events === 'function' ? events(plan, stable) : events;
}

function countKills(count: number, event: Event): number {
  if ('kill' in event) return count + 1;
  if (!('away' in event)) return count;
  return count + (event.away === 'server' ? 1 : 2);
}

/** Of the run that is begun next. */
async function nextNumber({ stack }: Scene): Promise<number> {
  const view = await stack.client.history(SERVICE).catch(() => undefined);
  return view?.nextNumber ?? 1;
}

/** Nothing runs: a person wants the version before, which has to be started again. */
async function goBackByHand(
  scene: Scene,
  { kills }: ManualRollback,
  { stable, before }: Versions,
  instances: number,
): Promise<Went> {
  if (stable === null || before === null) throw new Error('there is no version to go back to');
  const { client } = scene.stack;
  const workflowId = `rollback/${SERVICE}/${await nextNumber(scene)}`;
  const events = kills.map((kill) => ({ kill }));
  const ids = { workflowId, back: workflowId };
  const befallen = befall(scene, events, { ...ids, version: before, stable });
  await Promise.all([befallen, client.rollback(SERVICE, { who: 'chaos', why: 'a look' })]);
  const { outcome } = await scene.stack.end(workflowId);
  const expected = expectedOfManual({ workflowId, from: stable, to: before, instances });
  return { expected, outcome, kills: kills.length };
}

/** Of what is named after a moment, everything else is known beforehand. */
function withoutNumber(key: string): string {
  return key.replace(/taken-back-\d+$/, 'taken-back').replace(/^break-glass\/.*$/, 'break-glass');
}

/** Both versions answer in turn: who was met at all is what counts. */
function metBy(versions: readonly string[] | undefined): readonly string[] {
  return [...new Set(versions)].toSorted();
}

async function runAll(bundle: string): Promise<readonly Row[]> {
  const only = process.argv.find((arg) => arg.startsWith('--only='))?.slice('--only='.length);
  // The longest lanes come first.
  const all = LANES.flatMap((lane) => BALANCERS.map((kind) => ({ kind, lane }))).filter(
    ({ kind, lane }) => only === undefined || `${kind}/${lane.name}`.includes(only),
  );
  const waiting = [...all.entries()];
  const rows: Row[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, { kind, lane }] = next;
      rows.push(...(await runLane(kind, lane, at, bundle)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, () => work()));
  return rows;
}

const folder = mkdtempSync(join(tmpdir(), 'belay-chaos-'));
const bundle = join(folder, 'workflows.js');
try {
  await bundleWorkflows(bundle);
  conclude(await runAll(bundle));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
