import type { ArmLook } from './arm-judge.ts';
import type { Finding, Verdict } from './verdict.ts';

/**
 * The verdict by limits together with what the comparison of both arms says. A broken limit wins;
 * then a split that is not the intended one, of which nothing follows for the version; then what is
 * lost in the comparison, then missing data. A comparison of severity `warning` steps back.
 */
export function withComparison(verdict: Verdict, look: ArmLook, budget: string): Verdict {
  const findings = [...verdict.findings, ...look.findings];
  const score = scoreOf(findings);
  if (verdict.kind === 'fail') return { ...verdict, findings, score };
  if (look.mismatch !== undefined) {
    return { kind: 'inconclusive', findings, score, summary: look.mismatch };
  }
  const lost = look.findings.filter(({ kind }) => kind === 'violation');
  const sentences = lost.map(({ sentence }) => sentence).join('; ');
  if (lost.some(({ severity }) => severity === 'critical')) {
    return { kind: 'fail', findings, score, summary: `${sentences}; ${budget}` };
  }
  if (lost.length > 0) {
    return {
      ...{ kind: 'warn', action: 'step_back', findings, score },
      summary: `${sentences}; ${budget}`,
    };
  }
  const missing = look.findings.filter((one) => one.kind === 'no_data');
  if (verdict.kind !== 'no_data' && missing.some(({ severity }) => severity === 'critical')) {
    const summary = missing.map(({ sentence }) => sentence).join('; ');
    const unknown = { kind: 'no_data', findings, score, summary } as const;
    return look.holds ? { ...unknown, action: 'hold' } : unknown;
  }
  if (look.findings.length === 0 || verdict.kind === 'no_data') {
    return { ...verdict, findings, score };
  }
  const compared = look.findings.map(({ sentence }) => sentence).join('; ');
  return { ...verdict, findings, score, summary: `${verdict.summary}; ${compared}; ${budget}` };
}

/** 100 where all that was judged is well; what has no data is not. Nothing judged: 0. */
export function scoreOf(findings: readonly Finding[]): number {
  const weigh = (some: readonly Finding[]): number =>
    some.reduce((sum, { weight = 1 }) => sum + weight, 0);
  const all = weigh(findings);
  if (all === 0) return 0;
  return Math.round((100 * weigh(findings.filter(({ kind }) => kind === 'ok'))) / all);
}
