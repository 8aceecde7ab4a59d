import type { BelayClient } from '../client/client.ts';
import type { Progress } from '../domain/release/progress.ts';
import type { CliDeps } from './deps.ts';
import { renderEnd, renderEntry, renderStatusLine } from './render/progress.ts';
import { createStyle } from './render/style.ts';

const LOOK_EVERY_MS = 500;
const CLEAR_LINE = '\r\u001b[K';

/**
 * Follows a run to its end: every entry of its timeline as it comes, and on a terminal one line
 * that says where it stands. Ending the program ends the watching, not the run.
 */
export async function watchRun(
  client: BelayClient,
  workflowId: string,
  deps: CliDeps,
  output: 'text' | 'json',
): Promise<Progress> {
  const style = createStyle(deps.colors);
  const seen = new Set<string>();
  for (;;) {
    const progress = await client.progress(workflowId);
    for (const entry of progress.timeline) {
      const id = `${entry.atMs} ${entry.phase} ${entry.text}`;
      if (seen.has(id)) continue;
      seen.add(id);
      if (output === 'json') deps.out(`${JSON.stringify(entry)}\n`);
      else deps.out(`${deps.isTty ? CLEAR_LINE : ''}${renderEntry(entry, style)}\n`);
    }
    if (progress.outcome !== undefined) {
      if (output === 'json') deps.out(`${JSON.stringify(progress)}\n`);
      else deps.out(`${deps.isTty ? CLEAR_LINE : ''}${renderEnd(progress, style)}\n`);
      await client.untilFree(workflowId);
      return progress;
    }
    if (deps.isTty && output === 'text') {
      deps.out(`${CLEAR_LINE}${renderStatusLine(progress, deps.now())}`);
    }
    await deps.pause(LOOK_EVERY_MS);
  }
}

/** A run that ended in anything but success is a failure for whoever waited for it. */
export function exitCodeOf({ outcome }: Pick<Progress, 'outcome'>): number {
  return outcome === undefined || outcome === 'succeeded' ? 0 : 1;
}

/** For a rollback, going back is the success, also where a running release went back for it. */
export function exitCodeOfRollback({ outcome }: Pick<Progress, 'outcome'>): number {
  return outcome === 'rolled_back' || outcome === 'aborted' ? 0 : 1;
}
