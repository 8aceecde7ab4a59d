import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import type { BalancerKind } from '../../src/dev/balancer.ts';
import { freePort } from '../../src/dev/free-port.ts';
import type { Phase } from '../../src/domain/release/progress.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { bundleWorkflows } from '../../src/worker/bundle.ts';
import { TEST_MARK, markedProcesses } from '../support/marked-processes.ts';
import { SERVICE, type TestStack, environmentOf, startTestStack } from '../support/stack.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { type TemporalProcess, temporalProcess } from './temporal-process.ts';
import { type Fate, type Wire, startWire } from './wire.ts';

/**
 * Releases during which the worker, or the Temporal server, is ended with `kill -9`: at the
 * beginning of every phase, in the middle of it, and at the worst moments of a write. Each must end
 * as it would have without, with each effect once and in order: by the logs of the drivers, and by
 * what can be seen without them (processes, the versions that users meet, the messages received).
 * `npm run chaos:blue-green -- --json` ends with `{kills, ended, lost, doubled}`.
 */
type Kill =
  /** When the phase is first seen, or some time after that. */
  | { readonly in: Phase; readonly afterMs?: number; readonly server?: true }
  /** When the driver writes this effect, which then meets this fate. */
  | { readonly write: string; readonly fate: Fate }
  /** When the first instance of the candidate has begun to run. */
  | { readonly started: 'instance' }
  /** When a message has been received, before it is answered. */
  | { readonly received: 'message' };

interface Case {
  readonly name: string;
  readonly fault: 'none' | 'leak' | 'unhealthy';
  readonly kills: readonly Kill[];
}

const CASES: readonly Case[] = [
  {
    name: 'good, each phase as it begins',
    fault: 'none',
    kills: [
      { in: 'deploying' },
      { in: 'checking' },
      { in: 'validating' },
      { write: 'switch', fate: 'lost' },
      { in: 'stabilizing' },
      { in: 'cleaning_up' },
    ],
  },
  {
    name: 'good, the middle of each phase',
    fault: 'none',
    kills: [
      { started: 'instance' },
      { in: 'checking', afterMs: 500 },
      { in: 'validating', afterMs: 1500 },
      { write: 'switch', fate: 'unanswered' },
      { in: 'stabilizing', afterMs: 2000 },
      { write: 'unregister-', fate: 'lost' },
    ],
  },
  {
    name: 'good, the first and last writes',
    fault: 'none',
    kills: [
      { write: 'register', fate: 'unanswered' },
      { write: 'switch', fate: 'late' },
      { received: 'message' },
      { write: 'unregister-', fate: 'unanswered' },
    ],
  },
  {
    name: 'good, the server',
    fault: 'none',
    kills: [
      { in: 'deploying', server: true },
      { in: 'stabilizing', afterMs: 1000, server: true },
    ],
  },
  {
    name: 'bad, each phase as it begins',
    fault: 'leak',
    kills: [{ write: 'switch-back', fate: 'lost' }, { in: 'verifying' }, { in: 'cleaning_up' }],
  },
  {
    name: 'bad, the middle of each phase',
    fault: 'leak',
    kills: [
      { write: 'switch-back', fate: 'unanswered' },
      { in: 'verifying', afterMs: 1000 },
      { write: 'unregister-', fate: 'unanswered' },
      { received: 'message' },
    ],
  },
  {
    name: 'bad, a write that comes late; the server',
    fault: 'leak',
    kills: [
      { write: 'switch', fate: 'late' },
      { write: 'switch-back', fate: 'late' },
      { in: 'verifying', server: true },
    ],
  },
  {
    name: 'unhealthy',
    fault: 'unhealthy',
    kills: [
      { in: 'checking', afterMs: 700 },
      { write: 'unregister-', fate: 'unanswered' },
    ],
  },
  { name: 'unhealthy, as people are told', fault: 'unhealthy', kills: [{ received: 'message' }] },
];

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

