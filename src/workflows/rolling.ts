import type { RunReport } from '../domain/release/progress.ts';
import type { ReleaseInput } from './inputs.ts';
import { runRelease } from './release.ts';

/**
 * Instances are replaced batch by batch; a bad batch is undone, a bad system rolls every batch back.
 */
export async function rolling(input: ReleaseInput): Promise<RunReport> {
  return runRelease(input);
}
