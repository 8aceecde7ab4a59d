import type { Level, Override, PolicySpec } from './policy.schema.ts';

/**
 * A policy as it was when the incident began: later changes of the file do not touch it. Names of
 * people, schedules and channels are looked up when a level begins, so that tonight's swap counts.
 */
export interface PolicySnapshot {
  readonly name: string;
  readonly levels: readonly Level[];
  readonly repeat: number;
  readonly onExhausted: PolicySpec['onExhausted'];
  readonly lastResort: readonly string[];
  /** Of those in `lastResort`, by their names. An older incident has none. */
  readonly fallbacks?: Readonly<Record<string, readonly string[]>>;
  readonly ackTimeoutMs: number | null;
  readonly sendForMs: number;
  readonly overrides: readonly Override[];
}

/** What an incident goes by whose policy cannot be found: nobody is left unpaged for a wrong name. */
export function lastResortOnly(
  name: string,
  lastResort: readonly string[],
  fallbacks: NonNullable<PolicySnapshot['fallbacks']> = {},
): PolicySnapshot {
  return {
    name,
    levels: [
      {
        waitMs: UNKNOWN_WAIT_MS,
        targets: lastResort.map((channel) => ({ kind: 'channel', name: channel })),
        channels: [],
      },
    ],
    repeat: 2,
    onExhausted: 'fail',
    ...{ lastResort, fallbacks },
    ackTimeoutMs: null,
    sendForMs: UNKNOWN_WAIT_MS,
    overrides: [],
  };
}

/** Neither the policy nor a last resort could be read. */
export function knowsNobody({ levels, lastResort }: PolicySnapshot): boolean {
  return lastResort.length === 0 && levels.every(({ targets }) => targets.length === 0);
}

const UNKNOWN_WAIT_MS = 5 * 60_000;