async function play(scene: Scene, { fault, kills }: Case, version: string) {
  const { stack, receiver, wire, traffic, environment, stable, starts } = scene;
  const before = await world(scene);
  const users = meetUsers(stack.balancer.url);
  const { workflowId, number } = await stack.deploy(version, {
    traffic,
    environment: withFault(environment, fault),
    health_check_timeout: '4s',
    notifications: [{ kind: 'webhook', url: receiver.url }],
    stabilization_period: fault === 'leak' ? '40s' : '4s',
  });
  const back = `rollback/${SERVICE}/${number + 1}`;
  for (const kill of kills) await strike(scene, kill, { workflowId, back });
  const report = await stack.end(workflowId);
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
    compare('ends', [expected.outcome], [report.outcome]),
  ];
  return {
    kills: kills.length,
    ended: report.outcome === expected.outcome ? 1 : 0,
    lost: comparisons.flatMap(({ missing }) => missing),
    doubled: [
      ...comparisons.flatMap(({ extra }) => extra),
      ...receiver.changed.map((key) => `message ${key} came again with another text`),
      ...answers.filter((answer) => tookEffect(answer)).map((answer) => `late: ${answer}`),
    ],
  };
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
      if (progress?.phase === phase) return;
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

function expectations(run: {
  readonly fault: Case['fault'];
  readonly workflowId: string;
  readonly back: string;
  readonly version: string;
  readonly stable: string;
}) {
  const { fault, workflowId, back, version, stable } = run;
  const starts = [version, version];
  switch (fault) {
    case 'none':
      return {
        outcome: 'succeeded',
        writes: [`register`, `switch`, `unregister-${stable}`].map((one) => `${workflowId}/${one}`),
        processes: ['deploy', `remove-${stable}`].map((one) => `${workflowId}/${one}`),
        messages: [`${workflowId}/promoted`],
        met: [stable, version],
        serves: version,
        starts,
      };
    case 'leak':
      return {
        outcome: 'rolled_back',
        writes: [
          `${workflowId}/register`,
          `${workflowId}/switch`,
          `${back}/switch`,
          `${back}/unregister-${version}`,
        ],
        processes: [`${workflowId}/deploy`, `${back}/remove-${version}`],
        messages: [`${back}/ended`],
        met: [stable, version, stable],
        serves: stable,
        starts,
      };
    case 'unhealthy':
      return {
        outcome: 'failed',
        writes: [`${workflowId}/register`, `${workflowId}/unregister-${version}`],
        processes: [`${workflowId}/deploy`, `${workflowId}/remove-${version}`],
        messages: [`${workflowId}/ended`],
        met: [stable],
        serves: stable,
        starts,
      };
    default:
      return fault satisfies never;
  }
}

/** In order: what is missing, and what came twice, too early or unasked. */
function compare(what: string, expected: readonly string[], found: readonly string[]) {
  const missing: string[] = [];
  const extra: string[] = [];
  let at = 0;
  for (const one of expected) {
    const place = found.indexOf(one, at);
    if (place < 0) {
      missing.push(`${what} ${one}`);
      continue;
    }
    extra.push(...found.slice(at, place).map((other) => `${what} ${other}`));
    at = place + 1;
  }
  extra.push(...found.slice(at).map((other) => `${what} ${other}`));
  return { missing, extra };
}

/** One user who asks again and again: the versions in the order in which they answered. */
function meetUsers(url: string) {
  const versions: string[] = [];
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      const { headers, body } = await request(url);
      await body.dump();
      const version = String(headers['x-version']);
      if (versions.at(-1) !== version) versions.push(version);
      await wait(10);
    }
  })();
  return {
    async stop(): Promise<readonly string[]> {
      stopped = true;
      await loop;
      return versions;
    },
  };
}

async function startCable({ balancer, folder }: TestStack) {
  const { traffic } = balancer;
  if (traffic.kind === 'haproxy') {
    const socket = join(folder, 'wire.sock');
    const wire = await startWire({ path: socket }, { path: traffic.socket });
    return { wire, traffic: { ...traffic, socket } };
  }
  if (traffic.kind === 'embedded') {
    const { hostname: host, port } = new URL(traffic.control);
    const near = await freePort();
    const wire = await startWire({ host, port: near }, { host, port: Number(port) });
    return { wire, traffic: { ...traffic, control: `http://${host}:${near}` } };
  }
  throw new Error(`${traffic.kind} has no cable`);
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

/** What a device says when it takes a write for a new one. */
function tookEffect(answer: string): boolean {
  return /^ok\b/.test(answer) || answer.startsWith('HTTP/1.1 200');
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
