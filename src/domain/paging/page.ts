/** What is wrong, as every channel is told it. Plain JSON. */
export interface Incident {
  /** The id of its workflow: `incident/<hash>`. */
  readonly id: string;
  /** What a provider groups by (PagerDuty's `dedup_key`, Opsgenie's alias): stable, hex. */
  readonly key: string;
  readonly title: string;
  readonly text: string;
  readonly severity: 'critical' | 'error' | 'warning' | 'info';
  readonly status: 'triggered' | 'acknowledged' | 'resolved';
  /** Who acknowledged or resolved it. */
  readonly by: string | undefined;
  /** Who opened it: a service, a release. */
  readonly source: string;
  readonly policy: string;
  readonly openedAtMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly links: readonly { readonly text: string; readonly url: string }[];
}

/** One of the alerts that a page is about. */
export interface PagedAlert {
  readonly isFiring: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly generatorUrl: string | null;
  readonly startsAtMs: number;
  /** When it ended; of one that fires, when it ends unless it is sent again. */
  readonly endsAtMs: number;
}

/** The alerts of a group, one by one. */
export interface PagedAlerts {
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly alerts: readonly PagedAlert[];
  /** So many more there was no room for. */
  readonly truncated: number;
}

/** One message about an incident to one address of one channel. Plain JSON. */
export interface Page {
  /** The same for every attempt at this page; at most 255 characters of [A-Za-z0-9._/-]. */
  readonly dedupKey: string;
  /** What the receiver is to show. */
  readonly action: 'trigger' | 'acknowledge' | 'resolve';
  readonly incident: Incident;
  /** Within the channel: an e-mail address, an id of Slack; `undefined`: the channel's own. */
  readonly to: string | undefined;
  /** The person it is for, to be shown. */
  readonly who: string | undefined;
  /** From 1. */
  readonly level: number;
  /** From 1. */
  readonly round: number;
  /** How often it had been acknowledged, and was paged again; default 0. */
  readonly alert?: number | undefined;
  /** An earlier attempt may have arrived: where a repeat would be shown, the text says so. */
  readonly maybeRepeated: boolean;
  /** What the incident stands for, where it is a group of alerts. */
  readonly alerts?: PagedAlerts | undefined;
}
