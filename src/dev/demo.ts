import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BelayClient } from '../client/client.ts';
import { formatDuration } from '../domain/quantity.ts';
import { requireRelease } from '../domain/release/release-file.ts';
import type { Progress, RunReport } from '../domain/release/progress.ts';
import { quantile } from '../domain/judge/histogram.ts';
import { installTelemetry } from '../worker/worker.ts';
import { chooseBalancer } from './balancer.ts';
import { cleanWhenStopped } from './children.ts';
import { readDevConfig } from './config.ts';
import { demoRelease } from './demo-release.ts';
import {
  type DemoCase,
  type DemoStory,
  type DemoStrategy,
  demoStory,
  readDemoStrategy,
} from './demo-strategies.ts';
import { type LoadCounts, type RunningLoad, startLoad } from './load.ts';
import { type RunningStack, startStack } from './stack.ts';

const SERVICE = 'checkout';
const REQUESTS_PER_SECOND = 100;
const LOOK_EVERY_MS = 500;
const STATUS_EVERY_MS = 3000;
/** For a release that holds and waits for a person nobody is here. */
const RELEASE_WITHIN_MS = 90_000;

/** What the demo has seen; its JSON form is the last line of `npm run demo -- --json`. */
export interface DemoResult {
  readonly strategy: DemoStrategy;
  readonly releases: readonly {
    readonly version: string;
    readonly outcome: string;
    /** How it had to end. */
    readonly expected: string;
  }[];
  readonly requests: number;
  /** Lost, reset or answered by the balancer itself. */
  readonly failed: number;
  /** Bad answers of a version. */
  readonly faulty: number;
}

const startedMs = Date.now();

function say(text: string): void {
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1).padStart(6);
  process.stdout.write(`${seconds} s  ${text}\n`);
}

