import { barPlot, linePlot } from './plots.ts';
import type { Line } from './plots.ts';
import { demandsOf, FALSE_ROLLBACKS_MAX, NAMES, measuredOf, percent } from './results.ts';
import type { Results, RowResult } from './results.ts';

const BEGIN = '<!-- bench:judge -->';
const END = '<!-- /bench:judge -->';

/** The page with its measured part replaced. A page without both markers is refused. */
export function withMeasured(page: string, measured: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page has no ${BEGIN} … ${END}`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${measured}\n\n${page.slice(end)}`;
}

/** The measured part of the page. */
export function reportOf(results: Results): string {
  const { repetitions, alike, beyond, power, release, own, levels, speed } = results;
  const levelText = [...levels]
    .map(([family, level]) => `${family} ${Number((100 - level * 100).toPrecision(2))} %`)
    .join('; ');
  return [
    `Releases of seeds 1 to ${repetitions.toLocaleString('en')}, by \`npm run bench:judge\`. "Runs" are those of`,
    'the first judge of a row; where both versions are alike, the others have a fifth or a tenth of',
    'them. Each arm has 5 errors in 1,000 requests a minute, or 300 latencies.',
    '',
    'What was to be shown, and whether this run has shown it:',
    '',
    ...table(
      ['To be shown', 'Holds', 'Measured'],
      demandsOf(results).map(({ demand, holds, figures }) => [
        demand,
        holds ? 'yes' : '**no**',
        figures,
      ]),
    ),
    '',
    '### Good versions that were taken back',
    '',
    '120 looks, one a minute, at an alpha of 1 %, after eight hours of history.',
    '',
    '![False rollbacks by series](images/judge-false-rollbacks.svg)',
    '',
    ...ratesTable(alike, [
      ...[NAMES.judge, NAMES.young, NAMES.unguarded, NAMES.ranks, NAMES.youngRanks],
      ...[NAMES.kayenta, NAMES.steps],
    ]),
    '',
    '"Kayenta, once a step" is `judge.method: kayenta`: five steps of 24 minutes, a look at the end of',
    'each, one metric.',
    '',
    'Beyond the promise: drifts slower than any that were learnt, and a calm history that was no',
    'warning of the bursts to come.',
    '',
    ...ratesTable(beyond, [
      ...[NAMES.judge, NAMES.ranks, NAMES.youngRanks, NAMES.kayenta, NAMES.steps],
    ]),
    '',
    '### Bad versions that were found',
    '',
    'The share that was found within two hours, and the median time. Kayenta looks every ten minutes',
    'at the errors of a thousand requests, or at the mean latency of the minutes, which moves half as',
    'much by chance as their p95. Calibrated, its level is set by bisection, on up to',
    '2,000 releases of other seeds, so that over all looks it takes back as many good ones as the',
    'sequential judge has on the same series, or one of all where that is none; an error of 1e-10 % is',
    'the least that is tried. Its own level is an error of 2 %; calibrated:',
    '',
    `${levelText}.`,
    '',
    '![Power against the error ratio](images/judge-power.svg)',
    '',
    '![Median time to detect](images/judge-time.svg)',
    '',
    ...powerTable(power, [
      ...[NAMES.judge, NAMES.calibrated, NAMES.kayenta, NAMES.steps],
      ...[NAMES.ranks, NAMES.youngRanks, NAMES.young],
    ]),
    '',
    '### With what a release has',
    '',
    'Blocks of five seconds, the 178 of them that a load balancer keeps as history, 240 looks within',
    '20 minutes. Bursts and drifts go by the block, or by the minute where it says so.',
    '',
    ...ratesTable(release.alike, [NAMES.release, NAMES.releaseDefault]),
    '',
    'Beyond the promise: drifts over minutes, of which 15 minutes of history have seen few.',
    '',
    ...ratesTable(release.beyond, [NAMES.release, NAMES.releaseDefault]),
    '',
    'Bad versions, found within 20 minutes:',
    '',
    ...powerTable(release.power, [NAMES.release, NAMES.releaseDefault]),
    '',
    '### What a metric of your own may choose',
    '',
    'A value an arm and look, 120 looks, without history and at the default `max_increase` of 10 %.',
    'Alike:',
    '',
    ...ratesTable(own.alike, [NAMES.ownRanks, NAMES.ownSequential]),
    '',
    'Worse, with the median number of looks as minutes:',
    '',
    ...powerTable(own.power, [NAMES.ownRanks, NAMES.ownSequential]),
    '',
    '### Speed',
    '',
    '100 metrics with 1,440 points an arm, on one core, warmed up, the fastest of eleven times:',
    `${speed.sequentialMs.toFixed(0)} ms by the sequential judge, ` +
      `${speed.ranksOfAllMs.toFixed(0)} ms by the corrected ranks at one look, and`,
    `${speed.ranksMs.toFixed(0)} ms by them at the eight looks that a release makes on the way there.`,
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`;
  return [
    line(head),
    line(
      head.map(() => ''),
      '-',
    ),
    ...rows.map((row) => line(row)),
  ];
}

/** Without the judges that look at none of the rows. */
function ratesTable(results: readonly RowResult[], contenders: readonly string[]) {
  const rows = results.map((result) => [
    result.row.name,
    ...contenders.map((contender) => {
      const measured = measuredOf(result, contender);
      return measured === undefined ? '' : percent(measured.flagged);
    }),
    runsOf(result),
  ]);
  return table(['Series', ...contenders, 'Runs'], rows);
}

/** Of the first judge; slower ones have fewer in the A/A rows. */
function runsOf({ measured }: RowResult): string {
  return Math.max(...measured.map(({ repetitions }) => repetitions)).toLocaleString('en');
}

function powerTable(results: readonly RowResult[], contenders: readonly string[]) {
  const rows = results.map((result) => [
    result.row.name,
    ...contenders.map((contender) => {
      const measured = measuredOf(result, contender);
      if (measured === undefined) return '';
      const { flagged, medianMinutes } = measured;
      const time = medianMinutes === null ? '' : `, ${Number(medianMinutes.toFixed(1))} min`;
      return `${percent(flagged)}${time}`;
    }),
    runsOf(result),
  ]);
  return table(['Series', ...contenders, 'Runs'], rows);
}

const PANELS = [
  ['counts, Poisson', 'errors, Poisson'],
  ['counts, shared load', 'errors, shared load'],
  ['counts, bursts', 'errors, bursts'],
  ['latency', 'latency'],
] as const;

const LINES = [NAMES.judge, NAMES.calibrated, NAMES.ranks];

/** File → picture. */
export function plotsOf({ alike, release, power }: Results): Readonly<Record<string, string>> {
  const panels = (valueOf: (result: RowResult, name: string) => number | null) =>
    PANELS.map(([family, title]) => {
      const rows = power.filter(({ row }) => row.family === family);
      const lines = LINES.map((name): Line => ({
        name,
        values: rows.map((result) => valueOf(result, name)),
      }));
      return { title, places: rows.map(({ row }) => shortened(row.effect)), lines };
    });
  const found = (result: RowResult, name: string) => measuredOf(result, name)?.flagged ?? null;
  const minutes = (result: RowResult, name: string) =>
    measuredOf(result, name)?.medianMinutes ?? null;
  const rates = (results: readonly RowResult[], name: string) =>
    alike.map(({ row }) => {
      const result = results.find((one) => one.row.name === row.name);
      return result === undefined ? null : (measuredOf(result, name)?.flagged ?? null);
    });
  return {
    'judge-power.svg': linePlot(
      'Bad versions found',
      { label: 'share found within two hours', ticks: [0, 0.25, 0.5, 0.75, 1], show: percent },
      panels(found),
    ),
    'judge-time.svg': linePlot(
      'Time to find them',
      { label: 'median, in minutes', ticks: [0, 20, 40, 60, 80], show: String },
      panels(minutes),
    ),
    'judge-false-rollbacks.svg': barPlot(
      'Good versions taken back',
      {
        label: 'share; at most 1.5 % (dashed)',
        ticks: [0, 0.005, 0.01, 0.015, 0.02],
        show: percent,
      },
      {
        title: '',
        places: alike.map(({ row }) => placeOf(row.name)),
        lines: [
          { name: 'eight hours of history', values: rates(alike, NAMES.judge) },
          { name: 'as in a release', values: rates(release.alike, NAMES.release) },
        ],
      },
      FALSE_ROLLBACKS_MAX,
    ),
  };
}

function placeOf(name: string): string {
  return name.replace(', A/A', '').replace('shared load', 'shared');
}

/** Beneath a point there is room for a word. */
function shortened(effect: string): string {
  return effect.startsWith('top') ? 'top' : effect;
}
