import {
  type ArmBlock,
  type ArmMetric,
  type ErrorsTest,
  type LatencyTest,
  type Said,
  type Tally,
  beginErrors,
  beginLatencies,
  lookAtErrors,
  lookAtLatencies,
  shiftSaid,
} from '../arm-metric.ts';
import { EMPTY_HISTOGRAM, mergeHistograms, quantile } from '../histogram.ts';
import { DISPERSION } from '../sequential/dispersion.ts';
import { lookLatency } from '../sequential/latency.ts';
import { beginShiftLooks, lookAtShift } from '../shift-looks.ts';
import type { RecordedBlock, RecordedBlocks } from './recorded-blocks.ts';
import {
  type JudgedMetric,
  NOTHING_FOUND,
  type RecordedFinding,
  type Trace,
} from './recorded-verdict.ts';

/** Compares the errors of both arms block by block, as a running release does. */
export function compareErrors(
  blocks: RecordedBlocks,
  metric: ArmMetric,
  weightPercent: number | undefined,
): JudgedMetric {
  const pairs = pairsOf(blocks, ({ requests, errors }) => requests !== null && errors !== null);
  const requests = sumsOf(pairs, (block) => block.requests);
  const errors = sumsOf(pairs, (block) => block.errors);
  const facts = {
    ...common('errors', metric, blocks),
    samples: requests,
    baseline: requests.baseline === 0 ? null : errors.baseline / requests.baseline,
    candidate: requests.candidate === 0 ? null : errors.candidate / requests.candidate,
  };
  const silent = silentArm(requests);
  if (silent !== undefined) return unjudged(facts, 'no_data', `the ${silent} had no requests`);
  const observed = requests.candidate / (requests.candidate + requests.baseline);
  const split = weightPercent === undefined ? observed : weightPercent / 100;
  const history = blocks.history.filter((one) => (one.requests ?? 0) > 0 && one.errors !== null);
  let test: ErrorsTest = beginErrors(metric, split, history.map(tallyOf));
  const rate = ({ requests: of, errors: bad }: RecordedBlock): number | null =>
    of === null || of === 0 || bad === null ? null : bad / of;
  const { said, trace } = looksAt('errors', metric, blocks, rate, (block) => {
    const looked = lookAtErrors(test, block === undefined ? [] : [block]);
    test = looked.test;
    return looked.said;
  });
  const isTooShort =
    test.kind === 'shift'
      ? said.decision === 'unknown'
      : test.history === null && test.blocks < DISPERSION.runBlocksMin;
  const events = errors.baseline + errors.candidate;
  const reason =
    test.kind === 'counts' && said.decision === 'unknown' && events < test.eventsMin
      ? `${events} errors of both arms, ${test.eventsMin} are needed to compare`
      : said.reason;
  return { finding: compared(facts, { ...said, reason }, isTooShort), trace };
}

/** Compares the latencies of both arms: the whole distribution, or the p95 of each block. */
export function compareLatencies(blocks: RecordedBlocks, metric: ArmMetric): JudgedMetric {
  if (blocks.rowsAre === 'blocks') return compareBlockP95(blocks, metric);
  const pairs = pairsOf(blocks, ({ latency }) => latency !== null);
  const samples = sumsOf(pairs, ({ latency }) => latency?.total ?? 0);
  const p95 = (arm: 'baseline' | 'candidate'): number | null =>
    quantile(mergeHistograms(blocks[arm].map(({ latency }) => latency ?? EMPTY_HISTOGRAM)), 0.95) ??
    null;
  const facts = {
    ...common('latency', metric, blocks),
    ...{ samples, baseline: p95('baseline'), candidate: p95('candidate') },
  };
  const silent = silentArm(samples);
  if (silent !== undefined) return unjudged(facts, 'no_data', `the ${silent} has no latencies`);
  const history = blocks.history.filter(({ latency }) => (latency?.total ?? 0) > 0);
  let test: LatencyTest = beginLatencies(metric, history.map(tallyOf));
  const figure = ({ latency }: RecordedBlock): number | null =>
    latency === null ? null : (quantile(latency, 0.95) ?? null);
  const { said, trace } = looksAt('latency', metric, blocks, figure, (block) => {
    const looked = lookAtLatencies(test, block === undefined ? [] : [block]);
    test = looked.test;
    return looked.said;
  });
  const isTooShort =
    test.kind === 'shift'
      ? said.decision === 'unknown'
      : Math.min(test.requests.baseline, test.requests.candidate) < test.requestsMin ||
        (test.blocks < DISPERSION.runBlocksMin && test.levels.every((one) => one.history === null));
  const finding = compared(facts, said, isTooShort);
  if (test.kind === 'shift') return { finding, trace };
  const { quantiles } = lookLatency(test, []).reading;
  const ofP95 = quantiles.find(({ level }) => level === 0.95);
  if (ofP95 === undefined) return { finding: { ...finding, effect: null }, trace };
  const estimate = ofP95.candidateMs - ofP95.baselineMs;
  return { finding: { ...finding, effect: { estimate, ...ofP95.difference } }, trace };
}

