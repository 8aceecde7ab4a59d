import { z } from 'zod';
import type { PostedAlert } from '../domain/alerting/alert.ts';
import { texts } from '../domain/alerting/texts.schema.ts';
import { Refused, jsonOf } from './http.ts';
import { readTime } from './time.ts';

/** As Prometheus and Grafana send it; what else they send is not looked at. */
const alertSchema = z.object({
  labels: texts,
  annotations: texts.nullish(),
  startsAt: z.string().nullish(),
  endsAt: z.string().nullish(),
  generatorURL: z.string().nullish(),
});

export interface ReadAlerts {
  readonly alerts: readonly PostedAlert[];
  /** Where each of them stands in the list that was sent. */
  readonly places: readonly number[];
  readonly wrong: readonly { readonly at: number; readonly why: string }[];
  /** How many were sent. */
  readonly count: number;
}

/** The body of `POST /api/v2/alerts`. Throws `Refused` where it is no list of alerts. */
export function readAlerts(body: string): ReadAlerts {
  const json = jsonOf(body);
  if (!Array.isArray(json)) throw new Refused(400, 'the body is no list of alerts');
  const list: readonly unknown[] = json;
  const alerts: PostedAlert[] = [];
  const places: number[] = [];
  const wrong: { readonly at: number; readonly why: string }[] = [];
  const timeOf = createTimes();
  for (const [at, one] of list.entries()) {
    const { data, error } = alertSchema.safeParse(one);
    const read = error === undefined ? postedOf(data, timeOf) : problemsOf(error);
    if (typeof read === 'string') wrong.push({ at, why: read });
    else {
      places.push(at);
      alerts.push(read);
    }
  }
  return { places, alerts, wrong, count: list.length };
}

type TimeOf = (text: string | null | undefined) => ReturnType<typeof readTime>;

/** Most alerts of a body end at the same time, and many have begun at the same. */
function createTimes(): TimeOf {
  const known = new Map<string, ReturnType<typeof readTime>>();
  return (text) => {
    if (text === null || text === undefined) return undefined;
    if (known.has(text)) return known.get(text);
    const ms = readTime(text);
    known.set(text, ms);
    return ms;
  };
}

/** What is wrong with it, as a text. */
function postedOf(data: z.infer<typeof alertSchema>, timeOf: TimeOf): PostedAlert | string {
  const { labels, annotations, generatorURL } = data;
  const startsAtMs = timeOf(data.startsAt);
  const endsAtMs = timeOf(data.endsAt);
  const wrong = [
    ...(startsAtMs === null ? ['startsAt'] : []),
    ...(endsAtMs === null ? ['endsAt'] : []),
  ];
  if (startsAtMs === null || endsAtMs === null) {
    return wrong.map((name) => `${name}: is no time like 2026-01-05T08:00:00Z`).join('; ');
  }
  return {
    labels,
    annotations: annotations ?? undefined,
    generatorUrl: generatorURL === null || generatorURL === '' ? undefined : generatorURL,
    startsAtMs,
    endsAtMs,
  };
}

/** `labels.severity: …; endsAt: …`. */
export function problemsOf({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => `${path.length === 0 ? '' : `${path.join('.')}: `}${message}`)
    .join('; ');
}
