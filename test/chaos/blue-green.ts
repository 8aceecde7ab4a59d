import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BalancerKind } from '../../src/dev/balancer.ts';
import { bundleWorkflows } from '../../src/worker/bundle.ts';
import { SERVICE } from '../support/stack.ts';
import { befall } from './befall.ts';
import { type Case, CASES, expectations } from './cases.ts';
import { type Row, compare, conclude, print, requestsRow } from './figures.ts';
import { meetUsers } from './observe.ts';
import { type Scene, linesOf, openScene, range, withFault, worldOf } from './scene.ts';
import { tookEffect } from './wire.ts';

/**
 * Releases during which the worker, or the Temporal server, is ended with `kill -9`: at the
 * beginning of every phase, in the middle of it, and at the worst moments of a write. Each must end
 * as it would have without, with each effect once and in order: by the logs of the drivers, and by
 * what can be seen without them (processes, the versions that users meet, the messages received).
 * `npm run chaos:blue-green -- --json` ends with `{kills, ended, lost, doubled}`.
 */

/** Two environments of one machine that know nothing of each other. */
const PORTS = {
  haproxy: { from: 21_000, to: 21_999 },
  embedded: { from: 22_000, to: 22_999 },
} as const satisfies Record<BalancerKind, unknown>;

/** Everything of one balancer; the cases run one after the other, each on what came before. */
async function chaos(kind: BalancerKind, workflowBundle: string): Promise<Row[]> {
  const scene = await openScene(kind, { workflowBundle, name: kind, ports: PORTS[kind] });
  const { stack, environment } = scene;
  const rows: Row[] = [];
  try {
    const first = await stack.deploy('v1', { environment });
    await stack.until(first.workflowId, 'stabilizing');
    stack.load();
    await stack.end(first.workflowId);
    let stable = 'v1';
    for (const [index, one] of CASES.entries()) {
      const version = `v${index + 2}`;
      const row = await play(scene, one, { version, stable });
      rows.push({ ...row, name: `${kind}: ${one.name}`, releases: 1 });
      for (const last of rows.slice(-1)) print(last);
      if (one.fault === 'none') stable = version;
    }
    rows.push(requestsRow(kind, stack.load().counts()));
    return rows;
  } finally {
    await scene.close();
  }
}

interface Versions {
  readonly version: string;
  readonly stable: string;
}

async function play(scene: Scene, one: Case, { version, stable }: Versions) {
  const { stack, receiver, wire, starts } = scene;
  const { fault, kills } = one;
  const before = await worldOf(scene);
  const users = meetUsers(stack.balancer.url);
  const { workflowId, back, outcome } = await release(scene, one, {
    version,
    stable,
  }).finally(users.stop);
  const answers = await wire.deliver();
  const versions = await users.stop();
  const after = await worldOf(scene);

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
async function release(scene: Scene, { fault, kills }: Case, { version, stable }: Versions) {
  const { stack, receiver, traffic, environment } = scene;
  const { workflowId, number } = await stack.deploy(version, {
    traffic,
    environment: withFault(environment, fault),
    health_check_timeout: '4s',
    notifications: [{ kind: 'webhook', url: receiver.url }],
    stabilization_period: fault === 'leak' ? '40s' : '4s',
  });
  const back = `rollback/${SERVICE}/${number + 1}`;
  const events = kills.map((kill) => ({ kill }));
  await befall(scene, events, { workflowId, back, version, stable });
  const { outcome } = await stack.end(workflowId);
  return { workflowId, back, outcome };
}

const folder = mkdtempSync(join(tmpdir(), 'belay-chaos-'));
const bundle = join(folder, 'workflows.js');
try {
  await bundleWorkflows(bundle);
  conclude((await Promise.all([chaos('haproxy', bundle), chaos('embedded', bundle)])).flat());
} finally {
  rmSync(folder, { recursive: true, force: true });
}
