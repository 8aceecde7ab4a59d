import { z } from 'zod';
import { policy } from '../escalation/policy.schema.ts';
import { person as personName } from '../oncall/person.schema.ts';
import { scheduleName } from '../oncall/schedule-name.schema.ts';
import { schedule } from '../oncall/schedule.schema.ts';
import { gateTime } from '../release/gate-time.schema.ts';
import { label } from '../release/gate.schema.ts';
import { duration } from '../release/quantities.schema.ts';
import { channels } from './channel.schema.ts';

const RULES_MAX = 20;
const MEMBERS_MAX = 100;
const LAST_RESORT_MAX = 20;

const contact = z.strictObject({
  channel: label.describe('One of `channels`.'),
  to: z
    .string()
    .min(1)
    .max(254)
    .optional()
    .describe('Their address in it: of mail, an id of Slack; default: where the channel goes.'),
});

const rule = z
  .strictObject({
    contact: label.describe('One of the contacts of this person.'),
    after: duration.prefault('0s').describe('After the level has begun.'),
  })
  .transform(({ after: afterMs, ...rest }) => ({ ...rest, afterMs }));

const person = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  contacts: z.record(label, contact).default({}),
  notify: z
    .array(rule)
    .max(RULES_MAX)
    .optional()
    .describe('How they want to be paged; default: by every contact at once.'),
});

const team = z.strictObject({
  members: z
    .array(personName)
    .min(1, 'a team has at least one member')
    .max(MEMBERS_MAX)
    .describe('They take turns: one is paged, the next one at the next page to the team.'),
});

/** The whole paging file, as people write it. */
export const pagingSchema = z.strictObject({
  $schema: z.string().optional(),
  people: z.record(personName, person).default({}),
  teams: z.record(label, team).default({}),
  channels: channels.describe('Every way to reach people, by its name.'),
  schedules: z.record(scheduleName, schedule).default({}),
  policies: z.record(label, policy).describe('Who is paged, and after whom.'),
  last_resort: z
    .array(label)
    .min(1, 'name at least one channel: it is told when nobody answers')
    .max(LAST_RESORT_MAX)
    .describe('Channels that are told when nobody has answered, or a policy is not there.'),
  business_hours: z.array(gateTime).max(RULES_MAX).default([]),
});

export type PagingDocument = z.input<typeof pagingSchema>;
export type ParsedPaging = z.output<typeof pagingSchema>;
