import { z } from 'zod';
import { AUDIENCES, type BlocksQuery, type CountsQuery, type TrafficCounts } from './router.ts';

/** How counts are asked for over HTTP, of `belay router` as of `belay tap`. */
export const countsQuerySchema = z.object({
  version: z.string(),
  audience: z.enum(AUDIENCES),
  from: z.coerce.number(),
  to: z.coerce.number(),
  /** Answered by a list: a block of so many milliseconds each. */
  every: z.coerce.number().int().min(1000).multipleOf(1000).optional(),
});

/** What was answered: by a process of before requests were told apart that users gave up, too. */
export type AnsweredCounts = Omit<TrafficCounts, 'givenUp'> & { readonly givenUp?: number };

export function countsOf(answer: AnsweredCounts): TrafficCounts {
  return { givenUp: 0, ...answer };
}

export function blocksQuery({ blockMs, ...query }: BlocksQuery): string {
  return `${countsQuery(query)}&every=${blockMs}`;
}

export function countsQuery({ version, audience, fromMs, toMs }: CountsQuery): string {
  const query = { version, audience, from: String(fromMs), to: String(toMs) };
  return new URLSearchParams(query).toString();
}
