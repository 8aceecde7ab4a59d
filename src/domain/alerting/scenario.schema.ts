import { z } from 'zod';
import { label } from '../release/gate.schema.ts';
import { duration, positiveDuration } from '../release/quantities.schema.ts';
import { labelsProblem } from './labels.ts';
import { freeName, labelName, matchers } from './route.schema.ts';

const STEPS_MAX = 1000;
const ALERTS_MAX = 1000;
const SCENARIOS_MAX = 200;

const labels = z.record(labelName, z.string()).superRefine((written, context) => {
  const problem = labelsProblem(written);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

const alert = z.strictObject({
  labels,
  annotations: z.record(labelName, z.string()).default({}),
  for: positiveDuration.optional().describe('It ends by itself; default: when it is resolved.'),
});

/** What can happen; each step has one of them. */
const acts = {
  fire: z.array(alert).min(1).max(ALERTS_MAX).optional(),
  resolve: z.array(labels).min(1).max(ALERTS_MAX).optional().describe('By all of their labels.'),
  silence: z
    .strictObject({
      name: freeName.describe('For expire, in this file.'),
      matchers,
      for: positiveDuration,
    })
    .optional(),
  expire: freeName.optional().describe('The name of a silence.'),
  beat: label.optional().describe('A signal of this heartbeat.'),
  reload: z.string().min(1).max(1024).optional().describe('Another alerting file.'),
  fail: z
    .strictObject({ channel: label, for: positiveDuration })
    .optional()
    .describe('No page of this channel arrives for so long.'),
};

const ACTS = ['fire', 'resolve', 'silence', 'expire', 'beat', 'reload', 'fail'] as const;

const step = z
  .strictObject({ at: duration.describe('After the beginning.'), ...acts })
  .refine((one) => ACTS.filter((key) => one[key] !== undefined).length === 1, {
    message: `does one thing: ${ACTS.join(', ')}`,
  });

const page = z.strictObject({
  at: duration,
  to: z
    .string()
    .regex(/^(?:channel|policy)\/[a-z0-9-]+$/, 'is written like channel/ops or policy/default'),
  reason: z
    .enum([
      'first_page',
      'new_alerts',
      'all_resolved',
      'some_resolved',
      'repeat_interval',
      'silence_ended',
      'mute_ended',
    ])
    .optional()
    .describe('Default: any.'),
  firing: z.array(labels).max(ALERTS_MAX).optional().describe('Exactly these; default: any.'),
  resolved: z.array(labels).max(ALERTS_MAX).optional().describe('Exactly these; default: any.'),
});

const steer = z.strictObject({
  at: duration,
  verb: z.enum(['pause', 'rollback']),
  service: z.string().min(1),
});

const scenario = z.strictObject({
  name: freeName,
  start: z.iso
    .datetime({ offset: true, error: 'a time is written like 2026-01-02T16:00:00Z' })
    .default('2026-01-01T00:00:00Z')
    .describe('What clocks show at the beginning.'),
  until: positiveDuration.describe('How much time passes.'),
  steps: z.array(step).max(STEPS_MAX),
  expect: z.array(page).max(STEPS_MAX).describe('All pages, and no other.'),
  expect_releases: z
    .array(steer)
    .max(STEPS_MAX)
    .optional()
    .describe('What is asked of releases; default: not looked at.'),
});

/** A file of scenarios for `belay alerting test`. */
export const scenarioFile = z.strictObject({
  $schema: z.string().optional(),
  alerting: z.string().min(1).max(1024).describe('The alerting file, by its path from this one.'),
  scenarios: z.array(scenario).min(1, 'has no scenario').max(SCENARIOS_MAX),
});

export type ParsedScenarios = z.output<typeof scenarioFile>;
export type Scenario = ParsedScenarios['scenarios'][number];
export type Step = Scenario['steps'][number];
export type ExpectedPage = Scenario['expect'][number];