/** Of a block's p95 alone the distribution is not known: only the rank test can compare them. */
function compareBlockP95(blocks: RecordedBlocks, metric: ArmMetric): JudgedMetric {
  const pairs = pairsOf(blocks, ({ p95Ms }) => p95Ms !== null);
  const samples = { baseline: pairs.length, candidate: pairs.length };
  const means = sumsOf(pairs, ({ p95Ms }) => (p95Ms ?? 0) / pairs.length);
  const facts = { ...common('latency', metric, blocks), samples };
  if (pairs.length === 0) {
    return unjudged(facts, 'no_data', 'no block has a p95 of both arms');
  }
  if (metric.method === 'sequential') {
    const why =
      'method sequential needs the latency of each request, and a row is a block here: record ' +
      'one row a request, or write `method: mann_whitney` under judge.latency';
    return unjudged({ ...facts, ...means }, 'inconclusive', why);
  }
  const before = blocks.history.flatMap(({ p95Ms }) => p95Ms ?? []);
  let test = beginShiftLooks(metric.alpha, metric.increaseMax, 'increase', before);
  const named = { name: 'p95', show: (ms: number) => `${Number(ms.toPrecision(3))} ms` };
  const { said, trace } = looksAt(
    'latency',
    metric,
    blocks,
    ({ p95Ms }) => p95Ms,
    (_, [baseline, candidate]) => {
      const has = baseline !== null && candidate !== null;
      test = lookAtShift(test, has ? [{ candidate, control: baseline }] : [], named);
      return shiftSaid(test);
    },
  );
  const finding = compared({ ...facts, ...means }, said, said.decision === 'unknown');
  return { finding, trace };
}

/** Looks at every block, and keeps what was drawn from it. */
function looksAt(
  name: string,
  { method, alpha }: ArmMetric,
  blocks: RecordedBlocks,
  figure: (block: RecordedBlock) => number | null,
  look: (block: ArmBlock | undefined, figures: readonly [number | null, number | null]) => Said,
): { readonly said: Said; readonly trace: Trace } {
  const [baseline, candidate]: [(number | null)[], (number | null)[]] = [[], []];
  const evidence: (number | null)[] = [];
  let said = look(undefined, [null, null]);
  for (const [at, own] of blocks.candidate.entries()) {
    const other = blocks.baseline[at];
    if (other === undefined) break;
    const figures = [figure(other), figure(own)] as const;
    baseline.push(figures[0]);
    candidate.push(figures[1]);
    // A block in which an arm has no value is none of either: missing is not zero.
    const isKnown = isComplete(own, name) && isComplete(other, name);
    said = look(
      isKnown ? { candidate: tallyOf(own), baseline: tallyOf(other) } : undefined,
      figures,
    );
    evidence.push(method === 'sequential' ? 1 / said.pValue : said.pValue);
  }
  const isSequential = method === 'sequential';
  return {
    said,
    trace: {
      ...{ metric: name, rows: 'blocks' },
      atMs: candidate.map((_, at) => blocks.fromMs + at * blocks.blockMs),
      ...{ baseline, candidate },
      evidence: {
        kind: isSequential ? 'e_value' : 'p_value',
        values: evidence,
        limit: isSequential ? 1 / alpha : said.alpha,
        decides: 'any look',
      },
    },
  };
}

function isComplete({ requests, errors, latency, p95Ms }: RecordedBlock, name: string): boolean {
  return name === 'errors' ? requests !== null && errors !== null : (latency ?? p95Ms) !== null;
}

function tallyOf({ requests, errors, latency }: RecordedBlock): Tally {
  return { requests: requests ?? 0, errors: errors ?? 0, latency: latency ?? EMPTY_HISTOGRAM };
}

interface Pair {
  readonly baseline: RecordedBlock;
  readonly candidate: RecordedBlock;
}

function pairsOf(
  { baseline, candidate }: RecordedBlocks,
  isKnown: (block: RecordedBlock) => boolean,
): readonly Pair[] {
  return candidate.flatMap((own, at): readonly Pair[] => {
    const other = baseline[at];
    return other !== undefined && isKnown(own) && isKnown(other)
      ? [{ candidate: own, baseline: other }]
      : [];
  });
}

function sumsOf(pairs: readonly Pair[], figure: (block: RecordedBlock) => number | null) {
  const sum = (arm: keyof Pair): number =>
    pairs.reduce((total, pair) => total + (figure(pair[arm]) ?? 0), 0);
  return { baseline: sum('baseline'), candidate: sum('candidate') };
}

function silentArm({ baseline, candidate }: ReturnType<typeof sumsOf>): string | undefined {
  if (candidate === 0) return 'candidate';
  return baseline === 0 ? 'baseline' : undefined;
}

type Facts = Omit<RecordedFinding, 'kind' | 'sentence'>;

function common(name: string, metric: ArmMetric, { fromMs, blockMs, candidate }: RecordedBlocks) {
  const { method, severity, weight, alpha, increaseMax: limit } = metric;
  const window = { fromMs, toMs: fromMs + candidate.length * blockMs };
  return { ...NOTHING_FOUND, metric: name, method, severity, weight, alpha, limit, window };
}

export function unjudged(
  facts: Facts,
  kind: 'no_data' | 'inconclusive',
  why: string,
): JudgedMetric {
  const sentence = `${facts.metric} cannot be compared: ${why}`;
  return { finding: { ...facts, kind, sentence }, trace: undefined };
}

/**
 * No difference shown is no violation, as in a running release: the limits say whether there is
 * enough data. But a test that could not be made is inconclusive, for nothing is to come any more.
 */
export function compared(facts: Facts, said: Said, isTooShort: boolean): RecordedFinding {
  const { decision, effect, pValue, alpha, reason } = said;
  const isUntold = decision === 'unknown' && isTooShort;
  const words = isUntold ? 'cannot be told' : WORDS[decision];
  return {
    ...facts,
    kind: decision === 'worse' ? 'violation' : isUntold ? 'inconclusive' : 'ok',
    effect,
    pValue,
    eValue: facts.method === 'sequential' ? 1 / pValue : null,
    alpha,
    sentence: `${facts.metric}, compared: ${words}, ${reason}`,
  };
}

const WORDS = {
  worse: 'worse than stable',
  not_worse: 'not worse than stable',
  unknown: 'no difference shown',
} as const satisfies Record<Said['decision'], string>;
