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

const critical = z
  .boolean()
  .default(false)
  .describe("method kayenta: where it differs from stable's, all fails, whatever the score.");

const METHODS = ['sequential', 'mann_whitney', 'threshold'] as const;

const errors = z
  .strictObject({
    method: z.enum(METHODS).default('sequential'),
    max_increase: growth
      .prefault('10%')
      .describe("Of stable's rate at the same time; less is not worth a rollback."),
    severity,
    weight,
    group: label.default('errors').describe('method kayenta: what it is scored with.'),
    critical,
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
    group: label.default('latency').describe('method kayenta: what it is scored with.'),
    critical,
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
    direction: z
      .enum(['increase', 'decrease', 'either'])
      .default('increase')
      .describe('What is bad; either: not by sequential.'),
    max_increase: growth.prefault('10%').describe('Or decrease; less is not worth a rollback.'),
    severity,
    weight,
    group: label.optional().describe('method kayenta: what it is scored with; default: its name.'),
    critical,
    no_data: missing.default('fail').describe('No value, for longer than watch.no_data_budget.'),
  })
  .transform(({ no_data: whenMissing, group, ...rest }) => ({
    ...judged(rest),
    group: group ?? rest.name,
    noData: whenMissing,
  }));

const score = z.number().min(0).max(100);

const groupWeights = z
  .record(label, score)
  .default({})
  .describe('method kayenta: percent of the score; groups that are not named share the rest.');

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
    method: z
      .enum(['each', 'kayenta'])
      .default('each')
      .describe('kayenta: one score of all metrics, at the end of each step.'),
    pass: score.default(95).describe('method kayenta: this score passes.'),
    marginal: score
      .default(75)
      .describe('method kayenta: this score is a warning, a lower one fails.'),
    group_weights: groupWeights,
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
  .refine(({ pass, marginal }) => marginal <= pass, {
    path: ['marginal'],
    message: 'is above pass: no score could be marginal',
  })
  .transform(({ no_data: whenMissing, group_weights: weights, ...rest }) => ({
    ...rest,
    groupWeights: weights,
    noData: whenMissing,
  }))
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
