import { z } from 'zod';

/** Stands where a person would: nobody is on call. */
export const NOBODY = 'nobody';

export const PERSON_PATTERN = /^[A-Za-z0-9](?:[A-Za-z0-9._@+-]{0,62}[A-Za-z0-9])?$/;

const FORM = 'a person is named by a key of `people`: letters, digits and . _ - @ +, at most 64';

/** A person, or the word `nobody`. */
export const personOrNobody = z
  .string(FORM)
  .regex(PERSON_PATTERN, { error: ({ input }) => `"${input}": ${FORM}` });

const RESERVED = 'nobody is the word for no person, so that no person can have that name';

/** Who can be on call. */
export const person = personOrNobody.refine((name) => name !== NOBODY, RESERVED);

const TOGETHER_MAX = 10;

const EMPTY = 'is empty: name at least one person';
const TOO_MANY = `names too many persons: ${TOGETHER_MAX} together are the most`;

const several = z.array(person).min(1, EMPTY).max(TOGETHER_MAX, TOO_MANY);

/** One person, or several who are on call together. */
export const persons = z
  .union([person, several], {
    error: ({ input }) => personsFlaw(input),
  })
  .transform((written): readonly string[] =>
    typeof written === 'string' ? [written] : [...new Set(written)],
  );

function personsFlaw(input: unknown): string {
  const listed: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (listed.length === 0) return EMPTY;
  if (listed.length > TOGETHER_MAX) return TOO_MANY;
  const wrong = listed.find((one) => !personOrNobody.safeParse(one).success);
  return wrong === undefined ? RESERVED : `${JSON.stringify(wrong)}: ${FORM}`;
}