/** Releases v1 first of all, then v2, which is good, and v3, which is not, by one strategy. */
export async function runDemo(args: readonly string[], environment: NodeJS.ProcessEnv) {
  const config = readDevConfig(environment);
  const strategy = readDemoStrategy(config.strategy);
  const folder = mkdtempSync(join(tmpdir(), 'belay-demo-'));
  installTelemetry(undefined);
  const starting = startStack(
    config,
    { service: SERVICE, balancer: chooseBalancer(config), folder, usualPorts: 'yes' },
    say,
  );
  const cleanUp = async (): Promise<void> => {
    // A start that fails cleans up by itself.
    const stack = await starting.catch(() => undefined);
    await stack?.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const stopping = cleanWhenStopped(environment, 130, async () => {
    say('stopping everything');
    await cleanUp();
  });
  try {
    const stack = await starting;
    const { result, reports, counts } = await releaseAll(stack, strategy, stopping);
    summarize(stack, result, reports, counts);
    if (config.keep) sayWhatStays(stack, folder);
    else await cleanUp();
    if (args.includes('--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
    if (config.keep) await new Promise<never>(() => undefined);
    const isAsPromised =
      result.failed === 0 && result.releases.every(({ outcome, expected }) => outcome === expected);
    process.exit(isAsPromised ? 0 : 1);
  } catch (error) {
    if (stopping.aborted) return;
    await cleanUp();
    throw error;
  }
}

function sayWhatStays({ uiUrl, temporal, balancer }: RunningStack, folder: string): void {
  say(`KEEP=1: everything but the traffic stays, with its logs in ${folder}`);
  if (uiUrl !== undefined) say(`  Temporal UI:       ${uiUrl}`);
  say(`  The service:       ${balancer.url}`);
  say(`  In another shell:  export TEMPORAL_ADDRESS=${temporal.address}`);
  say(`                     npm run belay -- explain ${SERVICE}`);
  say('Ctrl-C stops everything.');
}

const FIRST = { version: 'v1', fault: undefined, shows: 'the first one of all' } as const;

async function releaseAll(stack: RunningStack, strategy: DemoStrategy, stopping: AbortSignal) {
  const story = demoStory(strategy);
  let load: RunningLoad | undefined;
  const startTraffic = (): void => {
    if (load !== undefined) return;
    say(`traffic: ${REQUESTS_PER_SECOND} requests a second to ${stack.balancer.url}`);
    load = startLoad({
      url: stack.balancer.url,
      connections: 64,
      requestsPerSecond: REQUESTS_PER_SECOND,
    });
  };
  const onLook = (progress: Progress): LoadCounts | undefined => {
    stopping.throwIfAborted();
    if (progress.phase === 'stabilizing') startTraffic();
    return load?.counts();
  };
  const first = await release(stack, story, FIRST, onLook);
  const reports: RunReport[] = [];
  for (const one of story.releases) reports.push(await release(stack, story, one, onLook));
  if (load === undefined) throw new Error(`v1 was not released: ${first.reason}`);
  const counts = await load.stop();
  const { requests, failed, faulty } = counts;
  const releases = story.releases.map(({ version, outcome: expected }, index) => {
    return { version, outcome: reports[index]?.outcome ?? 'none', expected };
  });
  const result: DemoResult = { strategy, releases, requests, failed, faulty };
  return { result, reports: [first, ...reports], counts };
}

async function release(
  { client, balancer }: RunningStack,
  { changes, instances }: DemoStory,
  { version, fault, shows }: Pick<DemoCase, 'version' | 'fault' | 'shows'>,
  onLook: (progress: Progress) => LoadCounts | undefined,
): Promise<RunReport> {
  const document = demoRelease({
    service: SERVICE,
    version,
    traffic: balancer.traffic,
    instances,
    changes,
    ...(fault === undefined ? {} : { fault }),
  });
  const { spec } = requireRelease({
    text: JSON.stringify(document),
    file: `${version}.json`,
    folder: process.cwd(),
    version,
  });
  const accepted = await client.deploy({
    release: spec,
    who: 'demo',
    why: fault === undefined ? `release ${version}` : `release ${version}, which has a fault`,
  });
  const { workflowId } =
    accepted.kind === 'begun' ? accepted : await client.awaitTurn(SERVICE, accepted.requestId);
  say(`── ${workflowId}: ${version}, ${shows} ${'─'.repeat(20)}`);
  return follow(client, workflowId, onLook);
}

async function follow(
  client: BelayClient,
  workflowId: string,
  onLook: (progress: Progress) => LoadCounts | undefined,
): Promise<RunReport> {
  let shown = 0;
  let statusAtMs = 0;
  const untilMs = Date.now() + RELEASE_WITHIN_MS;
  let report: RunReport | undefined;
  void client.result(workflowId).then(
    (ended) => (report = ended),
    () => undefined,
  );
  for (;;) {
    const progress = await client.progress(workflowId);
    const counts = onLook(progress);
    for (const entry of progress.timeline.slice(shown)) {
      say(`${entry.phase.padEnd(12)} ${entry.text}`);
    }
    shown = progress.timeline.length;
    if (Date.now() - statusAtMs >= STATUS_EVERY_MS) {
      statusAtMs = Date.now();
      if (progress.weights.length > 0) say(`             ${statusOf(progress, counts)}`);
    }
    if (report !== undefined) return report;
    if (Date.now() > untilMs) throw new Error(`${workflowId} did not end: ${progress.phase}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function statusOf({ weights }: Progress, counts: LoadCounts | undefined): string {
  const split = weights
    .map(({ version, weightPercent }) => `${version} ${bar(weightPercent)} ${weightPercent} %`)
    .join('  ');
  if (counts === undefined) return split;
  return `${split}   ${counts.requests} requests, ${counts.failed} failed, ${counts.faulty} faulty`;
}

function bar(percent: number): string {
  const full = Math.round(percent / 10);
  return '█'.repeat(full) + '░'.repeat(10 - full);
}

function summarize(
  stack: RunningStack,
  { strategy, releases }: DemoResult,
  reports: readonly RunReport[],
  counts: LoadCounts,
): void {
  const p95 = quantile(counts.latency, 0.95);
  const lines = [
    '',
    `${counts.requests} requests: ${counts.failed} failed, ${counts.faulty} faulty answers, ` +
      `p95 ${p95 === undefined ? '-' : p95.toFixed(1)} ms, through ${stack.balancer.kind}`,
  ];
  for (const { workflowId, version, outcome, reason, startedAtMs, endedAtMs } of reports) {
    lines.push(
      '',
      `${version}  ${outcome} in ${formatDuration(Math.round((endedAtMs - startedAtMs) / 1000) * 1000)}`,
      `    ${reason}`,
    );
    if (stack.uiUrl !== undefined) lines.push(`    ${workflowUrl(stack, workflowId)}`);
  }
  lines.push('', `${strategy}:`);
  for (const { version, outcome, expected } of releases) {
    const mark = outcome === expected ? 'as it should be' : `should be ${expected}`;
    lines.push(`    ${version.padEnd(4)}${outcome.padEnd(21)}${mark}`);
  }
  process.stdout.write(`${lines.join('\n')}\n\n`);
}

function workflowUrl({ uiUrl, temporal }: RunningStack, workflowId: string): string {
  return `${uiUrl}/namespaces/${temporal.namespace}/workflows/${encodeURIComponent(workflowId)}`;
}

if (import.meta.main) await runDemo(process.argv.slice(2), process.env);
