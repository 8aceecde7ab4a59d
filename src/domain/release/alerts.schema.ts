import { z } from 'zod';
import type { Matcher } from '../alerting/matcher.ts';
import { readMatchers } from '../alerting/read-matchers.ts';
import { placeholderProblem } from './silenced.ts';

const SETS_MAX = 20;

const matcherSet = z
  .string('matchers are one text, like \'{instance=~"checkout-{version}-.*"}\'')
  .transform((text, context): readonly Matcher[] => {
    const wrong = (message: string): readonly Matcher[] => {
      context.addIssue({ code: 'custom', message });
      return [];
    };
    const read = readMatchers(text);
    if (read.kind === 'invalid') return wrong(read.message);
    for (const matcher of read.matchers) {
      const problem = placeholderProblem(matcher);
      if (problem !== null) return wrong(`${matcher.name}: ${problem}`);
    }
    return read.matchers;
  });

/** What a release has to do with alerts, beside what their own file says. */
export const alerts = z.strictObject({
  silence: z
    .array(matcherSet)
    .min(1, 'silences nothing: write at least one set of matchers, or leave alerts out')
    .max(SETS_MAX)
    .describe(
      'Alerts that all matchers of one text match page nobody until the version is stable or ' +
        'gone; {service} and {version} are filled in.',
    ),
});
