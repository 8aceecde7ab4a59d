import type { ArmBlock, Tally } from './arm-metric.ts';
import { quantile } from './histogram.ts';
import { type KayentaVerdict, judgeKayenta } from './kayenta/judge-kayenta.ts';
import type { KayentaLabel, Series } from './kayenta/kayenta-metric.ts';
import type { Finding } from './verdict.ts';

/** A metric of a release as Kayenta's judge wants it; plain JSON. */
export interface KayentaArm {
  /** `errors`, `latency`, or a metric of the file's own. */
  readonly name: string;
  readonly group: string;
  /** Where it differs, everything fails. */
  readonly critical: boolean;
  readonly direction: 'increase' | 'decrease' | 'either';
  /** No value at all: nothing passes, a person looks at it, or the others are scored alone. */
  readonly noData: 'fail' | 'hold' | 'ignore';
}

/** One score of all metrics, once, when a step is over; plain JSON. */
export interface KayentaRule {
  /** Scores from 0 to 100: what passes, and what is only a warning. */
  readonly pass: number;
  readonly marginal: number;
  /** In percent, by group; groups that are not named share what is left of 100. */
  readonly groupWeights: Readonly<Record<string, number>>;
  readonly metrics: readonly KayentaArm[];
}

/**
 * Plain JSON: the points of a step so far, at most `POINTS_MAX` an arm. In a longer step a point is
 * the mean of 2, 4, … blocks.
 */
export interface KayentaState {
  readonly kind: 'kayenta';
  readonly blocksAPoint: number;
  readonly points: readonly Point[];
  /** Blocks that do not make up a point yet. */
  readonly open: readonly Point[];
  /** What the look said that decided; there is no other one after it. */
  readonly said: KayentaSaid | null;
}

/** Of each metric in the order of the rule: the candidate's value and that of the other arm. */
type Point = readonly (readonly [candidate: number | null, control: number | null])[];

export interface KayentaSaid {
  readonly kind: KayentaVerdict['kind'];
  readonly score: number;
  readonly summary: string;
  /** What is missing is for a person to look at, by the file. */
  readonly holds: boolean;
  readonly findings: readonly Finding[];
}

/** `end`: the step is over, and may be looked at. */
export type Moment = 'during' | 'end';

const POINTS_MAX = 240;

export function beginKayenta(): KayentaState {
  return { kind: 'kayenta', blocksAPoint: 1, points: [], open: [], said: null };
}

/**
 * Adds the blocks since the last time, and looks where the step is over: once, as the level of the
 * test is that of one look. A look that knows nothing is taken again when there are more blocks.
 */
export function lookAtKayenta(
  state: KayentaState,
  blocks: readonly ArmBlock[],
  rule: KayentaRule,
  moment: Moment,
): KayentaState {
  const grown = blocks.reduce<KayentaState>((now, block) => added(now, block, rule), state);
  const isSettled = state.said !== null && isConclusive(state.said);
  if (moment === 'during' || isSettled) return grown;
  if (state.said !== null && blocks.length === 0) return grown;
  return { ...grown, said: judged(grown, rule) };
}

function isConclusive({ kind }: KayentaSaid): boolean {
  return kind === 'pass' || kind === 'warn' || kind === 'fail';
}

function added(state: KayentaState, block: ArmBlock, rule: KayentaRule): KayentaState {
  const open = [...state.open, pointOf(block, rule)];
  if (open.length < state.blocksAPoint) return { ...state, open };
  const points = [...state.points, meanOf(open)];
  if (points.length <= POINTS_MAX) return { ...state, points, open: [] };
  const pairs = Array.from({ length: points.length >> 1 }, (_, at) =>
    meanOf(points.slice(2 * at, 2 * at + 2)),
  );
  const [rest] = points.slice(2 * pairs.length);
  const blocksAPoint = 2 * state.blocksAPoint;
  // One without a partner counts for as many blocks as it has been made of.
  const left = rest === undefined ? [] : Array.from({ length: state.blocksAPoint }, () => rest);
  return { ...state, blocksAPoint, points: pairs, open: left };
}

function pointOf(block: ArmBlock, { metrics }: KayentaRule): Point {
  return metrics.map(({ name }): Point[number] => {
    switch (name) {
      case 'errors':
        return [errorsAThousand(block.candidate), errorsAThousand(block.baseline)];
      case 'latency':
        return [p95(block.candidate), p95(block.baseline)];
      default: {
        const { values } = block;
        const own = values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
        return own === undefined ? [null, null] : [own.candidate, own.control];
      }
    }
  });
}

/** Of a thousand requests: Kayenta's solver does not see what is smaller than about a thousandth. */
function errorsAThousand({ errors, requests }: Tally): number | null {
  return requests === 0 ? null : (1000 * errors) / requests;
}

function p95({ latency }: Tally): number | null {
  return quantile(latency, 0.95) ?? null;
}

