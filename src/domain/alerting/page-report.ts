import type { Report } from '../escalation/incident.ts';
import { SEVERITIES, type Severity } from '../escalation/severity.ts';
import type { Alert } from './alert.ts';
import { type Labels, formatLabels, labelOf } from './labels.ts';
import { groupLabels } from './routing.ts';
import type { GroupPage, ShardState } from './shard-state.ts';

/** So many alerts, or groups of a storm, are listed; the others are counted. */
const LISTED_MAX = 20;
const LINE_MAX = 200;
const LINKS_MAX = 5;
const TITLE_MAX = 250;
/** Of incidents that alerts open. */
export const ALERTS_SOURCE = 'alerts';

/**
 * What a page says, as an incident is reported: of its group while alerts of it fire, and of those
 * that are over. It is short however many they are. To be asked for before the page is told of.
 */
export function reportOf(state: ShardState, page: GroupPage): Report {
  const alertsOf = (keys: readonly string[]): readonly Alert[] =>
    keys.flatMap((key) => state.alerts.get(key)?.alert ?? []);
  const firing = alertsOf(page.firing);
  const resolved = alertsOf(page.resolved);
  const group = state.groups.get(page.group);
  const labels = group?.labels ?? {};
  const lines = page.isStorm ? groupLines(state, page, firing) : firing.map(alertLine);
  return {
    title: titleOf(page, labels, firing.length, resolved.length),
    text: [...listed(lines), ...listed(resolved.map((one) => `over: ${alertLine(one)}`))].join(
      '\n',
    ),
    severity: severityOf(firing.length > 0 ? firing : resolved, usualSeverity(state, page)),
    source: ALERTS_SOURCE,
    labels,
    links: linksOf(firing),
  };
}

function titleOf(page: GroupPage, labels: Labels, firing: number, resolved: number): string {
  const count = firing > 0 ? `${firing} firing` : `${resolved} over`;
  if (page.isStorm) return `A storm of alerts (${count})`;
  const name = labelOf(labels, 'alertname');
  const { alertname: _name, ...others } = labels;
  const rest = Object.keys(others).length === 0 ? '' : ` ${formatLabels(others)}`;
  return `${name === '' ? 'Alerts' : name}${rest} (${count})`.slice(0, TITLE_MAX);
}

function alertLine({ labels, annotations }: Alert): string {
  const summary = labelOf(annotations, 'summary') || labelOf(annotations, 'description');
  const text = formatLabels(labels) + (summary === '' ? '' : `: ${summary}`);
  return shortened(text.replaceAll('\n', ' '));
}

/** Of a storm each group that it took the place of, with its number of alerts. */
function groupLines(
  { groups, configuration }: ShardState,
  page: GroupPage,
  firing: readonly Alert[],
): readonly string[] {
  const counts = new Map<string, number>();
  const members = groups.get(page.group)?.members;
  for (const [at, key] of page.firing.entries()) {
    const route = configuration.routes[members?.get(key)?.routes[0] ?? 0];
    const labels = firing[at]?.labels ?? {};
    const text = formatLabels(route === undefined ? labels : groupLabels(route, labels));
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => shortened(`${text} (${count})`));
}

function listed(lines: readonly string[]): readonly string[] {
  const more = lines.length - LISTED_MAX;
  return more > 0 ? [...lines.slice(0, LISTED_MAX), `and ${more} more`] : lines;
}

function shortened(text: string): string {
  return text.length > LINE_MAX ? `${text.slice(0, LINE_MAX - 1)}…` : text;
}

/** Words that others write, beside those of Belay. */
const WORDS: ReadonlyMap<string, Severity> = new Map([
  ...SEVERITIES.map((one) => [one, one] as const),
  ['page', 'critical'],
  ['fatal', 'critical'],
  ['high', 'error'],
  ['warn', 'warning'],
  ['ticket', 'warning'],
  ['low', 'info'],
  ['none', 'info'],
]);

/** The worst of the labels `severity`; of those that say nothing known, the usual one. */
export function severityOf(alerts: readonly Pick<Alert, 'labels'>[], usual: Severity): Severity {
  const found = alerts.map(
    ({ labels }) => WORDS.get(labelOf(labels, 'severity').toLowerCase()) ?? usual,
  );
  return SEVERITIES.find((one) => found.includes(one)) ?? usual;
}

/** Of the receivers that lead to the group the worst. */
function usualSeverity({ groups, configuration }: ShardState, page: GroupPage): Severity {
  const members = groups.get(page.group)?.members ?? new Map();
  const routes = new Set([...members.values()].flatMap((one) => one.routes));
  const found = [...routes].map((at) => {
    const receiver = configuration.routes[at]?.receiver;
    return receiver === undefined ? undefined : configuration.receivers[receiver]?.severity;
  });
  return SEVERITIES.find((one) => found.includes(one)) ?? 'error';
}

function linksOf(firing: readonly Alert[]): Report['links'] {
  const urls = new Set(
    firing.flatMap(({ generatorUrl }) =>
      generatorUrl !== null && /^https?:\/\//.test(generatorUrl) && generatorUrl.length <= 2048
        ? [generatorUrl]
        : [],
    ),
  );
  return [...urls].slice(0, LINKS_MAX).map((url) => ({ text: 'where it comes from', url }));
}
