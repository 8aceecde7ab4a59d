import type { IncidentView } from './incident.ts';

const ENTRIES_SHOWN = 30;

/** An incident as Markdown, for the details of its workflow in Temporal's own UI. */
export function renderIncident(view: IncidentView): string {
  const { title, severity, status, source, timeline, warnings, acknowledgedBy, resolvedBy } = view;
  const handled = resolvedBy ?? acknowledgedBy;
  const by = handled === null ? '' : ` by ${handled.by}`;
  const entries = timeline
    .slice(-ENTRIES_SHOWN)
    .map(({ atMs, text }) => `- \`${new Date(atMs).toISOString()}\` ${text}`);
  return [
    `**${status.replaceAll('_', ' ')}${by}** · ${severity} · ${source}`,
    '',
    title,
    '',
    ...warnings.map((text) => `> ${text}`),
    ...entries,
  ].join('\n');
}
