import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startChild } from '../../src/dev/children.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { findProgram } from '../../src/dev/find-program.ts';
import { freePort } from '../../src/dev/free-port.ts';

const READY_WITHIN_MS = 20_000;
const SCRAPED_WITHIN_MS = 20_000;

export interface RealPrometheus {
  readonly url: string;
  /** What a PromQL expression comes to now: the value of each series by its labels as JSON. */
  query(promql: string): Promise<ReadonlyMap<string, number>>;
  /** Waits until an expression has so many series. */
  until(promql: string, series: number): Promise<void>;
  close(): Promise<void>;
}

/** A Prometheus of its own that scrapes the given targets five times a second. */
export async function startPrometheus(options: {
  /** `host:port`, by the name of the job. */
  readonly targets: Readonly<Record<string, string>>;
  readonly moreConfig?: string;
}): Promise<RealPrometheus> {
  const { environment, path } = readDevConfig(process.env);
  const command = findProgram('prometheus', path);
  if (command === undefined) {
    throw new Error(
      'There is no prometheus on PATH: apt-get install prometheus, or `make programs`',
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'belay-prometheus-'));
  const jobs = Object.entries(options.targets).map(
    ([name, target]) => `  - { job_name: ${name}, static_configs: [{ targets: ['${target}'] }] }`,
  );
  const config = join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    `global: { scrape_interval: 200ms }\n${options.moreConfig ?? ''}\n` +
      `scrape_configs:${jobs.length === 0 ? ' []' : `\n${jobs.join('\n')}`}\n`,
  );
  const listen = `127.0.0.1:${await freePort()}`;
  const child = await startChild({
    command,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${listen}`,
      '--log.level=warn',
    ],
    env: environment,
    log: join(folder, 'log'),
  });
  const url = `http://${listen}`;
  await untilReady(`${url}/-/ready`);
  async function query(promql: string): Promise<ReadonlyMap<string, number>> {
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(promql)}`);
    const { data }: { data: { result: { metric: object; value: [number, string] }[] } } =
      JSON.parse(await answer.text());
    return new Map(
      data.result.map(({ metric, value }) => [JSON.stringify(metric), Number(value[1])]),
    );
  }
  return {
    url,
    query,
    async until(promql, series) {
      for (const untilMs = Date.now() + SCRAPED_WITHIN_MS; Date.now() < untilMs;) {
        if ((await query(promql)).size === series) return;
        await wait(50);
      }
      throw new Error(`${promql} does not come to have ${series} series`);
    },
    async close() {
      await child.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(url: string): Promise<void> {
  for (const untilMs = Date.now() + READY_WITHIN_MS; Date.now() < untilMs;) {
    const ready = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await wait(50);
  }
  throw new Error(`Prometheus does not answer at ${url}`);
}
