import { z } from 'zod';
import { person } from '../oncall/person.schema.ts';
import { scheduleName } from '../oncall/schedule-name.schema.ts';
import { gateTime } from '../release/gate-time.schema.ts';
import { label } from '../release/gate.schema.ts';
import { duration, positiveDuration } from '../release/quantities.schema.ts';
import { SEVERITIES } from './severity.ts';

const LEVELS_MAX = 20;
const TARGETS_MAX = 20;
const OVERRIDES_MAX = 10;
/** So often a policy begins again; more is no patience but silence. */
const REPEAT_MAX = 100;

const FORM = 'a target is {person: NAME}, {schedule: NAME}, {team: NAME} or {channel: NAME}';

const target = z
  .union(
    [
      z.strictObject({ person }),
      z.strictObject({ schedule: scheduleName }),
      z.strictObject({ team: label }),
      z.strictObject({ channel: label }),
    ],
    FORM,
  )
  .transform((written): Target => {
    if ('person' in written) return { kind: 'person', name: written.person };
    if ('schedule' in written) return { kind: 'schedule', name: written.schedule };
    if ('team' in written) return { kind: 'team', name: written.team };
    return { kind: 'channel', name: written.channel };
  });

/** Who is paged, by a name of the paging file. */
export interface Target {
  readonly kind: 'person' | 'schedule' | 'team' | 'channel';
  readonly name: string;
}

const level = z
  .strictObject({
    wait: positiveDuration
      .prefault('5m')
      .describe('For an acknowledgement, before the next level begins.'),
    targets: z.array(target).min(1, 'a level pages somebody').max(TARGETS_MAX),
    channels: z
      .array(label)
      .max(TARGETS_MAX)
      .default([])
      .describe('People are paged through these, at once; none: by their own rules.'),
  })
  .transform(({ wait: waitMs, ...rest }) => ({ ...rest, waitMs }));

const levels = z.array(level).min(1, 'a policy has at least one level').max(LEVELS_MAX);
const repeat = z.number().int().min(0).max(REPEAT_MAX);

const override = z
  .strictObject({
    severity: z.array(z.enum(SEVERITIES)).min(1).optional(),
    hours: z
      .enum(['inside', 'outside'])
      .optional()
      .describe('Of the business hours, when a round begins.'),
    wait_for: z.literal('business_hours').optional().describe('Nobody is paged before they begin.'),
    levels: levels.optional(),
    repeat: repeat.optional(),
  })
  .refine((one) => one.severity !== undefined || one.hours !== undefined, {
    message: 'has no condition: name a severity or hours',
  })
  .refine(
    (one) => one.levels !== undefined || one.repeat !== undefined || one.wait_for !== undefined,
    { message: 'changes nothing: name levels, repeat or wait_for' },
  )
  .refine((one) => one.wait_for === undefined || one.hours !== 'inside', {
    message: 'inside business hours there is nothing to wait for',
    path: ['wait_for'],
  })
  .transform(({ wait_for: waitFor, ...rest }) => ({ ...rest, waitFor }));

/** One entry of `policies` of a paging file. */
export const policy = z
  .strictObject({
    levels,
    repeat: repeat.default(0).describe('How often all levels begin again.'),
    on_exhausted: z
      .enum(['fail', 'go_on'])
      .default('fail')
      .describe('Nobody has answered: fail pages last_resort and ends; go_on also begins again.'),
    last_resort: z
      .array(label)
      .max(TARGETS_MAX)
      .optional()
      .describe('Channels; default: the last_resort of the whole file.'),
    ack_timeout: positiveDuration
      .optional()
      .describe('Acknowledged but not resolved for so long: paging begins again.'),
    send_for: duration
      .prefault('5m')
      .refine((ms) => ms >= 15_000, 'must be at least 15s: one attempt alone may take 10s')
      .describe('How long one page is tried before its fallback is used.'),
    business_hours: z
      .array(gateTime)
      .min(1)
      .max(OVERRIDES_MAX)
      .optional()
      .describe('Default: those of the whole file.'),
    overrides: z
      .array(override)
      .max(OVERRIDES_MAX)
      .default([])
      .describe('The first whose conditions hold when a round begins is taken.'),
  })
  .transform((written) => ({
    levels: written.levels,
    repeat: written.repeat,
    onExhausted: written.on_exhausted,
    lastResort: written.last_resort,
    ackTimeoutMs: written.ack_timeout,
    sendForMs: written.send_for,
    businessHours: written.business_hours,
    overrides: written.overrides,
  }));

export type PolicySpec = z.output<typeof policy>;
export type Level = PolicySpec['levels'][number];
export type Override = PolicySpec['overrides'][number];
