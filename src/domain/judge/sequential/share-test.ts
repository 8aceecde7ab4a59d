import { logBeta, logBetaTail } from './special-functions.ts';
import { logRatioInterval } from './multinomial.ts';
import type { Interval } from './test-reading.ts';

/**
 * The one-sided test that counts, proportions and latencies have in common: of the events of both
 * arms, is the candidate's share higher than its share of the traffic explains?
 *
 * The beta-binomial mixture of Robbins (the two arms of Lindon and Malek's multinomial test), its
 * prior cut off below the null hypothesis, of events divided by their dispersion: events that come
 * in bunches of four are worth a fourth, as in quasi-likelihood. With a dispersion of 1 it is
 * exact.
 */
export interface ShareEvidence {
  /** Events of each arm; the candidate's may be a fraction, where the split has varied. */
  readonly baseline: number;
  readonly candidate: number;
  /** The candidate's share of the traffic, in (0, 1). */
  readonly split: number;
  /** Variance of the candidate's events, given those of both, per binomial variance. */
  readonly dispersion: number;
}

/**
 * The prior is a mixture: mostly as heavy as 40 events, for ratios up to 3 that need many events,
 * and partly as light as 4, for arms of which one alone has events. Measured between ratios of 1.25
 * and 3 it costs nothing beside the best single weight.
 */
const PRIORS = [
  { weight: 0.75, concentration: 40 },
  { weight: 0.25, concentration: 4 },
] as const;

const INTERVAL_CONCENTRATION = 30;

/** log e-value against "the candidate's rate is at most `worseAbove` times the baseline's". */
export function logShareE(evidence: ShareEvidence, worseAbove: number): number {
  const share = nullShare(evidence.split, worseAbove);
  const events = effective(evidence);
  const [heavy, light] = PRIORS.map(
    ({ weight, concentration }) =>
      Math.log(weight) + logBetaBinomialE(events, share, concentration),
  );
  return logSum(heavy ?? NaN, light ?? NaN);
}

/**
 * log e-value of the one-sided beta-binomial mixture against "an event is the candidate's with a
 * probability of at most `share`" (Howard et al., arXiv 1810.08240, proposition 7). No events: 0.
 */
export function logBetaBinomialE(
  { baseline, candidate }: { readonly baseline: number; readonly candidate: number },
  share: number,
  concentration: number,
): number {
  const prior = [concentration * share, concentration * (1 - share)] as const;
  const posterior = [prior[0] + candidate, prior[1] + baseline] as const;
  return (
    logBeta(posterior) +
    logBetaTail(share, ...posterior) -
    logBeta(prior) -
    logBetaTail(share, ...prior) -
    candidate * Math.log(share) -
    baseline * Math.log1p(-share)
  );
}

/** The rate ratios, candidate by baseline, that the events do not rule out at level `alpha`. */
export function rateRatioInterval(evidence: ShareEvidence, alpha: number): Interval {
  const { baseline, candidate } = effective(evidence);
  const arms = [baseline, candidate] as const;
  const log = logRatioInterval(arms, evidence.split, {
    alpha,
    concentration: INTERVAL_CONCENTRATION,
  });
  return {
    low: log.low === null ? null : Math.exp(log.low),
    high: log.high === null ? null : Math.exp(log.high),
  };
}

/** The candidate's share of the events when its rate is `ratio` times the baseline's. */
export function nullShare(split: number, ratio: number): number {
  return (split * ratio) / (split * ratio + 1 - split);
}

function logSum(one: number, other: number): number {
  return Math.max(one, other) + Math.log1p(Math.exp(-Math.abs(one - other)));
}

function effective({ baseline, candidate, dispersion }: ShareEvidence) {
  return {
    baseline: Math.max(0, baseline) / dispersion,
    candidate: Math.max(0, candidate) / dispersion,
  };
}
