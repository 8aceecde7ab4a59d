import { fingerprint } from '../../domain/alerting/fingerprint.ts';
import type { Page, PagedAlerts } from '../../domain/paging/page.ts';
import { cut, onOneLine, printable, repeatNote, webLinks } from '../../domain/paging/page-words.ts';

const MAX = { name: 255, value: 4000, labels: 100, text: 64_000 };
/** Go's zero time: Alertmanager's word for "not yet". */
const NOT_YET = '0001-01-01T00:00:00Z';

type Labels = Readonly<Record<string, string>>;

/** The body of Alertmanager's webhook, version 4, as its 0.31 sends it. */
export interface AlertmanagerBody {
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved';
    readonly labels: Labels;
    readonly annotations: Labels;
    readonly startsAt: string;
    readonly endsAt: string;
    readonly generatorURL: string;
    readonly fingerprint: string;
  }[];
  readonly groupLabels: Labels;
  readonly commonLabels: Labels;
  readonly commonAnnotations: Labels;
  readonly externalURL: string;
  readonly version: '4';
  readonly groupKey: string;
  readonly truncatedAlerts: number;
}

interface BodyOptions {
  readonly receiver: string;
  readonly externalUrl: string;
  readonly nowMs: number;
}

/**
 * A group of alerts as Alertmanager tells it, and any other incident as a group of one alert. What
 * Alertmanager has no field for is an annotation.
 */
export function alertmanagerBody(page: Page, options: BodyOptions): AlertmanagerBody {
  const { alerts } = page;
  // One that has lost all of its alerts has no more to tell than its own words.
  return alerts === undefined || alerts.alerts.length === 0
    ? incidentBody(page, options)
    : groupBody(page, alerts, options);
}

/** Of the group as a whole: `belay_` marks words that are not those of its alerts. */
function groupBody(
  page: Page,
  { groupLabels, alerts, truncated }: PagedAlerts,
  { receiver, externalUrl }: BodyOptions,
): AlertmanagerBody {
  const { incident } = page;
  const told = alerts.map((one) => ({
    status: one.isFiring ? ('firing' as const) : ('resolved' as const),
    labels: one.labels,
    annotations: one.annotations,
    startsAt: new Date(one.startsAtMs).toISOString(),
    endsAt: one.isFiring ? NOT_YET : new Date(one.endsAtMs).toISOString(),
    generatorURL: one.generatorUrl ?? '',
    fingerprint: fingerprint(one.labels),
  }));
  return {
    receiver,
    status: page.action === 'resolve' ? 'resolved' : 'firing',
    alerts: told,
    groupLabels,
    commonLabels: common(told.map(({ labels }) => labels)),
    commonAnnotations: {
      ...common(told.map(({ annotations }) => annotations)),
      ...withoutEmpty({
        belay_summary: incident.title,
        belay_release: incident.labels.release ?? '',
        belay_note: repeatNote(page) ?? '',
      }),
    },
    externalURL: externalUrl,
    version: '4',
    groupKey: groupKeyOf(page),
    truncatedAlerts: truncated,
  };
}

/** What all of them say alike. */
function common([first = {}, ...others]: readonly Labels[]): Labels {
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) =>
      others.every((one) => Object.hasOwn(one, name) && one[name] === value),
    ),
  );
}

function groupKeyOf({ incident }: Page): string {
  return `{}:{incident=${JSON.stringify(incident.key)}}`;
}

function incidentBody(page: Page, options: BodyOptions): AlertmanagerBody {
  const { incident } = page;
  const status = page.action === 'resolve' ? 'resolved' : 'firing';
  const labels = labelsOf(page);
  const annotations = annotationsOf(page);
  const groupLabels = { incident: incident.key };
  return {
    receiver: options.receiver,
    status,
    alerts: [
      {
        status,
        labels,
        annotations,
        startsAt: new Date(incident.openedAtMs).toISOString(),
        endsAt: status === 'firing' ? NOT_YET : new Date(options.nowMs).toISOString(),
        generatorURL: webLinks(incident)[0]?.url ?? '',
        fingerprint: fingerprint(labels),
      },
    ],
    groupLabels,
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: options.externalUrl,
    version: '4',
    groupKey: groupKeyOf(page),
    truncatedAlerts: 0,
  };
}

/** The same for every page of an incident, as they tell its alert from others. */
function labelsOf({ incident }: Page): Labels {
  return withoutEmpty({
    alertname: incident.title,
    ...Object.fromEntries(Object.entries(incident.labels).slice(0, MAX.labels)),
    severity: incident.severity,
    source: incident.source,
    incident: incident.key,
  });
}

function annotationsOf(page: Page): Labels {
  const { incident } = page;
  return {
    ...withoutEmpty({
      summary: incident.title,
      incident_id: incident.id,
      incident_status: incident.status,
      action: page.action,
      by: incident.by ?? '',
      policy: incident.policy,
      level: String(page.level),
      round: String(page.round),
      who: page.who ?? '',
      note: repeatNote(page) ?? '',
    }),
    description: cut(printable(incident.text), MAX.text),
  };
}

/** An empty label is no label. */
function withoutEmpty(labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(labels)
      .map(([name, value]) => [cut(onOneLine(name), MAX.name), cut(onOneLine(value), MAX.value)])
      .filter(([name, value]) => name !== '' && value !== ''),
  );
}
