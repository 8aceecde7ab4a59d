import { z } from 'zod';
import { SEVERITIES } from '../escalation/severity.ts';
import { callUrl, label } from './gate.schema.ts';

const LINKS_MAX = 10;
const PLACEHOLDERS = ['{service}', '{version}', '{run}'] as const;

const link = z.strictObject({
  text: z.string().min(1).max(100),
  url: callUrl
    .max(2048)
    .refine((url) => (url.match(/\{[^}]*\}/g) ?? []).every(isKnown), {
      message: `only ${PLACEHOLDERS.join(', ')} are filled in: write no other braces`,
    })
    .describe('{service}, {version} and {run}, the id of the workflow, are filled in.'),
});

function isKnown(placeholder: string): boolean {
  return PLACEHOLDERS.some((one) => one === placeholder);
}

/** Who is paged about a rollback that nobody has asked for, or that could not be verified. */
export const incidents = z.strictObject({
  policy: label.describe('By its name in the workers’ paging file.'),
  severity: z.enum(SEVERITIES).default('critical'),
  links: z
    .array(link)
    .max(LINKS_MAX)
    .default([])
    .describe('In every page: a dashboard, a runbook.'),
});

export type IncidentsSpec = z.output<typeof incidents>;
