import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { BalancerKind } from '../../src/dev/balancer.ts';
import type { Phase } from '../../src/domain/release/progress.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { bundleWorkflows } from '../../src/worker/bundle.ts';
import { TEST_MARK, markedProcesses } from '../support/marked-processes.ts';
import { SERVICE, type TestStack, environmentOf, startTestStack } from '../support/stack.ts';
import { type Case, type Kill, CASES, expectations } from './cases.ts';
import { compare, meetUsers } from './observe.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { type TemporalProcess, temporalProcess } from './temporal-process.ts';
import { type Wire, startCable, tookEffect } from './wire.ts';

/**
 * Releases during which the worker, or the Temporal server, is ended with `kill -9`: at the
 * beginning of every phase, in the middle of it, and at the worst moments of a write. Each must end
 * as it would have without, with each effect once and in order: by the logs of the drivers, and by
 * what can be seen without them (processes, the versions that users meet, the messages received).
 * `npm run chaos:blue-green -- --json` ends with `{kills, ended, lost, doubled}`.
 */
interface Row {
  readonly name: string;
  readonly kills: number;
  readonly ended: number;
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
}

/** Two environments of one machine that know nothing of each other. */
const PORTS = {
  haproxy: { from: 21_000, to: 21_999 },
  embedded: { from: 22_000, to: 22_999 },
} as const satisfies Record<BalancerKind, unknown>;

const MOMENT_WITHIN_MS = 90_000;

const signal = new AbortController().signal;

/** Everything of one balancer; the cases run one after the other, each on what came before. */
async function chaos(kind: BalancerKind, workflowBundle: string): Promise<Row[]> {
  const stack = await startTestStack(kind, { workflowBundle });
  const temporal = temporalProcess(stack.temporal.address);
  const receiver = await startReceiver();
  const cable = await startCable(stack);
  const mark = `chaos-${process.pid}-${kind}`;
  const starts = join(stack.folder, 'starts.txt');
  writeFileSync(starts, '');
  const environment = marked(mark, starts, PORTS[kind]);
  const rows: Row[] = [];
  try {
    const first = await stack.deploy('v1', { environment });
    await stack.until(first.workflowId, 'stabilizing');
    stack.load();
    await stack.end(first.workflowId);
    let stable = 'v1';
    for (const [index, one] of CASES.entries()) {
      const version = `v${index + 2}`;
      const scene = { stack, temporal, receiver, ...cable, mark, starts, environment, stable };
      const row = await play(scene, one, version);
      rows.push({ ...row, name: `${kind}: ${one.name}` });
      process.stdout.write(`${line(rows.at(-1))}\n`);
      if (one.fault === 'none') stable = version;
    }
    const { requests, failed, examples } = stack.load().counts();
    rows.push({
      name: `${kind}: ${requests} requests of users`,
      kills: 0,
      ended: 0,
      lost: Array.from({ length: failed }, (_, at) => `request: ${examples[at] ?? 'like these'}`),
      doubled: [],
    });
    return rows;
  } finally {
    await cable.wire.close();
    await receiver.close();
    await stack.close().catch((error: unknown) => {
      // The test environment does not know the server that took the place of its own.
      process.stderr.write(`${kind}: ${String(error)}\n`);
    });
    await temporal.close();
  }
}

interface Scene {
  readonly stack: TestStack;
  readonly temporal: TemporalProcess;
  readonly receiver: Receiver;
  readonly wire: Wire;
  /** The way to the balancer that can be struck. */
  readonly traffic: ReleaseDocument['traffic'];
  readonly mark: string;
  readonly starts: string;
  readonly environment: ReleaseDocument['environment'];
  readonly stable: string;
}

async function play(scene: Scene, one: Case, version: string) {
  const { stack, receiver, wire, stable, starts } = scene;
  const { fault, kills } = one;
  const before = await world(scene);
  const users = meetUsers(stack.balancer.url);
  const { workflowId, back, outcome } = await release(scene, one, version).finally(users.stop);
  const answers = await wire.deliver();
  const versions = await users.stop();
  const after = await world(scene);

  const expected = expectations({ fault, workflowId, back, version, stable });
  const comparisons = [
    compare('write', expected.writes, after.writes.slice(before.writes.length)),
    compare('process', expected.processes, after.processes.slice(before.processes.length)),
    compare('message', expected.messages, after.messages.slice(before.messages.length)),
    compare('version that users met', expected.met, versions),
    compare('start', expected.starts, linesOf(starts).slice(before.starts.length)),
    compare('running instance', ['1', '2'], range(after.running)),
    compare('serves', [`${expected.serves} 100`], after.serves),
    compare('ends', [expected.outcome], [outcome]),
  ];
  return {
    kills: kills.length,
    ended: outcome === expected.outcome ? 1 : 0,
    lost: comparisons.flatMap(({ missing }) => missing),
    doubled: [
      ...comparisons.flatMap(({ extra }) => extra),
      ...receiver.changed.map((key) => `message ${key} came again with another text`),
      ...answers.filter((answer) => tookEffect(answer)).map((answer) => `late: ${answer}`),
    ],
  };
}

