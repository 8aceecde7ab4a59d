import { sleep } from '@temporalio/workflow';

export interface Alarm {
  /**
   * It rings at `atMs` at the latest; perhaps before, for a time that was asked for earlier. Returns
   * whether that takes another timer.
   */
  ringBy(atMs: number, summary: string): boolean;
  /** How often it has rung. */
  readonly rung: number;
  /** A worker waits for it, for less than a second. */
  readonly isNapping: boolean;
  /** From now on only the server waits. */
  napNoMore(): void;
}

/** Waits on a worker until it is so late. */
export type Nap = (untilMs: number) => Promise<void>;

/**
 * Temporal's server moves a timer that is set for less than 1 s to 1 s after timers have last fired
 * (`history.timerProcessorMaxTimeShift`), and sets a workflow's second timer when its first has fired:
 * what is due soon after that would be late by up to 1 s.
 */
const NAP_MS = 900;
/** Naps end at multiples of it, so that what is due close together is one task. */
const NAPS_END_EVERY_MS = 50;

/**
 * Durable timers that are never called off: each costs two events whatever comes between. Whoever
 * is woken looks again what is due, so that one which is no longer wanted does nothing. With `nap`,
 * what is due sooner than the server can tell waits there; where nobody naps, in the server.
 */
export function createAlarm(nap?: Nap): Alarm {
  const pending = new Set<number>();
  let rung = 0;
  let naps = 0;
  let napping = nap;

  return {
    ringBy(atMs, summary) {
      if ([...pending].some((ms) => ms <= atMs)) return false;
      pending.add(atMs);
      const ring = (): void => {
        pending.delete(atMs);
        rung += 1;
      };
      const waitInServer = () => sleep(Math.max(1, atMs - Date.now()), { summary });
      if (napping !== undefined && atMs - Date.now() < NAP_MS) {
        const endsAtMs = Math.ceil(atMs / NAPS_END_EVERY_MS) * NAPS_END_EVERY_MS;
        naps += 1;
        const over = napping(endsAtMs).finally(() => (naps -= 1));
        void over.catch(waitInServer).then(ring);
      } else void waitInServer().then(ring);
      return true;
    },
    get rung(): number {
      return rung;
    },
    get isNapping(): boolean {
      return naps > 0;
    },
    napNoMore(): void {
      napping = undefined;
    },
  };
}
