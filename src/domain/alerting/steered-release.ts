import type { Report } from '../escalation/incident.ts';
import { cut } from '../paging/page-words.ts';
import type { Labels } from './labels.ts';
import type { OnAlert } from './route.schema.ts';

/** What an alert has done to a running release. Plain JSON. */
export interface SteeredRelease {
  readonly workflowId: string;
  readonly version: string;
  /** Unknown where the release has not said so. */
  readonly strategy: string | undefined;
  readonly verb: OnAlert;
}

const TEXT_MAX = 8000;
const WHY_MAX = 1000;
const LABEL = 'release';

/**
 * The report with the releases that its alerts have steered: first, as they are what whoever is
 * paged looks at first. A label `release` that the alerts have themselves is left as it is.
 */
export function withReleases(report: Report, steered: readonly SteeredRelease[]): Report {
  const first = steered[0];
  if (first === undefined) return report;
  const lines = steered.flatMap((one) => [
    sentenceOf(one),
    `More: belay explain ${one.workflowId}`,
  ]);
  return {
    ...report,
    text: cut([...lines, report.text].join('\n'), TEXT_MAX),
    labels: { [LABEL]: first.workflowId, ...report.labels },
  };
}

/** Of a report, without the release that it may show. */
export function groupLabelsOf({ [LABEL]: release, ...others }: Labels): Labels {
  return release === undefined || release.startsWith('release/')
    ? others
    : { [LABEL]: release, ...others };
}

/** Why a release is steered, for its own timeline. */
export function whySteered(alert: string): string {
  return cut(`the alert ${alert} fires`, WHY_MAX);
}

function sentenceOf({ workflowId, version, strategy, verb }: SteeredRelease): string {
  const what = strategy === undefined ? version : `${version}, ${strategy}`;
  const done = verb === 'pause' ? 'paused' : 'rolled back';
  return `${workflowId.replace(/^release\//, 'release ')} (${what}) was ${done} because of this alert.`;
}
