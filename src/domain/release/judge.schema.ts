import { z } from 'zod';
import { label } from './gate.schema.ts';
import { growth, ratio } from './quantities.schema.ts';

const severity = z
  .enum(['critical', 'warning'])
  .default('critical')
  .describe('critical: back to stable; warning: one weight down, and held there for a person.');

const weight = z
  .number()
  .min(0.1)
  .max(100)
  .default(1)
  .describe('Its part of the health score and of the error budget.');

const missing = z.enum(['fail', 'hold', 'ignore']);

const METHODS = ['sequential', 'mann_whitney', 'threshold'] as const;

const errors = z
  .strictObject({
    method: z.enum(METHODS).default('sequential'),
    max_increase: growth
      .prefault('10%')
      .describe("Of stable's rate at the same time; less is not worth a rollback."),
    severity,
    weight,
  })
  .transform(judged);

const latency = z
  .strictObject({
    method: z.enum(METHODS).default('threshold'),
    max_increase: growth
      .prefault('10%')
      .describe('Of any quantile over stable at the same time; less is not worth a rollback.'),
    severity,
    weight,
  })
  .transform(judged);

const ownMetric = z
  .strictObject({
    name: label,
    query: z
      .string()
      .min(1)
      .max(2000)
      .describe('PromQL, one value; {service}, {version} and {window} (a block) are filled in.'),
    method: z.enum(['sequential', 'mann_whitney']).default('mann_whitney'),
    direction: z.enum(['increase', 'decrease']).default('increase').describe('What is bad.'),
    max_increase: growth.prefault('10%').describe('Or decrease; less is not worth a rollback.'),
    severity,
    weight,
    no_data: missing.default('fail').describe('No value, for longer than watch.no_data_budget.'),
  })
  .transform(({ no_data: whenMissing, ...rest }) => ({ ...judged(rest), noData: whenMissing }));

const noData = z
  .strictObject({
    latency_p95: missing.default('fail'),
    error_rate: missing.default('fail'),
    throughput: missing.default('fail'),
  })
  .describe('Of a signal without data, once the budget is over.');

/** How candidate and stable are compared while both have users, beside fixed limits. */
export const judge = z
  .strictObject({
    alpha: ratio
      .prefault('1%')
      .refine((share) => share > 0 && share <= 0.5, 'must be above 0% and at most 50%')
      .describe('How often chance may take a good version back, over the whole release.'),
    errors: errors.prefault({}),
    latency: latency.prefault({}),
    metrics: z
      .array(ownMetric)
      .max(10)
      .refine(hasOwnNames, 'each metric needs a name of its own, not errors or latency')
      .default([])
      .describe('Of your own, asked of the first prometheus source of the file.'),
    no_data: noData.prefault({}),
  })
  .transform(({ no_data: whenMissing, ...rest }) => ({ ...rest, noData: whenMissing }))
  .describe('Comparison with stable while both have users.');

function hasOwnNames(metrics: readonly { readonly name: string }[]): boolean {
  const names = ['errors', 'latency', ...metrics.map(({ name }) => name)];
  return new Set(names).size === names.length;
}

function judged<Written extends { readonly max_increase: number }>({
  max_increase: increaseMax,
  ...rest
}: Written) {
  return { ...rest, increaseMax };
}

export type JudgeSpec = z.output<typeof judge>;
