import { z } from 'zod';
import type { PostedAlert } from '../domain/alerting/alert.ts';
import { texts } from '../domain/alerting/texts.schema.ts';
import { Refused, jsonOf } from './http.ts';
import { readTime } from './time.ts';

const time = z.string().transform((text, context) => {
  const ms = readTime(text);
  if (ms !== null) return ms;
  context.addIssue({ code: 'custom', message: 'is no time like 2026-01-05T08:00:00Z' });
  return z.NEVER;
});

/** As Prometheus and Grafana send it; what else they send is not looked at. */
const alertSchema = z.object({
  labels: texts,
  annotations: texts.nullish(),
  startsAt: time.nullish(),
  endsAt: time.nullish(),
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
  const read = list.map((one) => alertSchema.safeParse(one));
  const places = [...read.keys()].filter((at) => read[at]?.success === true);
  return {
    places,
    alerts: read.flatMap(({ data }) => (data === undefined ? [] : [postedOf(data)])),
    wrong: read.flatMap(({ error }, at) =>
      error === undefined ? [] : [{ at, why: problemsOf(error) }],
    ),
    count: list.length,
  };
}

function postedOf(data: z.infer<typeof alertSchema>): PostedAlert {
  const { labels, annotations, startsAt, endsAt, generatorURL } = data;
  return {
    labels,
    annotations: annotations ?? undefined,
    generatorUrl: generatorURL === null || generatorURL === '' ? undefined : generatorURL,
    startsAtMs: startsAt ?? undefined,
    endsAtMs: endsAt ?? undefined,
  };
}

/** `labels.severity: …; endsAt: …`. */
export function problemsOf({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => `${path.length === 0 ? '' : `${path.join('.')}: `}${message}`)
    .join('; ');
}
