import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { familywiseError } from './judge/ab.ts';
import { calibratedLevel, kayentaContender, OWN_LEVEL, stepsContender } from './judge/kayenta.ts';
import { measure } from './judge/measure.ts';
import type { Entrant } from './judge/measure.ts';
import { ownContender } from './judge/own.ts';
import { judgeSparse, ranksContender } from './judge/ranks.ts';
import { releaseContender } from './judge/release.ts';
import { plotsOf, reportOf, withMeasured } from './judge/report.ts';
import { demandsOf, excessesOf, judgeMsOf, NAMES, measuredOf, percent } from './judge/results.ts';
import type { Results, RowResult } from './judge/results.ts';
import {
  AA_ROWS,
  BEYOND_ROWS,
  OWN_AA_ROWS,
  OWN_POWER_ROWS,
  POWER_ROWS,
  RELEASE_AA_ROWS,
  RELEASE_BEYOND_ROWS,
  RELEASE_POWER_ROWS,
} from './judge/scenarios.ts';
import type { Row } from './judge/scenarios.ts';
import { sequentialContender, unguardedContender } from './judge/sequential.ts';
import { judgeManyMs, lookRatio } from './judge/speed.ts';

/**
 * What the judge is worth: how often it takes back a release whose two versions are alike (120
 * looks, alpha 1 %), how often and how soon one that is worse, beside a port of Kayenta's judge, and
 * how fast it is. Seeded: the same run gives the same figures, but for the times.
 *
 * `npm run bench:judge -- --json` ends with a line of JSON: `falseRollbacks` of the judge with a
 * history of eight hours (AR figures: the worse of counts and means), `power` of every contender in
 * every row, `judge100x1440Ms` (the slower of the sequential judge and the corrected ranks), `lookRatio`, and the rest of what was measured. `--reps` sets the A/A repetitions of counts
 * and means, 10,000 by default; the other rows have a fixed share of them. A run of as many writes
 * `docs/judge.md` and its plots, one of fewer only with `--write`. Exits with 1 when a false-rollback
 * rate of 1,000 repetitions or more is above 1.5 %.
 */
const ALPHA = 0.01;
const FULL = 10_000;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    write: { type: 'boolean' },
    reps: { type: 'string', default: String(FULL) },
  },
});
const repetitions = Number(values.reps);
if (!(Number.isSafeInteger(repetitions) && repetitions > 0)) {
  throw new RangeError(`not a number of repetitions: ${values.reps}`);
}

/** Who is compared; `share` saves time where fewer repetitions say enough. */
interface Shared {
  readonly contender: Entrant['contender'];
  readonly share: number;
}

const ENTRANTS: readonly Shared[] = [
  { contender: sequentialContender(NAMES.judge, ALPHA, 'with history'), share: 1 },
  { contender: sequentialContender(NAMES.young, ALPHA, 'without history'), share: 0.2 },
  { contender: unguardedContender(NAMES.unguarded, ALPHA), share: 0.1 },
  { contender: ranksContender(NAMES.ranks, ALPHA, 'with history'), share: 0.2 },
  { contender: ranksContender(NAMES.youngRanks, ALPHA, 'without history'), share: 0.2 },
  { contender: kayentaContender(NAMES.kayenta, OWN_LEVEL), share: 0.1 },
  { contender: stepsContender(NAMES.steps), share: 0.2 },
];

const RELEASE_ENTRANTS: readonly Shared[] = [
  { contender: releaseContender(NAMES.release, ALPHA, 0), share: 1 },
  { contender: releaseContender(NAMES.releaseDefault, ALPHA, 0.1), share: 0.1 },
];

const OWN_ENTRANTS: readonly Shared[] = [
  { contender: ownContender(NAMES.ownRanks, 'mann_whitney', ALPHA), share: 1 },
  { contender: ownContender(NAMES.ownSequential, 'sequential', ALPHA), share: 1 },
];

function run(row: Row, entrants: readonly Shared[]): RowResult {
  const measured = measure(
    row,
    entrants.map(({ contender, share }) => ({
      contender,
      repetitions: Math.ceil(repetitions * Math.min(row.share, share)),
    })),
  );
  for (const { scenario, contender, flagged, medianMinutes, repetitions: of } of measured) {
    const time = medianMinutes === null ? '-' : medianMinutes.toFixed(1);
    process.stdout.write(
      `${scenario.padEnd(42)}  ${contender.padEnd(34)}  ${percent(flagged).padStart(8)}  ` +
        `${time.padStart(7)}  ${of}\n`,
    );
  }
  return { row, measured };
}

