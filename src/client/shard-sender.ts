import { inBatches } from '../domain/alerting/batches.ts';
import type { Handed } from '../domain/alerting/shard-state.ts';
import { isTooLarge } from '../domain/alerting/share-out.ts';
import type { AlertBatch } from '../workflows/alert-messages.ts';

/** Takes alerts to one shard, one signal after the other. */
export interface ShardSender {
  /**
   * Returns when it is in the workflow. What waits meanwhile goes with the next signal; what comes
   * after a rest is not kept waiting. Fails with `RangeError` when no signal can carry it.
   */
  send(version: number, handed: Handed): Promise<void>;
}

interface Parcel {
  readonly version: number;
  readonly handed: Handed;
  readonly arrived: () => void;
  readonly failed: (why: unknown) => void;
}

/** At the least, where there is more than one request. */
const GATHERS_MS = 20;
/** Each a multiple of the one before, so that all shards meet. With two requests at most the second. */
const GATHERS_UNTIL_MS = [32, 64, 128, 256] as const;
const GATHERS_TIMES = 3;

/**
 * For how long, in ms, what comes after signals that took `tookMs` is gathered where `requests` brought
 * alerts: until the clock comes to a multiple of 32 to 256 ms, the more the longer it took and the more
 * requests there were. Every signal costs the server and the workers as much, whatever it carries, so
 * the busier they are the fewer they get; and as all shards go by the same moments, a request that
 * concerns many of them waits for one moment, not for each. One alone waits for its own signals, and
 * brings nothing more meanwhile.
 */
export function gathersFor(tookMs: number, nowMs: number, requests: number): number {
  if (requests <= 1) return 0;
  const atMost = GATHERS_UNTIL_MS.slice(0, requests);
  const every = atMost.find((one) => one >= GATHERS_TIMES * tookMs) ?? atMost.at(-1) ?? 0;
  return Math.ceil((nowMs + GATHERS_MS) / every) * every - nowMs;
}

/** `signal` returns when a batch is in the workflow; `requests`: how many bring alerts, to any shard. */
export function createShardSender(
  signal: (batch: AlertBatch) => Promise<void>,
  requests: () => number,
): ShardSender {
  let waiting: Parcel[] = [];
  let isUnderWay = false;

  /** All that waits and was shared out by the same configuration. */
  function nextRun(): readonly Parcel[] {
    const version = waiting[0]?.version;
    const other = waiting.findIndex((parcel) => parcel.version !== version);
    const run = waiting.splice(0, other === -1 ? waiting.length : other);
    return run;
  }

  async function sendRun(run: readonly Parcel[]): Promise<void> {
    let sent = 0;
    try {
      const { batches } = inBatches(run.map(({ handed }) => handed));
      for (const alerts of batches) {
        await signal({ version: run[0]?.version ?? 0, alerts });
        for (const { arrived } of run.slice(sent, sent + alerts.length)) arrived();
        sent += alerts.length;
      }
    } catch (error) {
      // What waits behind it would only wait as long again.
      const others = [...run.slice(sent), ...waiting];
      waiting = [];
      for (const { failed } of others) failed(error);
    }
  }

  async function sendAll(): Promise<void> {
    if (isUnderWay) return;
    isUnderWay = true;
    while (waiting.length > 0) {
      const fromMs = performance.now();
      // Those that it carries are still under way now, and no longer once they have been told.
      const among = requests();
      await sendRun(nextRun());
      const gathersMs = gathersFor(performance.now() - fromMs, Date.now(), among);
      if (gathersMs > 0) await new Promise((resolve) => setTimeout(resolve, gathersMs));
    }
    isUnderWay = false;
  }

  return {
    send: (version, handed) =>
      new Promise((resolve, reject) => {
        if (isTooLarge(handed)) throw new RangeError('no signal can carry an alert that large');
        waiting.push({ version, handed, arrived: resolve, failed: reject });
        // What is said in the same turn goes together.
        queueMicrotask(() => void sendAll());
      }),
  };
}
