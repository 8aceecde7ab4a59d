import type { IncidentView } from '../client/client.ts';
import { LEVELS, LEVEL_WAIT_MS } from './demo-paging.ts';
import type { PagerDutyEvent, PagerDutyShown } from './pretend/pagerduty.ts';
import type { SlackCall, SlackShown } from './pretend/slack.ts';

/** All that the page demo has seen, at its end. */
export interface PageFacts {
  readonly release: { readonly version: string; readonly outcome: string };
  /** Of the users meanwhile; failed: lost, reset or answered by the balancer itself. */
  readonly requests: { readonly requests: number; readonly failed: number };
  readonly incident: IncidentView;
  readonly slack: {
    readonly calls: readonly SlackCall[];
    readonly shown: readonly SlackShown[];
    readonly problems: readonly string[];
  };
  readonly pagerDuty: {
    readonly events: readonly PagerDutyEvent[];
    readonly shown: readonly PagerDutyShown[];
    readonly problems: readonly string[];
  };
  /** From when the acknowledgement had been answered, until the incident was resolved. */
  readonly quiet: { readonly fromMs: number; readonly untilMs: number };
}

export interface Proof {
  readonly what: string;
  readonly isSo: boolean;
}

/** What had to be seen, each with whether it was. */
export function proofsOf(facts: PageFacts): readonly Proof[] {
  const { release, requests, incident, slack, pagerDuty } = facts;
  const { acknowledgedBy, ledger, source } = incident;
  const [first, second] = [beganAt(facts, 1), beganAt(facts, 2)];
  const laterMs = (second ?? 0) - (first ?? 0);
  const posts = slack.calls.filter(({ kind }) => kind === 'post');
  const triggers = pagerDuty.events.filter(({ action }) => action === 'trigger');
  const quietMs = facts.quiet.untilMs - facts.quiet.fromMs;
  return [
    {
      what: `${release.version} went back by itself: ${release.outcome}`,
      isSo: release.outcome === 'rolled_back',
    },
    {
      what: `of ${requests.requests} requests of its users ${requests.failed} were lost`,
      isSo: requests.requests > 0 && requests.failed === 0,
    },
    { what: `its release opened the incident: ${source}`, isSo: source.startsWith('release/') },
    {
      what: `level 1 came in Slack: ${posts.length} message(s)`,
      isSo: first !== undefined && posts.length > 0,
    },
    {
      what: `level 2 came at PagerDuty, ${seconds(laterMs)} after level 1`,
      isSo: second !== undefined && triggers.length > 0 && laterMs >= LEVEL_WAIT_MS,
    },
    {
      what: `another process acknowledged it, as ${acknowledgedBy?.by ?? 'nobody'}`,
      isSo: acknowledgedBy !== null,
    },
    {
      what: `nobody was paged in the ${seconds(quietMs)} after that; before, every ${seconds(LEVEL_WAIT_MS)}`,
      isSo: quietMs > LEVELS * LEVEL_WAIT_MS && pagesAfterAck(facts) === 0,
    },
    {
      what: 'every message of Slack and the event of PagerDuty show who has acknowledged it',
      isSo: isShownEverywhere(facts, 'ACKNOWLEDGED', 'acknowledge'),
    },
    {
      what: 'and that it is resolved',
      isSo: isShownEverywhere(facts, 'RESOLVED', 'resolve') && incident.status === 'resolved',
    },
    {
      what: `the ledger has all ${ledger.length} pages, each with its receipt`,
      isSo:
        ledger.length >= LEVELS &&
        ledger.every(({ state, receipt }) => state === 'called_off' || receipt !== null),
    },
    {
      what: 'Slack and PagerDuty got nothing but what they document',
      isSo: slack.problems.length + pagerDuty.problems.length === 0,
    },
  ];
}

/** When the first page of a level was handed out. */
function beganAt({ incident }: PageFacts, level: number): number | undefined {
  return incident.ledger.find((entry) => entry.purpose === 'level' && entry.level === level)
    ?.sinceMs;
}

/** Those that a provider got once it was answered, and those that were handed out after it. */
export function pagesAfterAck({ incident, slack, pagerDuty, quiet }: PageFacts): number {
  const ackAtMs = incident.acknowledgedBy?.atMs ?? 0;
  const arrived = [
    ...slack.calls.filter(({ kind }) => kind === 'post'),
    ...pagerDuty.events.filter(({ action }) => action === 'trigger'),
  ].filter(({ atMs }) => atMs > quiet.fromMs);
  return arrived.length + incident.ledger.filter(({ sinceMs }) => sinceMs > ackAtMs).length;
}

function isShownEverywhere(
  { slack, pagerDuty }: PageFacts,
  word: string,
  action: PagerDutyEvent['action'],
): boolean {
  const isUpdated = (ts: string): boolean =>
    slack.calls.some(
      (call) => call.kind === 'update' && call.ts === ts && call.text.includes(word),
    );
  const isSent = (key: string): boolean =>
    pagerDuty.events.some((event) => event.action === action && event.dedupKey === key);
  return (
    slack.shown.length > 0 &&
    slack.shown.every(({ ts }) => isUpdated(ts)) &&
    pagerDuty.shown.length > 0 &&
    pagerDuty.shown.every(({ dedupKey }) => isSent(dedupKey))
  );
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
