import { z } from 'zod';
import { SEVERITIES } from '../escalation/severity.ts';
import { label } from '../release/gate.schema.ts';
import { positiveDuration } from '../release/quantities.schema.ts';
import { freeName, labelName, matchers, route } from './route.schema.ts';
import { timeInterval } from './time-interval.schema.ts';

/** Of a receiver. */
export const CHANNELS_MAX = 20;
const RULES_MAX = 1000;
const EQUAL_MAX = 50;
const HEARTBEATS_MAX = 200;

const receiver = z
  .strictObject({
    channels: z
      .array(label)
      .max(CHANNELS_MAX)
      .default([])
      .describe('Of the paging file: each gets one page for each group.'),
    policy: label
      .optional()
      .describe('An escalation policy of the paging file: each group is an incident.'),
    send_resolved: z.boolean().default(true).describe('To the channels; an incident always ends.'),
    severity: z
      .enum(SEVERITIES)
      .default('error')
      .describe('Of alerts whose label severity is none of these words.'),
  })
  .refine(({ channels }) => new Set(channels).size === channels.length, {
    message: 'names a channel twice',
    path: ['channels'],
  })
  .transform(({ send_resolved: sendResolved, ...rest }) => ({ ...rest, sendResolved }));

const inhibitRule = z
  .strictObject({
    name: freeName.optional(),
    source_matchers: matchers.describe('While an alert fires that all of these match …'),
    target_matchers: matchers.describe('… no page is sent for those that all of these match.'),
    equal: z
      .array(labelName)
      .max(EQUAL_MAX)
      .default([])
      .describe('Only where both have the same values; a missing one is empty.'),
  })
  .transform((written) => ({
    name: written.name,
    source: written.source_matchers,
    target: written.target_matchers,
    equal: written.equal,
  }));

const heartbeat = z
  .strictObject({
    within: positiveDuration.describe('A signal must come at least so often.'),
    matchers: matchers
      .optional()
      .describe('A firing alert that all of these match is a signal, and no alert.'),
    labels: z
      .record(labelName, z.string().max(2048))
      .default({})
      .describe('Of the alert HeartbeatMissing that is routed when none comes.'),
  })
  .transform(({ within: withinMs, ...rest }) => ({ ...rest, withinMs }));

/** The whole alerting file, as people write it. */
export const alertingSchema = z.strictObject({
  $schema: z.string().optional(),
  resolve_timeout: positiveDuration
    .prefault('5m')
    .describe('An alert without an end is over after it, unless it is sent again.'),
  route: route.describe('Where alerts go; the first one matches all of them.'),
  receivers: z.record(freeName, receiver).describe('Channels, an escalation policy, or both.'),
  time_intervals: z.record(freeName, timeInterval).default({}),
  inhibit_rules: z.array(inhibitRule).max(RULES_MAX).default([]),
  heartbeats: z
    .record(label, heartbeat)
    .default({})
    .refine((all) => Object.keys(all).length <= HEARTBEATS_MAX, {
      message: `there are more than ${HEARTBEATS_MAX} heartbeats`,
    }),
});

export type AlertingDocument = z.input<typeof alertingSchema>;
export type ParsedAlerting = z.output<typeof alertingSchema>;
export type Receiver = z.output<typeof receiver>;
export type InhibitRule = z.output<typeof inhibitRule>;
export type Heartbeat = z.output<typeof heartbeat>;
