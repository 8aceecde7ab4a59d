import { mkdtempSync, rmSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BalancerKind, startBalancer } from '../src/dev/balancer.ts';
import { readDevConfig } from '../src/dev/config.ts';
import { demoRelease } from '../src/dev/demo-release.ts';
import { startLoad } from '../src/dev/load.ts';
import { quantile } from '../src/domain/judge/histogram.ts';
import { requireRelease } from '../src/domain/release/release-file.ts';
import { createRouters } from '../src/providers/traffic/registry.ts';

/**
 * Constant load over kept connections while traffic is switched and switched back: how many
 * requests are lost, and what the balancer adds to the median beside the service asked directly.
 * `npm run bench:switch -- --json` ends with `{haproxy: {requests, failed, addedP50Ms}, embedded}`.
 */
const SERVICE = 'checkout';
const REQUESTS = 60_000;
const CONNECTIONS = 32;
const SWITCH_EVERY_MS = 1000;

interface Row {
  readonly requests: number;
  readonly failed: number;
  readonly switches: number;
  readonly p50Ms: number;
  readonly directP50Ms: number;
  readonly addedP50Ms: number;
}

async function startVersion(version: string): Promise<{ server: Server; port: number }> {
  const server = createServer((_request, response) => {
    response.setHeader('x-version', version).end(version);
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}

async function measure(kind: BalancerKind): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-bench-'));
  const signal = new AbortController().signal;
  const [v1, v2] = await Promise.all([startVersion('v1'), startVersion('v2')]);
  const balancer = await startBalancer(kind, readDevConfig(process.env), {
    service: SERVICE,
    folder,
  });
  try {
    const { traffic } = balancer;
    const text = JSON.stringify(demoRelease({ service: SERVICE, version: 'v1', traffic }));
    const { spec } = requireRelease({ text, file: 'bench.json', folder, version: undefined });
    const router = createRouters()(spec.traffic);
    let generation = 0;
    const switchTo = async (version: 'v1' | 'v2'): Promise<void> => {
      generation += 1;
      const route = (name: 'v1' | 'v2', port: number) => ({
        version: name,
        weightPercent: name === version ? 100 : 0,
        instances: [{ id: `${name}/0`, host: '127.0.0.1', port }],
      });
      const routes = [route('v1', v1.port), route('v2', v2.port)];
      const key = `bench/${generation}`;
      await router.apply({ service: SERVICE, key, generation, routes }, signal);
    };
    await switchTo('v1');
    const direct = startLoad({
      url: `http://127.0.0.1:${v1.port}`,
      connections: CONNECTIONS,
      requestsMax: REQUESTS / 4,
    });
    const directP50Ms = quantile((await direct.done()).latency, 0.5) ?? Number.NaN;
    const load = startLoad({ url: balancer.url, connections: CONNECTIONS, requestsMax: REQUESTS });
    let switches = 0;
    while (load.counts().requests < REQUESTS * 0.95) {
      await new Promise((resolve) => setTimeout(resolve, SWITCH_EVERY_MS));
      switches += 1;
      await switchTo(switches % 2 === 1 ? 'v2' : 'v1');
    }
    const { requests, failed, latency, examples } = await load.done();
    for (const example of examples) process.stdout.write(`${kind}: ${example}\n`);
    const p50Ms = quantile(latency, 0.5) ?? Number.NaN;
    return { requests, failed, switches, p50Ms, directP50Ms, addedP50Ms: p50Ms - directP50Ms };
  } finally {
    await balancer.close();
    for (const { server } of [v1, v2]) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

const rows = { haproxy: await measure('haproxy'), embedded: await measure('embedded') };
process.stdout.write('balancer  requests  failed  switches  p50 ms  direct p50 ms  added p50 ms\n');
for (const [name, row] of Object.entries(rows)) {
  const cells = [row.requests, row.failed, row.switches].map(String);
  const figures = [row.p50Ms, row.directP50Ms, row.addedP50Ms].map((value) => value.toFixed(2));
  process.stdout.write(`${[name, ...cells, ...figures].map((cell) => cell.padEnd(9)).join(' ')}\n`);
}
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows)}\n`);
