import type { RunReport } from '../domain/release/progress.ts';
import type { ReleaseInput } from './inputs.ts';
import { runRelease } from './release.ts';

/**
 * A new version gets more and more of the traffic, step by step, judged at each against its limits and
 * against production in the same window.
 */
export async function canary(input: ReleaseInput): Promise<RunReport> {
  return runRelease(input);
}
