import { quantile } from '../domain/judge/histogram.ts';
import { formatDuration } from '../domain/quantity.ts';
import type { RunReport } from '../domain/release/progress.ts';
import { releaseAll } from './demo-run.ts';
import type { DemoScenario } from './demo-scenario.ts';
import { type DemoStrategy, demoStory } from './demo-strategies.ts';
import type { LoadCounts } from './load.ts';
import type { RunningStack } from './stack.ts';

/** What the demo has seen. */
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

/** Releases v1 first of all, then v2, which is good, and v3, which is not, by one strategy. */
export function releasesScenario(strategy: DemoStrategy): DemoScenario {
  return {
    async play(stack, stopping) {
      const story = demoStory(strategy);
      const { reports, counts } = await releaseAll(stack, story, () => stopping.throwIfAborted());
      const { requests, failed, faulty } = counts;
      const [, ...later] = reports;
      const releases = story.releases.map(({ version, outcome: expected }, index) => {
        return { version, outcome: later[index]?.outcome ?? 'none', expected };
      });
      const result: DemoResult = { strategy, releases, requests, failed, faulty };
      summarize(stack, result, reports, counts);
      const isAsPromised =
        failed === 0 && releases.every(({ outcome, expected }) => outcome === expected);
      return { result, isAsPromised };
    },
    close: async () => undefined,
  };
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