/** The release with everything that befalls it. */
async function release(scene: Scene, { fault, kills }: Case, version: string) {
  const { stack, receiver, traffic, environment } = scene;
  const { workflowId, number } = await stack.deploy(version, {
    traffic,
    environment: withFault(environment, fault),
    health_check_timeout: '4s',
    notifications: [{ kind: 'webhook', url: receiver.url }],
    stabilization_period: fault === 'leak' ? '40s' : '4s',
  });
  const back = `rollback/${SERVICE}/${number + 1}`;
  for (const kill of kills) await strike(scene, kill, { workflowId, back });
  const { outcome } = await stack.end(workflowId);
  return { workflowId, back, outcome };
}

/** Waits for the moment and ends the process; the worker is back a moment later. */
async function strike(
  { stack, temporal, receiver, wire, starts }: Scene,
  kill: Kill,
  { workflowId, back }: { readonly workflowId: string; readonly back: string },
): Promise<void> {
  if ('in' in kill) {
    await seen(stack, kill.in, [workflowId, back]);
    await wait(kill.afterMs ?? 0);
    if (kill.server === true) return temporal.crash();
  } else if ('write' in kill) {
    const isBack = kill.write === 'switch-back';
    const text = isBack ? `${back}/switch` : `/${kill.write}`;
    await within(wire.strike(text, kill.fate), `the write ${text}`);
  } else if ('started' in kill) {
    const count = linesOf(starts).length;
    const begun = async (): Promise<void> => {
      while (linesOf(starts).length === count) await wait(1);
    };
    await within(begun(), 'the start of an instance');
  } else {
    await within(receiver.hangUp(), 'the message');
  }
  const worker = stack.worker();
  worker.kill('SIGKILL');
  await worker.exited;
  await stack.startWorker();
}

async function within<T>(moment: Promise<T>, what: string): Promise<T> {
  const late = new AbortController();
  const never = wait(MOMENT_WITHIN_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error(`${what} never came`);
  });
  try {
    return await Promise.race([moment, never]);
  } finally {
    late.abort();
    never.catch(() => undefined);
  }
}

async function seen(stack: TestStack, phase: Phase, ids: readonly string[]): Promise<void> {
  for (const untilMs = Date.now() + MOMENT_WITHIN_MS; Date.now() < untilMs; await wait(20)) {
    for (const id of ids) {
      const progress = await stack.client.progress(id).catch(() => undefined);
      // A release is deploying when it has been accepted; the look at it may come later.
      if (progress?.timeline.some((entry) => entry.phase === phase)) return;
    }
  }
  throw new Error(`${ids.join(', ')}: ${phase} was never seen`);
}

/** What the drivers have logged, and what can be seen without them. */
async function world({ stack, receiver, mark, starts }: Scene) {
  const [writes, processes, state] = await Promise.all([
    stack.router.effects(SERVICE, signal),
    stack.environment.effects(SERVICE),
    stack.router.read(SERVICE, signal),
  ]);
  return {
    writes: writes.map(({ key }) => key),
    processes: processes.map(({ key }) => key),
    messages: [...receiver.keys],
    starts: linesOf(starts),
    running: markedProcesses(mark).length,
    serves: state.routes.map((route) => `${route.version} ${route.weightPercent}`),
  };
}

/** Instances that write a line as they begin, and that can be found without the driver. */
function marked(
  mark: string,
  starts: string,
  ports: (typeof PORTS)[BalancerKind],
): ReleaseDocument['environment'] {
  const environment = environmentOf({ [TEST_MARK]: mark });
  if (environment.kind !== 'process') throw new Error('instances are processes here');
  const script = `echo "$BELAY_VERSION" >> "${starts}"; exec "$@"`;
  return {
    ...environment,
    ports,
    command: ['/bin/sh', '-c', script, 'sh', ...environment.command],
  };
}

function withFault(
  environment: ReleaseDocument['environment'],
  fault: Case['fault'],
): ReleaseDocument['environment'] {
  if (environment.kind !== 'process') throw new Error('instances are processes here');
  return { ...environment, env: { ...environment.env, FAULT: fault } };
}

function linesOf(file: string): readonly string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

function range(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => String(at + 1));
}

function line(row: Row | undefined): string {
  if (row === undefined) return '';
  const { name, kills, ended, lost, doubled } = row;
  const head = `${name.padEnd(52)} kills ${kills}  ended ${ended}`;
  return [
    `${head}  lost ${lost.length}  doubled ${doubled.length}`,
    ...lost.map((one) => `  lost: ${one}`),
    ...doubled.map((one) => `  doubled: ${one}`),
  ].join('\n');
}

const folder = mkdtempSync(join(tmpdir(), 'belay-chaos-'));
const bundle = join(folder, 'workflows.js');
try {
  await bundleWorkflows(bundle);
  const rows = (await Promise.all([chaos('haproxy', bundle), chaos('embedded', bundle)])).flat();
  const total = (pick: (row: Row) => number): number =>
    rows.reduce((sum, row) => sum + pick(row), 0);
  const figures = {
    kills: total(({ kills }) => kills),
    ended: total(({ ended }) => ended),
    lost: total(({ lost }) => lost.length),
    doubled: total(({ doubled }) => doubled.length),
  };
  const releases = CASES.length * 2;
  process.stdout.write(
    `${releases} releases, ${figures.kills} kills: ${figures.ended} ended as they should, ` +
      `${figures.lost} effects lost, ${figures.doubled} doubled\n`,
  );
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(figures)}\n`);
  const isWhole = figures.ended === releases && figures.lost === 0 && figures.doubled === 0;
  process.exitCode = isWhole ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
