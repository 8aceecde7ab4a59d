import { Client, Connection } from '@temporalio/client';
import { dataConverter } from '../src/codec/data-converter.ts';
import { demoRelease } from '../src/dev/demo-release.ts';
import { serviceWorkflowId } from '../src/domain/release/names.ts';
import { requireRelease } from '../src/domain/release/release-file.ts';
import type { ReleaseSpec } from '../src/domain/release/release-spec.ts';
import {
  type KeptRun,
  type ServiceState,
  newService,
} from '../src/domain/release/service-state.ts';
import { begun } from '../test/support/begun.ts';
import { startTestStack } from '../test/support/stack.ts';

/**
 * How fast `deploy` is answered by a service with 1,000 releases behind it, and by a new one: on a
 * real server, the old one's owner having continued as new with all that it carries. The very first
 * `deploy` of a service, which also starts its owner, stands apart. The releases themselves are
 * called off at once.
 * `npm run bench:deploy-latency -- --json` ends with
 * `{newFirstP50Ms, newP50Ms, oldP50Ms, ratio, runs, stateBytes}`. Exits with 1 when the ratio of old
 * to new is above 1.5: what two such medians differ by from run to run is below.
 */
const PAIRS = 12;
const DEPLOYS = 3;
const RATIO_MAX = 1.5;
const RELEASES_BEFORE = 1000;
const RUNS_KEPT = 50;
const SPECS_KEPT = 10;
const ANSWERS_KEPT = 200;

const stack = await startTestStack('embedded', {
  temporalArgs: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=200'],
});
const connection = await Connection.connect({ address: stack.temporal.address });
const temporal = new Client({ connection, dataConverter });

function specOf(service: string, version: string): ReleaseSpec {
  const document = demoRelease({
    service,
    version,
    instances: 1,
    traffic: stack.balancer.traffic,
    changes: { environment: { kind: 'process', instances: 1, command: ['sleep', '60'] } },
  });
  const text = JSON.stringify(document);
  return requireRelease({ text, file: 'bench.json', folder: stack.folder, version }).spec;
}

/** As many runs, specifications and answers as a state ever carries. */
function oldState(service: string): ServiceState {
  const runs = Array.from({ length: RUNS_KEPT }, (_, at): KeptRun => {
    const number = RELEASES_BEFORE - at;
    const version = `v${number}`;
    return {
      workflowId: `release/${service}/${number}`,
      service,
      kind: 'release',
      number,
      version,
      who: 'bench',
      why: `release ${version}`,
      startedAtMs: number,
      endedAtMs: number + 1,
      outcome: 'succeeded',
      reason: 'p95 is 5.4 ms, limit 20 ms (463 requests); error rate is 0 %, limit 5 %',
      ...(at < SPECS_KEPT ? { served: specOf(service, version) } : {}),
    };
  });
  const answered = Array.from({ length: ANSWERS_KEPT }, (_, at) => {
    const number = RELEASES_BEFORE - at;
    const workflowId = `release/${service}/${number}`;
    const answer = { workflowId, number, version: `v${number}`, remarks: [] };
    return { requestId: `request-${number}`, answer: { kind: 'begun' as const, ...answer } };
  });
  const version = `v${RELEASES_BEFORE}`;
  return {
    ...newService(service),
    stable: { version, spec: specOf(service, version), instances: [] },
    servedBy: RELEASES_BEFORE,
    nextNumber: RELEASES_BEFORE + 1,
    runs,
    answered,
  };
}

/** The owner of a service that has lived for long: it has continued as new with its state. */
async function startOld(service: string): Promise<void> {
  const handle = await temporal.workflow.start('service', {
    workflowId: serviceWorkflowId(service),
    taskQueue: 'belay',
    args: [oldState(service)],
  });
  const owner = temporal.workflow.getHandle(handle.workflowId);
  for (;;) {
    // The end of a run that it does not know changes nothing, but makes its history longer.
    await owner.signal('ended', { workflowId: 'nobody' });
    const { runId } = await owner.describe();
    if (runId !== handle.firstExecutionRunId) return;
  }
}

/** Milliseconds until each of some releases in a row had begun. */
async function deploys(service: string): Promise<readonly number[]> {
  const tookMs: number[] = [];
  for (let at = 1; at <= DEPLOYS; at += 1) {
    const release = specOf(service, `next-${at}`);
    const fromMs = performance.now();
    const accepted = await stack.client.deploy({ release, who: 'bench', why: 'how fast' });
    tookMs.push(performance.now() - fromMs);
    await stack.client.abort(service, { who: 'bench', why: 'that was all' });
    await stack.end(begun(accepted).workflowId);
  }
  return tookMs;
}

function p50(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  return Number((middle ?? Number.NaN).toFixed(1));
}

try {
  const first: number[] = [];
  const fresh: number[] = [];
  const old: number[] = [];
  await deploys('warm-up');
  for (let pair = 1; pair <= PAIRS; pair += 1) {
    await startOld(`old-${pair}`);
    const [started = Number.NaN, ...later] = await deploys(`new-${pair}`);
    first.push(started);
    fresh.push(...later);
    old.push(...(await deploys(`old-${pair}`)).slice(1));
  }
  const stateBytes = JSON.stringify(oldState('old-1')).length;
  const figures = {
    newFirstP50Ms: p50(first),
    newP50Ms: p50(fresh),
    oldP50Ms: p50(old),
    ratio: Number((p50(old) / p50(fresh)).toFixed(2)),
    runs: old.length,
    stateBytes,
  };
  process.stdout.write(
    `deploy, answered after (median of ${old.length})\n` +
      `a new service            ${figures.newP50Ms} ms (its very first: ${figures.newFirstP50Ms})\n` +
      `1,000 releases behind it ${figures.oldP50Ms} ms, carrying ${stateBytes} bytes\n` +
      `ratio                    ${figures.ratio}, allowed ${RATIO_MAX}\n`,
  );
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(figures)}\n`);
  if (!(figures.ratio <= RATIO_MAX)) process.exitCode = 1;
} finally {
  await connection.close();
  await stack.close();
}
