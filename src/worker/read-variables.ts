import { z } from 'zod';
import { Failure } from '../domain/failure.ts';

/** Where a process listens; without a host it is every address. */
export const hostAndPort = z.string().regex(/^[^:]*:\d{1,5}$/, 'an address is host:port');

/** The variables of a process; throws `EnvironmentInvalid` with every problem at once. */
export function readVariables<Variables>(
  schema: z.ZodType<Variables>,
  environment: NodeJS.ProcessEnv,
  whose: string,
): Variables {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Failure('EnvironmentInvalid', `${whose}: ${problems.join('; ')}`);
}
