import type { RunReport } from '../domain/release/progress.ts';
import type { ReleaseInput } from './inputs.ts';
import { runRelease } from './release.ts';

/**
 * Two versions run side by side with fixed shares, each user with one of them, until it is decided
 * which is better, or the end.
 */
export async function abTest(input: ReleaseInput): Promise<RunReport> {
  return runRelease(input);
}
