import type { FailureCode } from '../failure.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { Instance } from './instance.ts';
import type { ReleaseSpec } from './release-spec.ts';
import type { ReleaseOutcome, Strategy } from './release.schema.ts';

/** The phases in which a run can be, in the order in which a release passes them. */
export const PHASES = [
  'deploying',
  'checking',
  'validating',
  'switching',
  'progressing',
  'stabilizing',
  'held',
  'rolling_back',
  'verifying',
  'cleaning_up',
  'ended',
] as const;
export type Phase = (typeof PHASES)[number];

/** What made a rollback start. */
export type RollbackTrigger =
  | 'performance'
  | 'health_check'
  | 'error_rate'
  | 'manual'
  /** An A/B test has ended for the version that was there. */
  | 'experiment';

export type Cause = FailureCode | RollbackTrigger | 'none';

/** Verbs that a running release takes; each is refused in a phase where it makes no sense. */
export const VERBS = [
  'pause',
  'resume',
  'promote',
  'promote_full',
  'step_back',
  'retry',
  'abort',
  'approve',
  'reject',
  'extend',
] as const;
export type Verb = (typeof VERBS)[number];

/** A version with all that is needed to run it and to reach it. */
export interface DeployedVersion {
  readonly version: string;
  readonly spec: ReleaseSpec;
  readonly instances: readonly Instance[];
}

export interface TimelineEntry {
  readonly atMs: number;
  readonly phase: Phase;
  readonly text: string;
}

/** One step of the plan, as people see it. */
export interface StepView {
  readonly name: string;
  readonly kind: string;
  readonly phase: Phase;
  /** How long it is stayed at; absent where that is not known beforehand. */
  readonly forMs?: number;
  /** The candidate's share once it has been carried out, of steps that set it. */
  readonly weightPercent?: number;
}

/** What a person asked of a run, and when. */
export interface AuditEntry {
  readonly atMs: number;
  readonly verb: string;
  readonly who: string;
  readonly why: string;
  readonly requestId: string;
  readonly step: string | undefined;
}

/** How to reach the candidate on purpose, whatever its weight. */
export interface PreviewAddress {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the `progress` query answers, for releases and rollbacks. */
export interface Progress {
  readonly workflowId: string;
  readonly kind: 'release' | 'rollback';
  readonly service: string;
  readonly number: number;
  readonly version: string;
  /** The version that serves when this run goes wrong; none for the first release. */
  readonly fallback: string | undefined;
  readonly strategy: Strategy;
  readonly who: string;
  readonly why: string;
  readonly startedAtMs: number;
  readonly phase: Phase;
  readonly phaseSinceMs: number;
  /** When the phase ends by itself, where that is known. */
  readonly phaseUntilMs: number | undefined;
  readonly weights: readonly { readonly version: string; readonly weightPercent: number }[];
  readonly verdict: Verdict | undefined;
  readonly warnings: readonly string[];
  /** The workflow id of the rollback that a release has begun. */
  readonly rolledBackBy: string | undefined;
  /** The incident that it has opened, or told; absent where nobody has been paged. */
  readonly incident?: string | undefined;
  readonly incidentIsNew?: boolean | undefined;
  readonly steps: readonly StepView[];
  /** The index in `steps`; `steps.length` when all is done. */
  readonly at: number;
  /** Why it does not go on by itself, where that is so. */
  readonly waiting: Waiting | undefined;
  readonly preview: PreviewAddress | undefined;
  readonly audit: readonly AuditEntry[];
  /** What a person can do now. */
  readonly verbs: readonly Verb[];
  readonly timeline: readonly TimelineEntry[];
  readonly outcome: ReleaseOutcome | undefined;
  readonly reason: string | undefined;
  readonly endedAtMs: number | undefined;
}

export interface Waiting {
  readonly why: 'gate' | 'paused' | 'frozen' | 'held';
  /** For a person, in one sentence. */
  readonly text: string;
  readonly untilMs: number | undefined;
}

/** How a run ended, for the `service` workflow and for callers who wait. */
export interface RunReport {
  readonly workflowId: string;
  readonly kind: 'release' | 'rollback';
  readonly number: number;
  /** The highest number used: a release that was rolled back has used its rollback's as well. */
  readonly lastNumber: number;
  readonly version: string;
  readonly outcome: ReleaseOutcome;
  /** Why it did not simply succeed, from a bounded set: also the label of the metrics. */
  readonly cause: Cause;
  readonly reason: string;
  /** Who serves all traffic now; null when nothing ever did. */
  readonly serving: DeployedVersion | null;
  /** Versions that still run without traffic, for the next release to remove. */
  readonly left: readonly DeployedVersion[];
  /** The incident that it has opened, or told. */
  readonly incident?: string | undefined;
  /** Whether it has opened it; false: it was open already. Absent of runs that did not say so yet. */
  readonly incidentIsNew?: boolean | undefined;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** One line of a service's history. */
export interface RunRecord {
  readonly workflowId: string;
  readonly service: string;
  readonly kind: 'release' | 'rollback';
  readonly number: number;
  readonly version: string;
  readonly who: string;
  readonly why: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  readonly outcome: ReleaseOutcome | undefined;
  readonly reason: string | undefined;
}
