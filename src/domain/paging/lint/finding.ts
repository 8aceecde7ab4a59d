import type { Found } from '../../document/issues.ts';

/** What is wrong with a paging file that can be read. */
export interface Finding extends Found {
  /** An error: somebody who is meant to be paged is not. A warning: it is hardly meant. */
  readonly severity: 'error' | 'warning';
  readonly rule: LintRule;
}

/** In the order in which `docs/escalation.md` explains them. */
export const LINT_RULES = [
  'not-valid',
  'unreachable-level',
  'empty-level',
  'no-contact',
  'never-covered',
  'schedule-gap',
  'late-rule',
  'no-contact-in-channel',
  'idle-part',
  'unused-channel',
  'only-logged',
] as const;

export type LintRule = (typeof LINT_RULES)[number];
