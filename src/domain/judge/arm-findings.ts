import {
  type ArmMetric,
  type OwnMetric,
  type OwnTest,
  type Said,
  leastPoints,
} from './arm-metric.ts';
import type { Moment } from './kayenta-arms.ts';
import type { NoDataPolicy } from './threshold.ts';
import type { Finding } from './verdict.ts';

/** What was looked at, and what it says. */
export interface Looked {
  readonly errors: { readonly said: Said } | null;
  readonly latency: { readonly said: Said } | null;
  readonly own: readonly LookedOwn[];
}

interface LookedOwn {
  readonly metric: OwnMetric;
  readonly said: Said;
  readonly test: OwnTest;
}

export interface When {
  readonly moment: Moment;
  /** What has been counted ends longer ago than it may, or does not begin. */
  readonly isBehind: boolean;
  readonly blockMs: number;
}

export interface Compared {
  readonly finding: Finding;
  /** What it means that its data are missing. */
  readonly noData: 'fail' | 'hold' | 'ignore';
}

/** One finding for each comparison that is made, in the order of the evidence. */
export function comparedArms(
  { errors, latency, own }: Looked,
  options: {
    readonly errors: ArmMetric | undefined;
    readonly latency: ArmMetric | undefined;
    readonly noData?: NoDataPolicy;
  },
  when: When,
): readonly Compared[] {
  const { noData } = options;
  return [
    ...(errors === null || options.errors === undefined
      ? []
      : [comparedTraffic({ ...SIGNALS.errors, ...errors, metric: options.errors, noData }, when)]),
    ...(latency === null || options.latency === undefined
      ? []
      : [
          comparedTraffic(
            { ...SIGNALS.latency, ...latency, metric: options.latency, noData },
            when,
          ),
        ]),
    ...own.map((one) => comparedOwn(one, when)),
  ];
}

const SIGNALS = {
  errors: { name: 'errors', signal: 'error_rate' },
  latency: { name: 'latency', signal: 'latency_p95' },
} as const;

/** A step of which nobody could count anything, or not its end, has not been judged. */
function comparedTraffic(
  {
    name,
    signal,
    said,
    metric,
    noData: policy,
  }: (typeof SIGNALS)[keyof typeof SIGNALS] & {
    readonly said: Said;
    readonly metric: ArmMetric;
    readonly noData: NoDataPolicy | undefined;
  },
  { moment, isBehind, blockMs }: When,
): Compared {
  const finding = findingOf(signal, name, said, metric, blockMs);
  const noData = policy?.[signal] ?? 'fail';
  const isBlind = moment === 'end' && isBehind;
  return { finding: isBlind ? lacking(finding, `no ${name}`, noData) : finding, noData };
}

/** A metric of the file's own has no limit beside it: its test alone says whether data are enough. */
function comparedOwn(
  { metric, said, test }: LookedOwn,
  { moment, isBehind, blockMs }: When,
): Compared {
  const { name, noData } = metric;
  const finding = findingOf(name, name, said, metric, blockMs);
  const isEnd = moment === 'end';
  if (test.isQuiet || (isEnd && isBehind)) {
    return { finding: lacking(finding, `no ${name}`, noData), noData };
  }
  const least = leastPoints(test);
  if (!isEnd || said.blocks >= least) return { finding, noData };
  const few = `${said.blocks} value(s) of ${name}, ${least} are needed,`;
  return { finding: lacking(finding, few, noData), noData };
}

/** What has been lost stays lost, and what the file ignores is not lacking. */
function lacking(finding: Finding, what: string, noData: Compared['noData']): Finding {
  if (finding.kind === 'violation' || noData === 'ignore') return finding;
  return { ...finding, kind: 'no_data', sentence: `${what} of both versions` };
}

/** All that is missing may wait for a person, or is only a warning, which waits for one as well. */
export function isForAPerson(all: readonly Compared[]): boolean {
  const missing = all.filter(({ finding }) => finding.kind === 'no_data');
  return (
    missing.some(({ noData }) => noData === 'hold') &&
    missing.every(({ finding, noData }) => noData === 'hold' || finding.severity === 'warning')
  );
}

/**
 * `unknown` breaks nothing here and is no pass either: whether there is enough data is said by the
 * finding of the limit, which this one stands beside.
 */
function findingOf(
  signal: Finding['signal'],
  name: string,
  { decision, effect, pValue, alpha, baseline, candidate, samples, blocks, reason }: Said,
  { severity, weight, method, increaseMax }: ArmMetric,
  blockMs: number,
): Finding {
  return {
    signal,
    kind: decision === 'worse' ? 'violation' : 'ok',
    ...{ severity, weight, method, windowMs: blocks * blockMs, limit: increaseMax },
    ...(candidate === null ? {} : { measured: candidate }),
    ...(baseline === null ? {} : { baseline }),
    ...(effect === null ? {} : { effect }),
    ...{ pValue, alpha, samples },
    sentence: `${name}, compared: ${WORDS[decision]}, ${reason}`.slice(0, 300),
  };
}

const WORDS = {
  worse: 'worse than stable',
  not_worse: 'not worse than stable',
  unknown: 'no difference shown',
} as const satisfies Record<Said['decision'], string>;
