import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  IncidentAnswer,
  IncidentAsked,
  IncidentVerb,
  IncidentView,
  Report,
} from '../domain/escalation/incident.ts';
import type { Asked } from '../domain/release/commands.ts';

/** Everything that can be said to an incident; its verbs are updates, refused without a trace. */
export const incidentUpdates = {
  acknowledge: defineUpdate<IncidentAnswer, [IncidentAsked]>('acknowledge'),
  unacknowledge: defineUpdate<IncidentAnswer, [IncidentAsked]>('unacknowledge'),
  resolve: defineUpdate<IncidentAnswer, [IncidentAsked]>('resolve'),
  reassign: defineUpdate<IncidentAnswer, [IncidentAsked]>('reassign'),
  snooze: defineUpdate<IncidentAnswer, [IncidentAsked]>('snooze'),
  escalate_now: defineUpdate<IncidentAnswer, [IncidentAsked]>('escalate_now'),
  change_policy: defineUpdate<IncidentAnswer, [IncidentAsked]>('change_policy'),
  add_note: defineUpdate<IncidentAnswer, [IncidentAsked]>('add_note'),
} as const satisfies Record<IncidentVerb, unknown>;

/** The twins for callers that can only signal: durable at once, applied when a worker is there. */
export const ackSignal = defineSignal<[IncidentAsked]>('ack');
export const resolveSignal = defineSignal<[IncidentAsked]>('resolve-signal');
/** It has been reported once more, while it was open. */
export const reportedSignal = defineSignal<[Asked & { readonly report: Report }]>('reported');
/** Is kept in the timeline, as by `add_note`. */
export const noteSignal = defineSignal<[Asked]>('note');

export const incidentQuery = defineQuery<IncidentView>('incident');
