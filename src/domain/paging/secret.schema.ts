import { z } from 'zod';

/** Where a secret is found. A paging file names the place, never the value. */
export const secret = z
  .union(
    [
      z.strictObject({
        env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable has letters, digits and _'),
      }),
      z.strictObject({ file: z.string().startsWith('/', 'the path of a secret begins with /') }),
    ],
    { error: 'a secret is {env: NAME} or {file: /PATH}; its value never stands in a file' },
  )
  .transform((place) =>
    'env' in place
      ? { kind: 'env' as const, name: place.env }
      : { kind: 'file' as const, path: place.file },
  );

export type Secret = z.output<typeof secret>;