/** What is missing in some of the blocks is left out of the mean. */
function meanOf(points: readonly Point[]): Point {
  const [first = []] = points;
  const of = (metric: number, arm: 0 | 1): number | null => {
    const values = points.flatMap((point) => point[metric]?.[arm] ?? []);
    if (values.length === 0) return null;
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return first.map((_, metric) => [of(metric, 0), of(metric, 1)]);
}

function judged({ points }: KayentaState, rule: KayentaRule): KayentaSaid {
  const { pass, marginal } = rule;
  const seriesOf = (metric: number, arm: 0 | 1): Series =>
    points.map((point) => point[metric]?.[arm] ?? null);
  const isEmptyArm = (metric: number): boolean =>
    ([0, 1] as const).some((arm) => seriesOf(metric, arm).every((value) => value === null));
  const scored = rule.metrics
    .map((metric, at) => ({ ...metric, at }))
    .filter(({ noData, at }) => noData !== 'ignore' || !isEmptyArm(at));
  const metrics: readonly KayentaArm[] = scored;
  const verdict = judgeKayenta({
    metrics: scored.map(({ name, group, critical, direction, at }) => ({
      ...{ name, groups: [group], critical, direction },
      experiment: seriesOf(at, 0),
      control: seriesOf(at, 1),
    })),
    score: {
      groupWeights: weightsOfLeft(rule.groupWeights, groupsOf(rule.metrics), groupsOf(scored)),
      thresholds: { pass, marginal },
    },
  });
  const empty = verdict.metrics.filter(({ label }) => isEmpty(label)).map(({ name }) => name);
  const missing = metrics.filter(({ name, noData }) => noData !== 'ignore' && empty.includes(name));
  const isGood = verdict.kind === 'pass' || verdict.kind === 'warn';
  const kind = isGood && missing.length > 0 ? 'no_data' : verdict.kind;
  const names = missing.map(({ name }) => name).join(', ');
  const text = kind === verdict.kind ? verdict.summary : `no ${names} of both versions`;
  const summary = `score ${verdict.score}, ${pass} passes and ${marginal} is marginal: ${text}`;
  const isHeld = missing.length > 0 && missing.every(({ noData }) => noData === 'hold');
  const holds = kind === 'no_data' && isHeld;
  return {
    ...{ kind, holds, score: verdict.score, summary: summary.slice(0, SENTENCE_MAX) },
    findings: [overall(kind, verdict.score, pass, summary), ...metricFindings(verdict, rule)],
  };
}

const groupsOf = (metrics: readonly KayentaArm[]): readonly string[] =>
  metrics.map(({ group }) => group);

/**
 * The weights of the groups that are left when what may be missing is left out: as if the file had
 * none of the others. Groups that are not named share what is left of 100.
 */
export function weightsOfLeft(
  groupWeights: KayentaRule['groupWeights'],
  all: readonly string[],
  left: readonly string[],
): KayentaRule['groupWeights'] {
  const groups = new Set(left);
  if (groups.size === new Set(all).size) return groupWeights;
  const named = Object.entries(groupWeights).filter(([name]) => groups.has(name));
  if (named.length < groups.size) return Object.fromEntries(named);
  const sum = named.reduce((total, [, weight]) => total + weight, 0);
  return Object.fromEntries(
    named.map(([name, weight]) => [name, sum > 0 ? (100 * weight) / sum : 100 / named.length]),
  );
}

const SENTENCE_MAX = 300;
/** A verdict has at most a dozen of them, and 4 KB. */
const METRIC_SENTENCE_MAX = 140;

function isEmpty(label: KayentaLabel): boolean {
  return label === 'Nodata' || label === 'NodataFailMetric';
}

function overall(
  kind: KayentaVerdict['kind'],
  score: number,
  pass: number,
  summary: string,
): Finding {
  return {
    signal: 'kayenta',
    kind: KINDS_OF_ALL[kind],
    severity: kind === 'warn' ? 'warning' : 'critical',
    method: 'kayenta',
    ...{ measured: score, limit: pass, sentence: summary.slice(0, METRIC_SENTENCE_MAX) },
  };
}

function metricFindings({ metrics }: KayentaVerdict, rule: KayentaRule): readonly Finding[] {
  const isCritical = (name: string): boolean =>
    rule.metrics.some((metric) => metric.name === name && metric.critical);
  return metrics.map(({ name, label, samples, reason }): Finding => ({
    signal: name === 'errors' ? 'error_rate' : name === 'latency' ? 'latency_p95' : name,
    kind: KINDS[label],
    severity: isCritical(name) ? 'critical' : 'warning',
    method: 'kayenta',
    samples: samples.experiment,
    sentence: reason.slice(0, METRIC_SENTENCE_MAX),
  }));
}

const KINDS_OF_ALL = {
  pass: 'ok',
  warn: 'violation',
  fail: 'violation',
  no_data: 'no_data',
  inconclusive: 'no_data',
} as const satisfies Record<KayentaVerdict['kind'], Finding['kind']>;

const KINDS = {
  Pass: 'ok',
  High: 'violation',
  Low: 'violation',
  Nodata: 'no_data',
  NodataFailMetric: 'no_data',
  Error: 'no_data',
} as const satisfies Record<KayentaLabel, Finding['kind']>;
