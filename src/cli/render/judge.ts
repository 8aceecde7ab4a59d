import { timeText } from '../../domain/judge/offline/recorded-window.ts';
import type {
  RecordedFinding,
  RecordedVerdict,
  Trace,
} from '../../domain/judge/offline/recorded-verdict.ts';
import { bars, meanOf, scaleOf, shortened, sparkline } from './chart.ts';
import { type Style, columns, createStyle } from './style.ts';

/** The evidence of a recording, the most telling first. */
export function renderRecorded(
  { kind, action, score, summary, window, budget, findings, notes }: RecordedVerdict,
  { service, version }: { readonly service: string; readonly version: string },
  colors: boolean,
): string {
  const style = createStyle(colors);
  const then = action === undefined ? '' : ` (${action.replace('_', ' ')})`;
  const facts = [
    ['verdict', `${service} ${version}: ${kind}${then}`],
    ['health', `${score} of 100`],
    ['window', window === null ? 'none' : `${timeText(window.fromMs)} to ${timeText(window.toMs)}`],
    ['budget', budget === null ? 'nothing is spent: nothing is compared by it' : budgetOf(budget)],
    ...(kind === 'pass' ? [] : [['because', summary]]),
  ];
  const order = ['violation', 'no_data', 'inconclusive', 'ok'] as const;
  const shown = order.flatMap((one) => findings.filter((finding) => finding.kind === one));
  const parts = [
    columns(facts),
    ['evidence', ...shown.flatMap((finding) => renderFinding(finding, style))].join('\n'),
    ...(notes.length === 0 ? [] : [notes.map((note) => `note: ${note}`).join('\n')]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function budgetOf({ sentence, left }: NonNullable<RecordedVerdict['budget']>): string {
  return `${sentence}, left ${Number((left * 100).toPrecision(2))} %`;
}

const MARKS = {
  ok: 'ok',
  violation: 'BROKEN',
  no_data: 'NO DATA',
  inconclusive: 'UNTOLD',
} as const satisfies Record<RecordedFinding['kind'], string>;

function renderFinding(finding: RecordedFinding, style: Style): readonly string[] {
  const { kind, severity, sentence, metric, method, weight } = finding;
  const mark = MARKS[kind].padEnd(8);
  const tone = kind === 'ok' ? style.good : kind === 'violation' ? style.bad : style.waiting;
  const figures = figuresOf(finding);
  const grade = weight === 0 ? 'beside' : severity;
  return [
    `  ${tone(mark)}${grade.padEnd(9)} ${sentence}`,
    ...(figures === '' ? [] : [style.faint(`            ${metric}, ${method}: ${figures}`)]),
  ];
}

/** What the sentence leaves out. */
function figuresOf(finding: RecordedFinding): string {
  const { samples, baseline, candidate, effect, pValue, eValue, alpha } = finding;
  const { window, method, weight } = finding;
  if (method === 'kayenta' && effect === null) return '';
  if (method === 'limit') {
    return window === null ? '' : `${timeText(window.fromMs)} to ${timeText(window.toMs)}`;
  }
  const arms = [
    ['candidate', candidate, samples.candidate],
    ['baseline', baseline, samples.baseline],
  ] as const;
  const told = [
    ...arms.flatMap(([arm, value, of]) =>
      value === null ? [] : [`${arm} ${short(value)}${of === null ? '' : ` (${of})`}`],
    ),
    ...(effect === null
      ? []
      : [`effect ${short(effect.estimate)} (${end(effect.low)} to ${end(effect.high)})`]),
    ...(pValue === null || eValue !== null ? [] : [`p ${short(pValue)}`]),
    ...(eValue === null ? [] : [`e ${short(eValue)}`]),
    ...(alpha === null ? [] : [`alpha ${short(alpha)}`]),
    ...(weight === 1 || weight === 0 ? [] : [`weight ${weight}`]),
  ];
  return told.join(', ');
}

function end(value: number | null): string {
  return value === null ? 'open' : short(value);
}

const WIDTH_DEFAULT = 80;
const MARGIN = 13;
/** Behind a chart, for the name of its limit. */
const BEHIND = 8;
const HEIGHT = 5;

/** Both arms on one scale, and below them the evidence against its limit, look by look. */
export function renderTraces(
  traces: readonly Trace[],
  {
    columns: terminal = WIDTH_DEFAULT,
    colors,
  }: { readonly columns?: number | undefined; readonly colors: boolean },
): string {
  if (traces.length === 0) return '\nthere is nothing to draw: nothing was compared\n';
  const width = Math.max(10, Math.min(200, terminal) - MARGIN - BEHIND);
  const style = createStyle(colors);
  return traces.map((trace) => `\n${renderTrace(trace, width, style).join('\n')}\n`).join('');
}

function renderTrace(trace: Trace, width: number, style: Style): readonly string[] {
  const baseline = shortened(trace.baseline, width, meanOf);
  const candidate = shortened(trace.candidate, width, meanOf);
  const scale = scaleOf(baseline, candidate);
  const { atMs } = trace;
  const [from, to] = [atMs?.[0], atMs?.at(-1)];
  const times =
    from === undefined || to === undefined ? '' : `, ${timeText(from)} to ${timeText(to)}`;
  const title = style.strong(`${trace.metric}, ${trace.candidate.length} ${trace.rows}${times}`);
  if (scale === undefined) return [title, row('', 'no values')];
  return [
    title,
    row('baseline', sparkline(baseline, scale)),
    row('candidate', sparkline(candidate, scale)),
    row('', style.faint(`▁ is ${short(scale.low)}, █ is ${short(scale.high)}, · is missing`)),
    ...renderEvidence(trace, width, style),
  ];
}

/** On the scale of the logarithm, so that the limit and the growth before it can be seen. */
function renderEvidence({ evidence, atMs }: Trace, width: number, style: Style): readonly string[] {
  const { kind, values, limit } = evidence;
  const isE = kind === 'e_value';
  // A p-value is drawn as 1/p, so that higher is more evidence with both.
  const logs = values.map((value) => (value === null ? null : logOf(isE ? value : 1 / value)));
  const bar = logOf(isE ? limit : 1 / limit);
  const drawn = shortened(logs, width, (known) => Math.max(...known));
  const held = drawn.map(
    (value, at) => value ?? drawn.slice(0, at).findLast((one) => one !== null) ?? null,
  );
  const most = Math.max(bar * 1.25, scaleOf(held)?.high ?? 0);
  const lines = bars(held, { low: 0, high: most }, HEIGHT);
  const atLimit = Math.min(HEIGHT - 1, Math.floor((1 - bar / most) * HEIGHT));
  const name = isE ? '1/alpha' : 'alpha';
  const rows = lines.map((line, at) => {
    if (at === atLimit) return row(short(limit), `${line.replaceAll(' ', '─')} ${name}`);
    const label = at === 0 ? short(isE ? Math.exp(most) : Math.exp(-most)) : '';
    return row(at === HEIGHT - 1 ? '1' : label, line.trimEnd());
  });
  const word = isE ? 'e-value' : 'p-value';
  return [
    style.faint(`${word} by look`),
    ...rows,
    row(
      '',
      `${word}: ${outcomeOf(
        evidence,
        atMs,
        logs.findIndex((one) => one !== null && one >= bar),
      )}`,
    ),
  ];
}

function outcomeOf(
  { values, decides }: Trace['evidence'],
  atMs: Trace['atMs'],
  crossed: number,
): string {
  const last = values.findLast((value) => value !== null) ?? null;
  const atEnd = `at the end it is ${last === null ? 'unknown' : short(last)}`;
  if (decides === 'the last look') return `${atEnd}, and only that decides`;
  if (crossed === -1) return `the limit is not reached, ${atEnd}`;
  const when = atMs?.[crossed];
  const time = when === undefined ? '' : `, ${timeText(when)}`;
  return `reaches its limit at row ${crossed + 1}${time}`;
}

function logOf(value: number): number {
  return Math.log(Math.min(1e300, Math.max(1, value)));
}

function row(label: string, text: string): string {
  return `${label.padStart(MARGIN - 2)}  ${text}`.trimEnd();
}

const EXPONENT_FROM = 1e7;

function short(value: number): string {
  if (Math.abs(value) >= EXPONENT_FROM) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}
