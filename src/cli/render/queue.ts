import type { WaitingRelease } from '../../domain/release/commands.ts';
import { columns, moment } from './style.ts';

/** The releases that wait for their turn, the next one first; empty where none does. */
export function renderQueue(queue: readonly WaitingRelease[]): string {
  if (queue.length === 0) return '';
  const rows = queue.map(({ version, who, why, requestId, sinceMs }, index) => [
    `  ${index + 1}`,
    version,
    `since ${moment(sinceMs)}`,
    `by ${who}: ${why}`,
    `request ${requestId}`,
  ]);
  return `waiting for their turn\n${columns(rows)}`;
}
