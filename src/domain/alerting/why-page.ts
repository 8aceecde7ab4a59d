/** What the last page of a group said that arrived. */
export interface PageLog {
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  readonly atMs: number;
}

/** Why a page is sent. */
export type PageReason =
  | 'first_page'
  | 'new_alerts'
  | 'all_resolved'
  | 'some_resolved'
  | 'repeat_interval'
  /** What had been paged before is still firing after what held it back. */
  | 'silence_ended'
  | 'mute_ended';

/** The alerts of a group that nothing holds back, by their fingerprints. */
export interface Present {
  readonly firing: ReadonlySet<string>;
  readonly resolved: ReadonlySet<string>;
  /** One of the resolved may have been told as firing, by a page of which nothing is known. */
  readonly mayBeTold?: boolean;
}

/**
 * Whether a group is to be paged about, and why; null, no. This is Alertmanager's table: that all
 * are resolved is told even where resolved alerts are not sent, so that the log is cleared.
 */
export function whyPage(
  log: PageLog | null,
  { firing, resolved, mayBeTold = false }: Present,
  timing: { readonly sendResolved: boolean; readonly repeatIntervalMs: number },
  nowMs: number,
): PageReason | null {
  if (log === null) {
    if (firing.size > 0) return 'first_page';
    return mayBeTold ? 'all_resolved' : null;
  }
  if (!isSubset(firing, log.firing)) return log.firing.length === 0 ? 'first_page' : 'new_alerts';
  if (firing.size === 0) return log.firing.length > 0 || mayBeTold ? 'all_resolved' : null;
  if (timing.sendResolved && !isSubset(resolved, log.resolved)) return 'some_resolved';
  return log.atMs < nowMs - timing.repeatIntervalMs ? 'repeat_interval' : null;
}

function isSubset(now: ReadonlySet<string>, before: readonly string[]): boolean {
  const known = new Set(before);
  for (const one of now) if (!known.has(one)) return false;
  return true;
}
