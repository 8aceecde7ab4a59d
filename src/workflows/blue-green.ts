import type { RunReport } from '../domain/release/progress.ts';
import type { ReleaseInput } from './inputs.ts';
import { runRelease } from './release.ts';

/**
 * Green is started beside blue, proven, and gets all traffic at once or by weights; blue stays until
 * green has been watched. Whatever goes wrong before the switch removes green; whatever goes wrong
 * after it moves traffic back to blue first, by a `rollback` that outlives this workflow.
 */
export async function blueGreen(input: ReleaseInput): Promise<RunReport> {
  return runRelease(input);
}
