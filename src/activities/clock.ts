/**
 * The time by which an activity looks and waits. It follows the server's: deadlines are compared
 * with the moment at which Temporal scheduled the activity. Tests move it.
 */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Waits, but no longer than until `signal` is aborted; then throws the reason. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  async pause(ms, signal) {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal.reason instanceof Error ? signal.reason : new Error('cancelled'));
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  },
};
