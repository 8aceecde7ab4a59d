import { z } from 'zod';
import { AUDIENCES, type CountsQuery } from './router.ts';

/** How counts are asked for over HTTP, of `belay router` as of `belay tap`. */
export const countsQuerySchema = z.object({
  version: z.string(),
  audience: z.enum(AUDIENCES),
  from: z.coerce.number(),
  to: z.coerce.number(),
});

export function countsQuery({ version, audience, fromMs, toMs }: CountsQuery): string {
  const query = { version, audience, from: String(fromMs), to: String(toMs) };
  return new URLSearchParams(query).toString();
}
