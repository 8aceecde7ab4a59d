import type { Report } from '../escalation/incident.ts';
import { incidentId, incidentKey } from '../escalation/incident-id.ts';
import type { Verdict } from '../judge/verdict.ts';
import { cut } from '../paging/page-words.ts';
import type { End } from './course.ts';
import type { IncidentsSpec } from './incidents.schema.ts';
import type { Cause } from './progress.ts';

const TITLE_MAX = 300;
const TEXT_MAX = 4000;
const SENTENCES_MAX = 10;
const SENTENCE_MAX = 300;

/** What a rollback that nobody has asked for is told of the release that went wrong. */
export interface WentWrong {
  /** Its workflow id; absent where it was lost and can tell nobody. */
  readonly release?: string;
  /** What the newest verdict found broken or missing, a sentence each. */
  readonly evidence: readonly string[];
}

/** A rollback, as an incident speaks of it. */
export interface GoingBack {
  readonly workflowId: string;
  readonly service: string;
  /** Versions. */
  readonly from: string;
  readonly to: string;
  readonly strategy: string;
  readonly trigger: Cause;
  readonly why: string;
  readonly wentWrong: WentWrong | undefined;
}

/** Causes that end a release by itself as its file, or a person beside Belay, has wanted it. */
const EXPECTED: readonly Cause[] = ['manual', 'experiment', 'FreezeWindow', 'TrafficTakenBack'];

/** Whether a release goes back although nobody has wanted it. */
export function isUnexpected({ asked, cause }: Pick<End, 'asked' | 'cause'>): boolean {
  return asked === null && !EXPECTED.includes(cause);
}

/** The sentences that speak against a version; none of a verdict that does not. */
export function evidenceOf(verdict: Verdict | undefined): readonly string[] {
  return (verdict?.findings ?? [])
    .filter(({ kind }) => kind !== 'ok')
    .slice(0, SENTENCES_MAX)
    .map(({ sentence }) => cut(sentence, SENTENCE_MAX));
}

/**
 * The incident of a service: the same for all of its releases while it is open, so that a second
 * bad one is told to whoever works on the first.
 */
export function incidentOfReleases(policy: string, service: string) {
  const key = incidentKey(policy, `release/${service}`);
  return { key, id: incidentId(key) };
}

/** A release goes back by itself. */
export function rolledBackReport(going: GoingBack, settings: IncidentsSpec): Report {
  const { from, to, why } = going;
  return reportOf(going, settings, `${from} goes back to ${to}: ${why}`, [
    `Traffic goes from ${from} to ${to} by itself.`,
  ]);
}

/** Users may still meet the bad version: the load balancer has not taken the way back. */
export function notBackReport(going: GoingBack, settings: IncidentsSpec, why: string): Report {
  return reportOf(going, settings, `traffic is not back from ${going.from}: ${why}`, [
    why,
    'Belay goes on trying.',
  ]);
}

/** It has ended, but nobody knows whether what serves now is good. */
export function unverifiedReport(
  going: GoingBack,
  settings: IncidentsSpec,
  { serving, reason }: { readonly serving: string; readonly reason: string },
): Report {
  return reportOf(going, settings, `rollback not verified, ${serving} serves: ${reason}`, [
    `${serving} serves, but the rollback could not be verified: ${reason}`,
    'Nothing has been removed: the other version may be the better one.',
  ]);
}

function reportOf(
  going: GoingBack,
  { severity, links }: IncidentsSpec,
  headline: string,
  news: readonly string[],
): Report {
  const { workflowId, service, from, to, strategy, trigger, why, wentWrong } = going;
  const { release = workflowId, evidence = [] } = wentWrong ?? {};
  const lines = [...news, `${trigger}: ${why}`, ...evidence.filter((one) => one !== why)];
  return {
    title: cut(`${service}: ${headline}`, TITLE_MAX),
    text: cut([...lines, `More: belay explain ${workflowId}`].join('\n'), TEXT_MAX),
    severity,
    source: release,
    labels: {
      service,
      version: from,
      stable: to,
      strategy,
      cause: trigger,
      release,
      rollback: workflowId,
    },
    links: links.map(({ text, url }) => ({ text, url: filledIn(url, going, release) })),
  };
}

function filledIn(url: string, { service, from }: GoingBack, run: string): string {
  return url
    .replaceAll('{service}', encodeURIComponent(service))
    .replaceAll('{version}', encodeURIComponent(from))
    .replaceAll('{run}', encodeURIComponent(run));
}
