import type { Verdict } from '../judge/verdict.ts';
import type { RollbackTrigger } from './progress.ts';

/** What a watch came back with: a verdict on the figures, or a version that is not healthy. */
export type WatchResult = (
  | { readonly kind: 'judged'; readonly verdict: Verdict }
  | { readonly kind: 'unhealthy'; readonly report: string }
) & {
  /** Temporal was away: the watch itself has moved traffic to where its `takeBack` said. */
  readonly takenBack?: true;
};

export type AfterWatch =
  | { readonly kind: 'promote'; readonly reason: string }
  | { readonly kind: 'roll_back'; readonly trigger: RollbackTrigger; readonly reason: string }
  | { readonly kind: 'hold'; readonly trigger: RollbackTrigger; readonly reason: string };

/**
 * Chooses what follows the watch after a switch. Only a verdict of pass or warn promotes; whatever
 * is unknown goes back. Without a way back, or where a person wants to decide, it holds.
 */
export function afterWatch(
  result: WatchResult,
  policy: { readonly autoRollback: boolean; readonly hasFallback: boolean },
): AfterWatch {
  const bad = whatIsBad(result);
  if (bad === undefined) {
    return { kind: 'promote', reason: result.kind === 'judged' ? result.verdict.summary : '' };
  }
  if (!policy.hasFallback) {
    return { ...bad, kind: 'hold', reason: `${bad.reason} (there is no version to go back to)` };
  }
  return policy.autoRollback ? { ...bad, kind: 'roll_back' } : { ...bad, kind: 'hold' };
}

function whatIsBad(
  result: WatchResult,
): { readonly trigger: RollbackTrigger; readonly reason: string } | undefined {
  switch (result.kind) {
    case 'unhealthy':
      return { trigger: 'health_check', reason: result.report };
    case 'judged':
      return isGood(result.verdict)
        ? undefined
        : { trigger: triggerOf(result.verdict), reason: result.verdict.summary };
    default:
      return result satisfies never;
  }
}

/** Unknown is never good: `no_data` and `inconclusive` are as bad as `fail`. */
export function isGood(verdict: Verdict): boolean {
  return verdict.kind === 'pass' || (verdict.kind === 'warn' && verdict.action === undefined);
}

/** There is nothing to wait for: it is known to be bad. */
export function isBreach(verdict: Verdict): boolean {
  return verdict.kind === 'fail' || (verdict.kind === 'warn' && verdict.action === 'step_back');
}

/** Whether anything could be said of the version at all. */
export function isKnown(verdict: Verdict): boolean {
  return verdict.kind !== 'no_data' && verdict.kind !== 'inconclusive';
}

/** `error_rate` when an error rate broke its limit, else `performance`. */
export function triggerOf(verdict: Verdict): RollbackTrigger {
  return verdict.findings.some(
    (finding) => finding.kind === 'violation' && finding.signal === 'error_rate',
  )
    ? 'error_rate'
    : 'performance';
}
