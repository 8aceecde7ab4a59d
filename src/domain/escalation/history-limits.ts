/** Temporal ends a workflow whose history has 51,200 events or 50 MiB: people would not be paged. */
const EVENTS_MAX = 20_000;
const BYTES_MAX = 20 * 1024 * 1024;

/** Whether an incident must go on in a fresh history although pages of it are under way. */
export function isTooLong({
  historyLength,
  historySize,
}: {
  readonly historyLength: number;
  readonly historySize: number;
}): boolean {
  return historyLength > EVENTS_MAX || historySize > BYTES_MAX;
}
