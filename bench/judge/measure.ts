import { seeded } from './random.ts';
import type { Random } from './random.ts';
import type { Contender, Series } from './series.ts';

/** One kind of release, simulated again and again. */
export interface Scenario {
  readonly name: string;
  readonly series: (random: Random) => Series;
  readonly minutesALook: number;
}

/** `repetitions` of a contender are the first so many releases of a scenario. */
export interface Entrant {
  readonly contender: Contender;
  readonly repetitions: number;
}

export interface Measured {
  readonly contender: string;
  readonly scenario: string;
  readonly repetitions: number;
  /** The share of the releases that were taken back. */
  readonly flagged: number;
  /** Among those; null when there were none. */
  readonly medianLook: number | null;
  readonly medianMinutes: number | null;
}

/** Every contender sees the same releases, some fewer of them. */
export function measure(scenario: Scenario, entrants: readonly Entrant[]): Measured[] {
  const looks = entrants.map((): number[] => []);
  let judging: readonly boolean[] = entrants.map(() => false);
  const most = Math.max(...entrants.map(({ repetitions }) => repetitions));
  for (let repetition = 0; repetition < most; repetition += 1) {
    const series = scenario.series(seeded(repetition + 1));
    judging = entrants.map(({ contender }) => contender.judges(series.kind));
    entrants.forEach(({ contender, repetitions }, index) => {
      if (judging[index] !== true || repetition >= repetitions) return;
      const { atLook } = contender.run(series);
      if (atLook !== null) looks[index]?.push(atLook);
    });
  }
  return entrants.flatMap(({ contender, repetitions }, index) => {
    const flagged = looks[index] ?? [];
    if (judging[index] !== true) return [];
    const medianLook = median(flagged);
    return {
      contender: contender.name,
      scenario: scenario.name,
      repetitions,
      flagged: flagged.length / repetitions,
      medianLook,
      medianMinutes: medianLook === null ? null : medianLook * scenario.minutesALook,
    };
  });
}

/** The upper median; null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
