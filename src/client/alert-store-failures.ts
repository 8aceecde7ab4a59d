import type { AlertStore } from '../domain/alerting/alert-store.ts';
import { Failure } from '../domain/failure.ts';

/** The same store, whose failures are of the table. */
export function withStoreFailures(store: AlertStore): AlertStore {
  return {
    note: (messages, nowMs) => named(() => store.note(messages, nowMs)),
    delivered: (messages, nowMs) => named(() => store.delivered(messages, nowMs)),
    endsOf: (fingerprints, nowMs) => named(() => store.endsOf(fingerprints, nowMs)),
    forget: (fingerprints) => named(() => store.forget(fingerprints)),
    firing: (nowMs, after, limit) => named(() => store.firing(nowMs, after, limit)),
    beat: (names, atMs) => named(() => store.beat(names, atMs)),
    beatsOf: (names) => named(() => store.beatsOf(names)),
    prune: (beforeMs) => named(() => store.prune(beforeMs)),
    close: () => named(() => store.close()),
  };
}

async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure('AlertStoreUnreachable', `the store of last messages: ${why}`, {
      cause: error,
    });
  }
}
