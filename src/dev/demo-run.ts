import type { BelayClient } from '../client/client.ts';
import { requireRelease } from '../domain/release/release-file.ts';
import type { Progress, RunReport } from '../domain/release/progress.ts';
import { demoRelease } from './demo-release.ts';
import { say } from './demo-say.ts';
import type { DemoCase, DemoStory } from './demo-strategies.ts';
import { type LoadCounts, type RunningLoad, startLoad } from './load.ts';
import type { RunningStack } from './stack.ts';

/** The service of every demo. */
export const SERVICE = 'checkout';
const REQUESTS_PER_SECOND = 100;
const LOOK_EVERY_MS = 500;
const STATUS_EVERY_MS = 3000;
/** For a release that holds and waits for a person nobody is here. */
const RELEASE_WITHIN_MS = 90_000;

const FIRST = { version: 'v1', fault: undefined, shows: 'the first one of all' } as const;

/**
 * Releases v1 first of all, then all of the story, under the load of users. `look` is called
 * meanwhile, again and again. Returns how each ended, v1 among them, and what the users have seen.
 */
export async function releaseAll(
  stack: RunningStack,
  story: DemoStory,
  look: (progress: Progress) => Promise<void> | void,
): Promise<{ readonly reports: readonly RunReport[]; readonly counts: LoadCounts }> {
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
  const onLook = async (progress: Progress): Promise<LoadCounts | undefined> => {
    await look(progress);
    if (progress.phase === 'stabilizing') startTraffic();
    return load?.counts();
  };
  const first = await release(stack, story, FIRST, onLook);
  const reports: RunReport[] = [];
  for (const one of story.releases) reports.push(await release(stack, story, one, onLook));
  if (load === undefined) throw new Error(`v1 was not released: ${first.reason}`);
  const counts = await load.stop();
  return { reports: [first, ...reports], counts };
}

async function release(
  { client, balancer }: RunningStack,
  { changes, instances }: DemoStory,
  { version, fault, shows }: Pick<DemoCase, 'version' | 'fault' | 'shows'>,
  onLook: (progress: Progress) => Promise<LoadCounts | undefined>,
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
  onLook: (progress: Progress) => Promise<LoadCounts | undefined>,
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
    const counts = await onLook(progress);
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
