import { Pool } from 'undici';
import type { BalancerKind } from '../src/dev/balancer.ts';
import { startLoad } from '../src/dev/load.ts';
import { SERVICE, type TestStack, environmentOf, startTestStack } from '../test/support/stack.ts';

/**
 * A release and a rollback of it, whole ones by a worker, under constant load over kept
 * connections: how many requests are lost. Then, at rest, what the balancer adds to the median of
 * the service asked directly, which is the limit that no balancer can be below.
 * `npm run bench:switch -- --json` ends with
 * `{haproxy: {requests, failed, addedP50Ms, …}, embedded: {…}}`.
 */
const REQUESTS_MIN = 50_000;
const REQUESTS_PER_SECOND = 1000;
const CONNECTIONS = 32;
const BLOCKS = 10;
const REQUESTS_A_BLOCK = 500;

interface Row {
  readonly requests: number;
  readonly failed: number;
  /** Times that all traffic went from one version to another. */
  readonly switches: number;
  readonly p50Ms: number;
  readonly directP50Ms: number;
  readonly addedP50Ms: number;
}

async function measure(kind: BalancerKind): Promise<Row> {
  const stack = await startTestStack(kind);
  try {
    const environment = environmentOf({ WORK_MS: '1' });
    const first = await stack.deploy('v1', { environment });
    await stack.until(first.workflowId, 'stabilizing');
    stack.load();
    await stack.end(first.workflowId);
    const rest = await atRest(stack);

    const load = startLoad({
      url: stack.balancer.url,
      connections: CONNECTIONS,
      requestsPerSecond: REQUESTS_PER_SECOND,
    });
    let switches = 0;
    for (let number = 2; load.counts().requests < REQUESTS_MIN; number += 1) {
      const release = await stack.deploy(`v${number}`, { environment });
      await ends(stack, release.workflowId, 'succeeded');
      const back = await stack.client.rollback(SERVICE, { who: 'bench', why: 'and back' });
      await ends(stack, back.workflowId, 'rolled_back');
      switches += 2;
    }
    const { requests, failed, examples } = await load.stop();
    for (const example of examples) process.stdout.write(`${kind}: ${example}\n`);
    return { requests, failed, switches, ...rest };
  } finally {
    await stack.close();
  }
}

async function ends(stack: TestStack, workflowId: string, outcome: string): Promise<void> {
  const report = await stack.end(workflowId);
  if (report.outcome !== outcome) throw new Error(`${workflowId}: ${report.reason}`);
}

/** One request at a time, in turns through the balancer and to the instances themselves. */
async function atRest({ balancer, environment }: TestStack) {
  const instances = await environment.find(SERVICE, 'v1');
  const direct = instances.map(({ host, port }) => `http://${host}:${port}`);
  const through: number[] = [];
  const beside: number[] = [];
  for (let block = 0; block < BLOCKS; block += 1) {
    beside.push(...(await inTurns(direct)));
    through.push(...(await inTurns([balancer.url])));
  }
  const p50Ms = median(through);
  const directP50Ms = median(beside);
  const addedP50Ms = Math.round((p50Ms - directP50Ms) * 1000) / 1000;
  return { p50Ms, directP50Ms, addedP50Ms };
}

async function inTurns(urls: readonly string[]): Promise<readonly number[]> {
  const pools = urls.map((url) => new Pool(url, { connections: 1 }));
  const tookMs: number[] = [];
  for (let at = 0; at < REQUESTS_A_BLOCK; at += 1) {
    const startedMs = performance.now();
    const answer = await pools[at % pools.length]?.request({ method: 'GET', path: '/' });
    await answer?.body.dump();
    tookMs.push(performance.now() - startedMs);
  }
  await Promise.all(pools.map((pool) => pool.close()));
  return tookMs;
}

function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  return Math.round(middle * 1000) / 1000;
}

const rows = { haproxy: await measure('haproxy'), embedded: await measure('embedded') };
process.stdout.write(
  'balancer  requests  failed  switches  p50 ms  direct p50 ms  added p50 ms  ratio\n',
);
for (const [name, row] of Object.entries(rows)) {
  const counts = [row.requests, row.failed, row.switches].map(String);
  const figures = [row.p50Ms, row.directP50Ms, row.addedP50Ms, row.p50Ms / row.directP50Ms];
  const cells = [name, ...counts, ...figures.map((value) => value.toFixed(2))];
  process.stdout.write(`${cells.map((cell) => cell.padEnd(9)).join(' ')}\n`);
}
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows)}\n`);
if (Object.values(rows).some(({ failed }) => failed > 0)) process.exitCode = 1;
