import { log, metricMeter } from '@temporalio/activity';
import type { AlertStore } from '../domain/alerting/alert-store.ts';
import { fingerprint } from '../domain/alerting/fingerprint.ts';
import { beatsOf } from '../domain/alerting/heartbeat.ts';
import type { Labels } from '../domain/alerting/labels.ts';
import { ownersOf } from '../domain/alerting/owners.ts';
import type { Ask, Forgetting, Seen } from '../domain/alerting/shard-state.ts';
import type { Clock } from './clock.ts';

const PAGE = 1000;

export interface LastMessagesDeps {
  /** None is configured: every message reaches a shard, whose own ends stand. */
  readonly store: AlertStore | undefined;
  readonly clock: Clock;
}

const ANSWERED_WITHIN_MS = 3000;

/** What a shard asks the store of last messages before an alert is over by time-out. */
export function createLastMessages({ store, clock }: LastMessagesDeps) {
  return {
    /**
     * An answer to each, in their order. It never fails: what the store cannot say is `unknown`, and
     * the shard asks again.
     */
    async askLastMessages(asks: readonly Ask[]): Promise<readonly Seen[]> {
      if (store === undefined) return asks.map(ownEnd);
      try {
        return await inTime(clock, answer(store, asks, clock.nowMs()));
      } catch (error) {
        metricMeter
          .createCounter(
            'belay_alert_store_unanswered',
            'asks',
            'Times that the store of last messages could not be asked',
          )
          .add(1);
        const why = error instanceof Error ? error.message : String(error);
        log.warn(`what has come last is unknown, so all of it fires still: ${why}`, {
          asks: asks.length,
        });
        return asks.map(unknown);
      }
    },

    async forgetAlerts(fingerprints: readonly string[]): Promise<void> {
      await store?.forget(fingerprints, clock.nowMs());
    },

    /** May be asked again: what is forgotten already stays so. */
    async forgetFiring(what: Forgetting): Promise<void> {
      for (let from = ''; store !== undefined;) {
        const nowMs = clock.nowMs();
        const alerts = await store.firing(nowMs, from, PAGE);
        const keys = alerts.map(({ labels }) => fingerprint(labels));
        const gone = alerts.map(({ labels }) => isMeant(what, labels));
        const forgotten = keys.filter((_, at) => gone[at]);
        if (forgotten.length > 0) await store.forget(forgotten, nowMs);
        const last = keys.at(-1);
        if (last === undefined || alerts.length < PAGE) return;
        from = last;
      }
    },
  };
}

function isMeant(what: Forgetting, labels: Labels): boolean {
  if (what.kind === 'signals') {
    return beatsOf(what.before, labels).length > 0 && beatsOf(what.after, labels).length === 0;
  }
  const owners = ownersOf(what.configuration, labels, what.shards);
  return what.begun.some((shard) => owners.includes(shard));
}

async function answer(
  store: AlertStore,
  asks: readonly Ask[],
  nowMs: number,
): Promise<readonly Seen[]> {
  const fingerprints = asks.flatMap((ask) => (ask.kind === 'alert' ? [ask.fingerprint] : []));
  const names = asks.flatMap((ask) => (ask.kind === 'heartbeat' ? [ask.name] : []));
  const [ends, beats] = await Promise.all([
    fingerprints.length === 0 ? new Map<string, number>() : store.endsOf(fingerprints, nowMs),
    names.length === 0 ? new Map<string, number>() : store.beatsOf(names),
  ]);
  // What the store does not know has no later end, and no later signal, than the shard knows of.
  return asks.map((ask) =>
    ask.kind === 'alert'
      ? {
          ...ask,
          endsAtMs: ends.get(ask.fingerprint) ?? Number.MIN_SAFE_INTEGER,
          askedAtMs: nowMs,
        }
      : { ...ask, atMs: beats.get(ask.name) ?? Number.MIN_SAFE_INTEGER },
  );
}

function ownEnd(ask: Ask): Seen {
  return ask.kind === 'alert' ? { ...ask, endsAtMs: Number.MIN_SAFE_INTEGER } : unknown(ask);
}

function unknown(ask: Ask): Seen {
  return ask.kind === 'alert' ? { ...ask, endsAtMs: 'unknown' } : { ...ask, atMs: 'unknown' };
}

async function inTime<T>(clock: Clock, answered: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = clock.pause(ANSWERED_WITHIN_MS, over.signal).then(() => {
    throw new Error(`the alert store has not answered within ${ANSWERED_WITHIN_MS / 1000} s`);
  });
  try {
    return await Promise.race([answered, late]);
  } finally {
    // Whichever comes later is of no interest any more.
    answered.catch(() => {});
    late.catch(() => {});
    over.abort(new Error('answered'));
  }
}
