import type { Alert } from './alert.ts';

/**
 * The store of last messages: what ingest has heard of each alert and each heartbeat, so that only
 * changes of state enter a history. It is asked before an alert is over by time-out. Whoever can
 * not ask it takes every alert for one that fires still.
 *
 * Every method is one transaction, and what it has answered outlives the process. Two processes may
 * use one store at a time, so `note` and `endsOf` never overlap for the same alert. Each may be
 * repeated. A store that cannot be asked throws `AlertStoreUnavailable`.
 */
export interface AlertStore {
  /**
   * Notes the messages that no shard needs to hear of, and answers for each whether it is news, in
   * their order. What is news is not noted, only that it is on its way: it is handed over first,
   * then told by `delivered`.
   */
  note(messages: readonly Alert[], nowMs: number): Promise<readonly boolean[]>;
  /** They are in a workflow. */
  delivered(messages: readonly Alert[], nowMs: number): Promise<void>;
  /**
   * The end of each by the last message, by its fingerprint; one that is not there has none. What
   * is over by now, or is by `CLOCKS_APART_MS` later, is marked: its next message is news, however
   * soon it comes.
   */
  endsOf(fingerprints: readonly string[], nowMs: number): Promise<ReadonlyMap<string, number>>;
  /**
   * Their next messages are news: a shard had no room for them. Their ends are still known. So it is
   * whether what has come until now is told by `delivered` before or after it.
   */
  forget(fingerprints: readonly string[], nowMs: number): Promise<void>;
  /** What fires by the last messages, for a shard that has lost its state; in pages. */
  firing(nowMs: number, after?: string, limit?: number): Promise<readonly Alert[]>;
  /** A signal of these heartbeats has come. */
  beat(names: readonly string[], atMs: number): Promise<void>;
  /** When the last signal of each came; one that is not there has never come. */
  beatsOf(names: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Forgets what has been over for so long; answers how many. */
  prune(beforeMs: number): Promise<number>;
  close(): Promise<void>;
}
