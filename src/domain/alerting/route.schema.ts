import { z } from 'zod';
import { duration, positiveDuration } from '../release/quantities.schema.ts';
import type { Matcher } from './matcher.ts';
import { readMatchers } from './read-matchers.ts';

const ROUTES_MAX = 1000;
const MATCHERS_MAX = 50;
const NAMES_MAX = 50;

/** Of receivers, time intervals and rules; it stands in no identity of anything. */
export const NAME_MAX = 200;
export const freeName = z.string().min(1, 'a name is not empty').max(NAME_MAX);

/** One text may hold several: `severity="page", team=~"a|b"`. */
export const matchers = z
  .array(z.string('a matcher is written like severity="page"'))
  .max(MATCHERS_MAX)
  .transform((texts, context): readonly Matcher[] =>
    texts.flatMap((text, index) => {
      const read = readMatchers(text);
      if (read.kind === 'valid') return read.matchers;
      context.addIssue({ code: 'custom', message: read.message, path: [index] });
      return [];
    }),
  );

/** The name of a label in a list. */
export const labelName = z.string().min(1, 'a label has no empty name').max(256);

const groupBy = z
  .array(labelName)
  .max(NAMES_MAX)
  .refine((names) => new Set(names).size === names.length, 'names a label twice')
  .refine((names) => !names.includes('...') || names.length === 1, {
    message: "'...' already means every label: let it stand alone",
  })
  .transform((names) => (names.includes('...') ? ('all' as const) : names));

const storm = z
  .strictObject({
    above: z.number().int().min(1).max(1000).describe('So many new groups are still paged.'),
    within: positiveDuration.prefault('1m'),
  })
  .transform(({ above, within: withinMs }) => ({ above, withinMs }));

const DOES = ['pause', 'rollback'] as const;

/** All of a route but its children. */
const parts = z.strictObject({
  receiver: freeName.optional().describe("Default: the parent's."),
  matchers: matchers.prefault([]).describe('All must match; none: everything does.'),
  continue: z.boolean().default(false).describe('Matching goes on with the routes after it.'),
  group_by: groupBy.optional().describe("Labels that are equal within a group; ['...']: all."),
  group_wait: duration.optional().describe('Before the first page of a group; default 30s.'),
  group_interval: positiveDuration.optional().describe('Between pages of a group; default 5m.'),
  repeat_interval: positiveDuration
    .optional()
    .describe('Before a page is repeated of which nothing has changed; default 4h.'),
  mute_time_intervals: z.array(freeName).max(NAMES_MAX).prefault([]),
  active_time_intervals: z
    .array(freeName)
    .max(NAMES_MAX)
    .prefault([])
    .describe('None: always, but when muted.'),
  storm: storm.optional().describe('More new groups than these become one page that lists them.'),
  on_alert: z
    .enum(DOES)
    .optional()
    .describe('What a firing alert does to a running release of its service.'),
  service_label: labelName.optional().describe('With on_alert; default: service.'),
});

type Parts = z.output<typeof parts>;

/** A route as it stands in the file, with defaults but without what it inherits. */
export interface WrittenRoute extends Parts {
  readonly routes: readonly WrittenRoute[];
}

export interface RouteDocument extends z.input<typeof parts> {
  readonly routes?: RouteDocument[] | undefined;
}

export const route: z.ZodType<WrittenRoute, RouteDocument> = parts.extend({
  routes: z.lazy(() => z.array(route).max(ROUTES_MAX).prefault([])),
});

export type OnAlert = (typeof DOES)[number];
export type StormLimit = z.output<typeof storm>;
