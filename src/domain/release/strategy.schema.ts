import { z } from 'zod';
import { GATE_KINDS, callUrl, exactlyOne, gateFields, gateOf, label } from './gate.schema.ts';
import {
  duration,
  positiveDuration,
  ratio,
  waitingTime,
  wholePercent,
} from './quantities.schema.ts';

const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const COOKIE = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;

/** `3`, or a share of the instances of stable like `20%`. */
export const countOrShare = z
  .union(
    [
      z.number().int().min(1).max(100),
      z.string().regex(/^(100|[1-9]\d?)%$/, 'a share of the instances is written like 20%'),
    ],
    'a number of instances is written like 3 or 20%',
  )
  .transform((written) =>
    typeof written === 'number'
      ? { count: written, percent: undefined }
      : { count: undefined, percent: Number(written.slice(0, -1)) },
  );

export const affinity = z
  .strictObject({
    cookie: z
      .string()
      .regex(COOKIE, 'the name of a cookie has letters, digits and - _ .')
      .default('belay_user')
      .describe('Names the user; one who comes without it gets it.'),
    max_age: positiveDuration.prefault('1d'),
  })
  .transform((written) => ({
    cookie: written.cookie,
    maxAgeS: Math.ceil(written.max_age / 1000),
  }));

const MATCH_IN = ['header', 'cookie'] as const;
const MATCH_HOW = ['exact', 'prefix', 'present'] as const;

/** Users who meet the candidate whatever its weight. */
export const match = z
  .strictObject({
    header: z.string().regex(HEADER).max(64).optional(),
    cookie: z.string().regex(COOKIE).optional(),
    exact: z.string().min(1).max(256).optional(),
    prefix: z.string().min(1).max(256).optional(),
    present: z.literal(true).optional(),
  })
  .superRefine(exactlyOne('a match', MATCH_IN))
  .superRefine(exactlyOne('a match', MATCH_HOW))
  .transform((written) => {
    const name = written.header ?? written.cookie ?? '';
    const place = written.header === undefined ? ('cookie' as const) : ('header' as const);
    if (written.exact !== undefined) {
      return { in: place, name, how: 'exact' as const, value: written.exact };
    }
    if (written.prefix !== undefined) {
      return { in: place, name, how: 'prefix' as const, value: written.prefix };
    }
    return { in: place, name, how: 'present' as const, value: '' };
  });

const STEP_KINDS = [
  'weight',
  'hold',
  'analysis',
  'gate',
  'webhook',
  'scale',
  'mirror',
  'match',
  'session_affinity',
] as const;

const gate = z
  .strictObject(gateFields)
  .superRefine(exactlyOne('a gate', GATE_KINDS))
  .transform(gateOf);

/** One step of a canary; exactly one of its kinds. */
const step = z
  .strictObject({
    name: label.optional().describe('For `belay extend`; default: kind and place, like weight-2.'),
    weight: wholePercent.optional().describe('The share of the traffic that the candidate gets.'),
    for: duration.optional().describe('weight, mirror: how long it is watched before the next.'),
    hold: z
      .union([z.literal('until_approved'), duration])
      .optional()
      .describe('Stays as it is; watched meanwhile.'),
    analysis: positiveDuration.optional().describe('Stays as it is and must be judged good.'),
    gate: gate.optional(),
    webhook: z
      .strictObject({ url: callUrl, timeout: waitingTime.prefault('10s') })
      .optional()
      .describe('Short for a gate that asks a webhook.'),
    scale: countOrShare.optional().describe('Instances of the candidate; only more of them.'),
    mirror: wholePercent.optional().describe('Copies of so many live requests; answers dropped.'),
    match: match.optional().describe('Users who meet the candidate whatever its weight.'),
    session_affinity: affinity.optional().describe('From here on users stay where they are.'),
  })
  .superRefine(exactlyOne('a step', STEP_KINDS));

export type WrittenStep = z.output<typeof step>;

/** The keys of each strategy, as they stand in a release file. */
export const strategyFields = {
  steps: z.array(step).min(1).max(50).optional().describe('canary: written out.'),
  baseline: z
    .boolean()
    .default(false)
    .describe('canary: fresh instances of stable beside it, to compare like with like.'),
  session_affinity: affinity.optional().describe('canary, ab_test: users stay where they are.'),
  switch_steps: z
    .array(z.number().int().min(1).max(100))
    .min(1)
    .max(20)
    .optional()
    .describe('blue_green: weights that rise to 100; default: all at once.'),
  promotion: z
    .enum(['automatic', 'manual'])
    .default('automatic')
    .describe('manual: `belay approve SERVICE promotion` before users meet the candidate.'),
  keep_on_abort: duration.prefault('0s').describe('How long the candidate stays after an abort.'),
  rollback_window: duration
    .prefault('0s')
    .describe('A version that was stable within it comes back without warm-up and steps.'),
  rolling: z
    .strictObject({
      batch: countOrShare.prefault('20%').describe('Rounded down, at least 1.'),
      max_surge: countOrShare
        .optional()
        .describe('A batch starts before what it replaces ends, and is no larger.'),
      max_unavailable: countOrShare.optional().describe('Without a surge a batch is no larger.'),
      stabilize: duration
        .optional()
        .describe('After each batch; default: its part of rollout_duration.'),
    })
    .prefault({}),
  ab_test: z
    .strictObject({
      share: wholePercent.prefault(50).describe('Of the candidate.'),
      match: match.optional().describe('Instead of a share: who belongs to the candidate.'),
      min_duration: duration.prefault('1h'),
      max_duration: positiveDuration.prefault('7d'),
      min_samples: z.number().int().min(10).max(100_000_000).default(1000).describe('Of each arm.'),
      confidence: ratio.prefault('95%'),
      undecided: z.enum(['control', 'candidate']).default('control').describe('Kept at the end.'),
      goal: z
        .discriminatedUnion('kind', [
          z.strictObject({
            kind: z.literal('traffic').describe('Good answers among all of an arm.'),
          }),
          z
            .strictObject({
              kind: z.literal('prometheus'),
              url: callUrl,
              timeout: positiveDuration.prefault('5s'),
              trials: z.string().min(1).max(4096).describe('PromQL; {version}, {window}.'),
              successes: z.string().min(1).max(4096),
            })
            .transform(({ timeout: timeoutMs, ...rest }) => ({ ...rest, timeoutMs })),
          z
            .strictObject({
              kind: z.literal('mean').describe('A figure of each block, such as what is spent.'),
              url: callUrl,
              timeout: positiveDuration.prefault('5s'),
              query: z.string().min(1).max(4096).describe('PromQL; {version}, {window}: a block.'),
              better: z.enum(['higher', 'lower']).default('higher'),
            })
            .transform(({ timeout: timeoutMs, ...rest }) => ({ ...rest, timeoutMs })),
        ])
        .prefault({ kind: 'traffic' }),
    })
    .prefault({}),
};

export type CountOrShare = z.output<typeof countOrShare>;
export type AffinitySpec = z.output<typeof affinity>;
export type MatchSpec = z.output<typeof match>;
