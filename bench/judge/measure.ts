import { seeded } from './random.ts';
import type { Random } from './random.ts';
import type { Contender, Series } from './series.ts';

/** One kind of release, simulated again and again. */
export interface Scenario {
  readonly name: string;
  readonly series: (random: Random) => Series;
}

export interface Measured {
  readonly contender: string;
  readonly scenario: string;
  readonly repetitions: number;
  /** The share of the releases that were taken back. */
  readonly flagged: number;
  /** Among those; null when there were none. */
  readonly medianLook: number | null;
}

/** Every contender sees the same releases. */
export function measure(
  scenario: Scenario,
  contenders: readonly Contender[],
  repetitions: number,
): Measured[] {
  const looks = contenders.map((): number[] => []);
  let judging: readonly boolean[] = contenders.map(() => false);
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const series = scenario.series(seeded(repetition + 1));
    judging = contenders.map((contender) => contender.judges(series.kind));
    contenders.forEach((contender, index) => {
      if (!judging[index]) return;
      const { atLook } = contender.run(series);
      if (atLook !== null) looks[index]?.push(atLook);
    });
  }
  return contenders.flatMap((contender, index) => {
    const flagged = looks[index] ?? [];
    if (!judging[index]) return [];
    return {
      contender: contender.name,
      scenario: scenario.name,
      repetitions,
      flagged: flagged.length / repetitions,
      medianLook: median(flagged),
    };
  });
}

/** The upper median; null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
