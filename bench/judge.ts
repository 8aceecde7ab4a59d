import { parseArgs } from 'node:util';
import { calibratedLevel, kayentaContender, OWN_LEVEL } from './judge/kayenta.ts';
import { measure } from './judge/measure.ts';
import type { Entrant, Measured } from './judge/measure.ts';
import { ranksContender } from './judge/ranks.ts';
import { AA_ROWS, POWER_ROWS } from './judge/scenarios.ts';
import type { Family, Row } from './judge/scenarios.ts';
import { sequentialContender, unguardedContender } from './judge/sequential.ts';
import { judgeManyMs, lookRatio } from './judge/speed.ts';

/**
 * What the judge is worth: how often it takes back a release whose two versions are alike (120
 * looks, alpha 1 %), how often and how soon one that is worse, and how fast it is. Seeded: the same
 * run gives the same figures, but for the times.
 *
 * `npm run bench:judge -- --json` ends with a line of JSON: `falseRollbacks` of the judge with a
 * history of eight hours (AR figures: the worse of counts and means), `power` of every contender in
 * every row, `judge100x1440Ms` and `lookRatio`. `--reps` sets the A/A repetitions of counts and
 * means, 10,000 by default; the other rows have a fixed share of them. Exits with 1 when a
 * false-rollback rate of 1,000 repetitions or more is above 1.5 %.
 */
const ALPHA = 0.01;
const FALSE_ROLLBACKS_MAX = 0.015;

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, reps: { type: 'string', default: '10000' } },
});
const repetitions = Number(values.reps);
if (!(Number.isSafeInteger(repetitions) && repetitions > 0)) {
  throw new RangeError(`not a number of repetitions: ${values.reps}`);
}

const JUDGE = sequentialContender(ALPHA, 'with history');
const KAYENTA = kayentaContender('Kayenta, own level', OWN_LEVEL);

/** Who is compared in every row; `share` saves time where fewer repetitions say enough. */
const ENTRANTS = [
  { contender: JUDGE, share: 1 },
  { contender: sequentialContender(ALPHA, 'without history'), share: 0.2 },
  { contender: unguardedContender(ALPHA), share: 0.1 },
  { contender: ranksContender(ALPHA), share: 0.2 },
  { contender: KAYENTA, share: 0.1 },
] as const;

function run(row: Row, more: readonly Entrant['contender'][] = []): Measured[] {
  const all = [...ENTRANTS, ...more.map((contender) => ({ contender, share: 0.1 }))];
  const measured = measure(
    row,
    all.map(({ contender, share }) => ({
      contender,
      repetitions: Math.ceil(repetitions * row.share * (row.share < 1 ? 1 : share)),
    })),
  );
  for (const { scenario, contender, flagged, medianLook, repetitions: of } of measured) {
    process.stdout.write(
      `${scenario.padEnd(30)}  ${contender.padEnd(28)}  ${percent(flagged).padStart(8)}  ` +
        `${String(medianLook ?? '-').padStart(6)}  ${of}\n`,
    );
  }
  return measured;
}

process.stdout.write(
  `${'series'.padEnd(30)}  ${'judge'.padEnd(28)}  ${'flagged'.padStart(8)}  median  repetitions\n`,
);
const alike = AA_ROWS.map((row) => ({ row, measured: run(row) }));
const levels = new Map<Family, number>();

/** Kayenta's judge that takes back as many good releases of the row's family as ours. */
function calibratedKayenta({ family }: Row): Entrant['contender'] {
  const calm = alike.find(({ row }) => row.family === family);
  if (calm === undefined) throw new RangeError(`${family} has no A/A row`);
  const ours = calm.measured.find(({ contender }) => contender === JUDGE.name);
  const level =
    levels.get(family) ??
    calibratedLevel(calm.row, ours?.flagged ?? 0, Math.ceil(repetitions * calm.row.share * 0.2));
  levels.set(family, level);
  return kayentaContender('Kayenta, calibrated', level);
}

const power = POWER_ROWS.flatMap((row) => run(row, [calibratedKayenta(row)]));
const falseRollbacks: Record<string, number> = {};
for (const { row, measured } of alike) {
  const ours = measured.find(({ contender }) => contender === JUDGE.name);
  if (row.figure === undefined || ours === undefined) continue;
  falseRollbacks[row.figure] = Math.max(falseRollbacks[row.figure] ?? 0, ours.flagged);
}
const judge100x1440Ms = judgeManyMs();
const ratio = lookRatio();
process.stdout.write(
  `100 metrics of 1,440 points per arm: ${judge100x1440Ms.toFixed(1)} ms\n` +
    `the 10,000th look by the 10th: ${ratio.toFixed(3)}\n`,
);
for (const [family, level] of levels) {
  process.stdout.write(`Kayenta's level calibrated on ${family}: 1 - ${1 - level}\n`);
}
if (values.json === true) {
  const figures = { falseRollbacks, power, judge100x1440Ms, lookRatio: ratio };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
const worst = Math.max(...Object.values(falseRollbacks));
if (repetitions >= 1000 && worst > FALSE_ROLLBACKS_MAX) process.exitCode = 1;

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
