import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';

/** The search attributes that every namespace of Belay must know; all of them are keywords. */
export const SERVICE = defineSearchAttributeKey('BelayService', SearchAttributeType.KEYWORD);
export const VERSION = defineSearchAttributeKey('BelayVersion', SearchAttributeType.KEYWORD);
export const STRATEGY = defineSearchAttributeKey('BelayStrategy', SearchAttributeType.KEYWORD);
export const PHASE = defineSearchAttributeKey('BelayPhase', SearchAttributeType.KEYWORD);
export const OUTCOME = defineSearchAttributeKey('BelayOutcome', SearchAttributeType.KEYWORD);
export const SEVERITY = defineSearchAttributeKey('BelaySeverity', SearchAttributeType.KEYWORD);

export const SEARCH_ATTRIBUTES = [SERVICE, VERSION, STRATEGY, PHASE, OUTCOME, SEVERITY] as const;

/** What a run can be found by from its first moment. */
export function attributesOf(run: {
  readonly service: string;
  readonly version: string;
  readonly strategy: string;
  readonly phase: string;
}) {
  return [
    { key: SERVICE, value: run.service },
    { key: VERSION, value: run.version },
    { key: STRATEGY, value: run.strategy },
    { key: PHASE, value: run.phase },
  ];
}
