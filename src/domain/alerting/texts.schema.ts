import { z } from 'zod';
import { isRecord } from './is-record.ts';
import type { Labels } from './labels.ts';

/**
 * Labels or annotations as they are posted, every name kept. `z.record` drops `__proto__`: alerts
 * that differ in it alone would be one. What comes after keeps it, as JSON.parse made it their own.
 */
export const texts = z.custom<Labels>().superRefine((value: unknown, context) => {
  if (!isRecord(value)) {
    context.addIssue({ code: 'custom', message: 'must be names with texts, like {"a": "b"}' });
    return;
  }
  for (const [name, text] of Object.entries(value)) {
    if (typeof text === 'string') continue;
    context.addIssue({ code: 'custom', message: 'must be a text, in quotes', path: [name] });
  }
});
