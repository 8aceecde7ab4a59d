import type { Measured } from './measure.ts';
import type { Row } from './scenarios.ts';
import type { Speed } from './speed.ts';

export const FALSE_ROLLBACKS_MAX = 0.015;
const FAMILYWISE_MAX = 0.05;
const SPEED_MAX_MS = 200;
const LOOK_RATIO_MAX = 1.2;

/** As the tables name them. */
export const NAMES = {
  judge: 'sequential',
  young: 'without history',
  unguarded: 'counts without guard',
  ranks: 'corrected ranks',
  youngRanks: 'ranks without history',
  kayenta: 'Kayenta, own level',
  calibrated: 'Kayenta, calibrated',
  steps: 'Kayenta, once a step',
  release: 'as in a release, max_increase 0 %',
  releaseDefault: 'as in a release, max_increase 10 %',
  ownSequential: 'sequential',
  ownRanks: 'mann_whitney',
} as const;

export interface RowResult {
  readonly row: Row;
  readonly measured: readonly Measured[];
}

export interface Results {
  readonly repetitions: number;
  readonly alike: readonly RowResult[];
  readonly beyond: readonly RowResult[];
  readonly power: readonly RowResult[];
  readonly release: {
    readonly alike: readonly RowResult[];
    readonly beyond: readonly RowResult[];
    readonly power: readonly RowResult[];
  };
  /** Metrics of a file's own, by what it may choose. */
  readonly own: { readonly alike: readonly RowResult[]; readonly power: readonly RowResult[] };
  /** Kayenta's confidence level, calibrated on each family. */
  readonly levels: ReadonlyMap<string, number>;
  readonly speed: Speed;
  readonly lookRatio: number;
  readonly sparse: string;
  /** Of A/B tests of three alike arms with four goals: the share that tells anything. */
  readonly familywiseError: number;
}

export interface Demand {
  readonly demand: string;
  readonly holds: boolean;
  /** The worst figure, or the rows that fall short. */
  readonly figures: string;
}

export function measuredOf({ measured }: RowResult, contender: string): Measured | undefined {
  return measured.find((one) => one.contender === contender);
}

/** What is promised, and whether this run has shown it. */
export function demandsOf(results: Results): readonly Demand[] {
  const { alike, release, own: chosen, power, speed, lookRatio, sparse, familywiseError } = results;
  const scaled = power.filter(({ row }) => row.family.startsWith('means'));
  const compared = power.map(besideKayenta);
  return [
    falseRollbacks('at most 1.5 % false rollbacks, eight hours of history', alike, NAMES.judge),
    falseRollbacks('at most 1.5 % as in a release', release.alike, NAMES.release),
    falseRollbacks('at most 1.5 % by the corrected ranks', alike, NAMES.ranks),
    falseRollbacks('at most 1.5 % by them without history', alike, NAMES.youngRanks),
    falseRollbacks('at most 1.5 % by the default of own metrics', chosen.alike, NAMES.ownRanks),
    short('at least the power of the calibrated Kayenta', compared, ({ powers: [own, other] }) =>
      own >= other ? undefined : `${percent(own)} and ${percent(other)}`,
    ),
    short(
      'at ratio 2 no later than it',
      compared.filter(({ row }) => row.ratio === 2),
      ({ minutes: [own, other] }) => (own <= other ? undefined : `${own} and ${other} min`),
    ),
    short(
      'where the effect is large, in half its time',
      compared.filter(({ row }) => isLarge(row)),
      ({ minutes: [own, other] }) => (own <= other / 2 ? undefined : `${own} and ${other} min`),
    ),
    short('+30 % is found at every scale', scaled.map(besideKayenta), ({ powers: [own] }) =>
      own >= 0.99 ? undefined : percent(own),
    ),
    { demand: 'the sparse case fails', holds: sparse === 'worse', figures: sparse },
    {
      demand: 'A/B tests of alike arms tell anything in at most 5 %',
      holds: familywiseError <= FAMILYWISE_MAX,
      figures: percent(familywiseError),
    },
    {
      demand: `100 metrics of 1,440 points within ${SPEED_MAX_MS} ms`,
      holds: judgeMsOf(speed) <= SPEED_MAX_MS,
      figures: `${judgeMsOf(speed).toFixed(0)} ms`,
    },
    {
      demand: 'the 10,000th look costs what the 10th does',
      holds: lookRatio <= LOOK_RATIO_MAX,
      figures: `${lookRatio.toFixed(2)} times`,
    },
  ];
}

/** Of the slower of both judges that a release can use, each judging all points. */
export function judgeMsOf({ sequentialMs, ranksOfAllMs }: Speed): number {
  return Math.max(sequentialMs, ranksOfAllMs);
}

/** Where chance takes back more than is promised. */
export function excessesOf(results: readonly RowResult[], contender: string): readonly string[] {
  return results
    .filter((one) => (measuredOf(one, contender)?.flagged ?? 0) > FALSE_ROLLBACKS_MAX)
    .map(({ row }) => row.name);
}

function isLarge({ family, effect, ratio }: Row): boolean {
  return ratio >= 3 || (family.startsWith('latency') && effect === '+30 %');
}

interface Beside {
  readonly row: Row;
  /** Of ours and of the calibrated Kayenta; never is later than any time. */
  readonly powers: readonly [number, number];
  readonly minutes: readonly [number, number];
}

function besideKayenta(result: RowResult): Beside {
  const [own, other] = [measuredOf(result, NAMES.judge), measuredOf(result, NAMES.calibrated)];
  return {
    row: result.row,
    powers: [own?.flagged ?? 0, other?.flagged ?? 0],
    minutes: [own?.medianMinutes ?? Infinity, other?.medianMinutes ?? Infinity],
  };
}

function short(
  demand: string,
  rows: readonly Beside[],
  lack: (one: Beside) => string | undefined,
): Demand {
  const lacking = rows.flatMap((one) => {
    const said = lack(one);
    return said === undefined ? [] : [`${one.row.name}: ${said}`];
  });
  const all = `in all of ${rows.length} rows`;
  return { demand, holds: lacking.length === 0, figures: lacking.join('; ') || all };
}

function falseRollbacks(demand: string, results: readonly RowResult[], contender: string): Demand {
  const rates = results.map((result) => ({
    name: result.row.name,
    flagged: measuredOf(result, contender)?.flagged ?? NaN,
  }));
  const worst = rates.toSorted((one, other) => other.flagged - one.flagged).at(0);
  return {
    demand,
    holds: excessesOf(results, contender).length === 0,
    figures: worst === undefined ? 'none' : `at most ${percent(worst.flagged)}, ${worst.name}`,
  };
}

export function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}