process.stdout.write(
  `${'series'.padEnd(42)}  ${'judge'.padEnd(34)}  ${'flagged'.padStart(8)}  minutes  runs\n`,
);
const alike = AA_ROWS.map((row) => run(row, ENTRANTS));
const beyond = BEYOND_ROWS.map((row) => run(row, ENTRANTS));
const levels = new Map<string, number>();

/** Kayenta's judge that takes back as many good releases of the row's family as ours. */
function calibratedKayenta({ family }: Row): Shared {
  const calm = alike.find(({ row }) => row.family === family);
  if (calm === undefined) throw new RangeError(`${family} has no A/A row`);
  const rate = measuredOf(calm, NAMES.judge)?.flagged ?? 0;
  const runs = Math.ceil(repetitions * Math.min(calm.row.share, 0.2));
  const level = levels.get(family) ?? calibratedLevel(calm.row, rate, runs);
  levels.set(family, level);
  return { contender: kayentaContender(NAMES.calibrated, level), share: 1 };
}

const results: Results = {
  repetitions,
  alike,
  beyond,
  power: POWER_ROWS.map((row) => run(row, [...ENTRANTS, calibratedKayenta(row)])),
  release: {
    alike: RELEASE_AA_ROWS.map((row) => run(row, RELEASE_ENTRANTS)),
    beyond: RELEASE_BEYOND_ROWS.map((row) => run(row, RELEASE_ENTRANTS)),
    power: RELEASE_POWER_ROWS.map((row) => run(row, RELEASE_ENTRANTS)),
  },
  own: {
    alike: OWN_AA_ROWS.map((row) => run(row, OWN_ENTRANTS)),
    power: OWN_POWER_ROWS.map((row) => run(row, OWN_ENTRANTS)),
  },
  levels,
  speed: judgeManyMs(),
  lookRatio: lookRatio(),
  sparse: judgeSparse(),
  familywiseError: familywiseError(Math.ceil(repetitions / 5)),
};
const demands = demandsOf(results);
for (const { demand, holds, figures } of demands) {
  process.stdout.write(`${holds ? 'holds' : 'FALLS SHORT'}: ${demand} (${figures})\n`);
}
if (repetitions >= FULL || values.write === true) {
  const docs = new URL('../docs/', import.meta.url);
  const page = new URL('judge.md', docs);
  writeFileSync(page, withMeasured(readFileSync(page, 'utf8'), reportOf(results)));
  for (const [name, picture] of Object.entries(plotsOf(results))) {
    writeFileSync(new URL(`images/${name}`, docs), picture);
  }
}
if (values.json === true) process.stdout.write(`${JSON.stringify(figuresOf())}\n`);
const excesses = [
  ...excessesOf(alike, NAMES.judge),
  ...excessesOf(alike, NAMES.ranks),
  ...excessesOf(alike, NAMES.youngRanks),
  ...excessesOf(results.own.alike, NAMES.ownRanks),
  ...excessesOf(results.release.alike, NAMES.release),
];
if (repetitions >= 1000 && excesses.length > 0) process.exitCode = 1;

function figuresOf() {
  const falseRollbacks: Record<string, number> = {};
  for (const result of alike) {
    const { figure } = result.row;
    const ours = measuredOf(result, NAMES.judge);
    if (figure === undefined || ours === undefined) continue;
    falseRollbacks[figure] = Math.max(falseRollbacks[figure] ?? 0, ours.flagged);
  }
  const measuredIn = (rows: readonly RowResult[]) => rows.flatMap(({ measured }) => measured);
  return {
    falseRollbacks,
    power: measuredIn(results.power),
    judge100x1440Ms: judgeMsOf(results.speed),
    lookRatio: results.lookRatio,
    familywiseError: results.familywiseError,
    alike: measuredIn(alike),
    beyond: measuredIn(beyond),
    release: {
      alike: measuredIn(results.release.alike),
      beyond: measuredIn(results.release.beyond),
      power: measuredIn(results.release.power),
    },
    own: { alike: measuredIn(results.own.alike), power: measuredIn(results.own.power) },
    speed: results.speed,
    kayentaLevels: Object.fromEntries(levels),
    demands,
  };
}
