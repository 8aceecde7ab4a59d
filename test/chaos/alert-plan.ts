import type { Random } from '../../bench/judge/random.ts';

/** One alert of the run; times count from its beginning. */
export interface PlannedAlert {
  readonly id: string;
  readonly group: string;
  readonly firesAtMs: number;
  /** Null: it fires until the end. */
  readonly endsAtMs: number | null;
}

export interface PlannedSilence {
  readonly name: string;
  /** Of the groups that it silences. */
  readonly groups: readonly string[];
  readonly atMs: number;
  readonly forMs: number;
  /** Null: it ends by itself. */
  readonly expiredAtMs: number | null;
}

export interface AlertPlan {
  readonly alerts: readonly PlannedAlert[];
  readonly silences: readonly PlannedSilence[];
}

const FIRES_FOR_MS = { from: 20_000, to: 60_000 };
const SILENT_FOR_MS = { from: 20_000, to: 70_000 };
const GROUPS_A_SILENCE = 3;

/** Alerts that begin all the time, and silences of groups that are no other silence's. */
export function planAlerts(
  {
    alerts,
    groups,
    silences,
    lastsMs,
  }: Readonly<Record<'alerts' | 'groups' | 'silences' | 'lastsMs', number>>,
  { uniform }: Random,
): AlertPlan {
  const between = ({ from, to }: { readonly from: number; readonly to: number }): number =>
    Math.round(from + uniform() * (to - from));
  const nameOf = (group: number): string => `g${String(group).padStart(4, '0')}`;
  return {
    alerts: Array.from({ length: alerts }, (_, at) => {
      const firesAtMs = Math.round(uniform() * lastsMs);
      const doesEnd = uniform() < 0.4;
      return {
        id: `a${String(at).padStart(5, '0')}`,
        group: nameOf(at % groups),
        firesAtMs,
        endsAtMs: doesEnd ? firesAtMs + between(FIRES_FOR_MS) : null,
      };
    }),
    silences: Array.from({ length: silences }, (_, at) => {
      const atMs = Math.round(uniform() * lastsMs * 0.8);
      const forMs = uniform() < 0.3 ? 10 * lastsMs : between(SILENT_FOR_MS);
      const isExpired = uniform() < 0.3;
      return {
        name: `s${at}`,
        groups: Array.from({ length: GROUPS_A_SILENCE }, (__, of) =>
          nameOf((at * GROUPS_A_SILENCE + of) % groups),
        ),
        atMs,
        forMs,
        expiredAtMs: isExpired ? atMs + Math.round(Math.min(forMs, 40_000) / 2) : null,
      };
    }),
  };
}
