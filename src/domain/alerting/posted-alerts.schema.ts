import { z } from 'zod';
import { readTime } from '../oncall/zone-clock.ts';
import type { PostedAlert } from './alert.ts';
import { texts } from './texts.schema.ts';

/** What Go writes for a time that nobody has said. */
const UNSAID = /^0001-01-01T00:00:00(?:\.0+)?Z$/;

const time = z
  .string()
  .transform((text, context): number | undefined => {
    if (text === '' || UNSAID.test(text)) return undefined;
    const ms = /T.*(?:Z|[+-]\d\d:\d\d)$/i.test(text) ? readTime(text, 'UTC', 'first') : undefined;
    if (ms === undefined) {
      context.addIssue({
        code: 'custom',
        message: 'is no time: write it like 2026-03-01T10:00:00Z',
      });
      return z.NEVER;
    }
    return ms;
  })
  .nullish();

/** An alert as Alertmanager's clients post it. */
const postedAlert = z
  .strictObject({
    labels: texts,
    annotations: texts.nullish(),
    generatorURL: z.string().nullish(),
    startsAt: time,
    endsAt: time,
    // What Alertmanager adds where it lists alerts: a list can be posted as it is.
    fingerprint: z.unknown().optional(),
    receivers: z.unknown().optional(),
    status: z.unknown().optional(),
    updatedAt: z.unknown().optional(),
  })
  .transform(({ labels, annotations, generatorURL, startsAt, endsAt }): PostedAlert => ({
    labels,
    annotations: annotations ?? undefined,
    generatorUrl: generatorURL === '' ? undefined : (generatorURL ?? undefined),
    startsAtMs: startsAt ?? undefined,
    endsAtMs: endsAt ?? undefined,
  }));

export const postedAlerts = z.array(postedAlert);
