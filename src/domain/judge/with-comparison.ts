import type { ArmLook } from './arm-judge.ts';
import type { KayentaSaid } from './kayenta-arms.ts';
import type { Finding, Verdict } from './verdict.ts';

/**
 * The verdict by limits together with what the comparison of both arms says. A broken limit wins;
 * then a split that is not the intended one, of which nothing follows for the version; then what is
 * lost in the comparison, then missing data. A comparison of severity `warning` steps back, also
 * where its data are what is missing: unknown is never good.
 */
export function withComparison(verdict: Verdict, look: ArmLook, budget: string): Verdict {
  const findings = [...verdict.findings, ...look.findings];
  const score = scoreOf(findings);
  if (verdict.kind === 'fail') return { ...verdict, findings, score };
  if (look.mismatch !== undefined) {
    return { kind: 'inconclusive', findings, score, summary: look.mismatch };
  }
  if (look.kayenta !== undefined)
    return withKayenta({ ...verdict, findings }, look.kayenta, budget);
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
  if (missing.length > 0) return withMissing({ ...verdict, findings, score }, missing, look.holds);
  if (look.findings.length === 0 || verdict.kind === 'no_data') {
    return { ...verdict, findings, score };
  }
  const compared = look.findings.map(({ sentence }) => sentence).join('; ');
  return { ...verdict, findings, score, summary: `${verdict.summary}; ${compared}; ${budget}` };
}

/** What the limits lack as well is answered by the stricter of both. */
function withMissing(verdict: Verdict, missing: readonly Finding[], holds: boolean): Verdict {
  const isWarning = missing.every(({ severity }) => severity === 'warning');
  const action = holds ? 'hold' : isWarning ? 'step_back' : undefined;
  const told = missing.map(({ sentence }) => sentence).join('; ');
  const { kind, findings, score = 0, summary } = verdict;
  const unknown = { kind: 'no_data', findings, score } as const;
  if (kind !== 'no_data') {
    return { ...unknown, summary: told, ...(action === undefined ? {} : { action }) };
  }
  const isStricter = verdict.action === undefined || action !== undefined;
  if (isStricter) return { ...verdict, summary: `${summary}; ${told}` };
  return { ...unknown, summary: `${summary}; ${told}` };
}

/** Its score is the health, and decides; what the limits do not know stays unknown. */
function withKayenta(
  verdict: Verdict,
  { kind, score, summary: text, holds }: KayentaSaid,
  budget: string,
): Verdict {
  const { findings } = verdict;
  const summary = `Kayenta's judge: ${text}; ${budget}`;
  switch (kind) {
    case 'fail':
      return { kind, findings, score, summary };
    case 'warn':
      return { kind, action: 'step_back', findings, score, summary };
    case 'no_data':
    case 'inconclusive':
      if (verdict.kind === 'no_data') return { ...verdict, score };
      return { kind, findings, score, summary, ...(holds ? { action: 'hold' as const } : {}) };
    case 'pass':
      if (verdict.kind === 'no_data') return { ...verdict, score };
      return { ...verdict, score, summary: `${verdict.summary}; ${summary}` };
    default:
      return kind satisfies never;
  }
}

/** 100 where all that was judged is well; what has no data is not. Nothing judged: 0. */
export function scoreOf(findings: readonly Finding[]): number {
  const weigh = (some: readonly Finding[]): number =>
    some.reduce((sum, { weight = 1 }) => sum + weight, 0);
  const all = weigh(findings);
  if (all === 0) return 0;
  return Math.round((100 * weigh(findings.filter(({ kind }) => kind === 'ok'))) / all);
}
