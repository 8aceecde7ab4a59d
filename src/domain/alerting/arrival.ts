import { formatDuration } from '../quantity.ts';
import { type PostedAlert, postedProblem } from './alert.ts';

/**
 * What is wrong with an alert when it comes, or null. One that names no end would end after
 * `resolve_timeout`: where it begins only after that, Alertmanager refuses it as well.
 */
export function arrivalProblem(
  posted: PostedAlert,
  nowMs: number,
  resolveTimeoutMs: number,
): string | null {
  const problem = postedProblem(posted);
  if (problem !== null) return problem;
  const { startsAtMs = nowMs, endsAtMs } = posted;
  if (endsAtMs !== undefined || startsAtMs <= nowMs + resolveTimeoutMs) return null;
  const after = formatDuration(resolveTimeoutMs);
  return `begins after it would end, ${after} from now (resolve_timeout): check startsAt, or add endsAt`;
}
