import { sleep } from '@temporalio/workflow';

export interface Alarm {
  /**
   * It rings at `atMs` at the latest; perhaps before, for a time that was asked for earlier. Returns
   * whether that takes another timer.
   */
  ringBy(atMs: number, summary: string): boolean;
  /** How often it has rung. */
  readonly rung: number;
}

/**
 * Durable timers that are never called off: each costs two events whatever comes between. Whoever
 * is woken looks again what is due, so that one which is no longer wanted does nothing.
 */
export function createAlarm(): Alarm {
  const pending = new Set<number>();
  let rung = 0;
  return {
    ringBy(atMs, summary) {
      if ([...pending].some((ms) => ms <= atMs)) return false;
      pending.add(atMs);
      void sleep(Math.max(1, atMs - Date.now()), { summary }).then(() => {
        pending.delete(atMs);
        rung += 1;
      });
      return true;
    },
    get rung(): number {
      return rung;
    },
  };
}
