import type { BelayClient } from '../client/client.ts';
import type { Paging } from '../domain/paging/paging-file.ts';
import type { AnswerMetrics } from './metrics.ts';

/** What taking answers needs from outside. */
export interface AnswerDeps {
  readonly incidents: Pick<BelayClient['incidents'], 'answer'>;
  readonly paging: {
    /** The paging file as it is now; of one that was broken since, what it said before. */
    read():
      | { readonly kind: 'usable'; readonly paging: Paging }
      | { readonly kind: 'unusable'; readonly why: string };
  };
  /** The value of a variable of the environment. */
  secret(name: string): string | undefined;
  readonly nowMs: () => number;
  /** One line for the log; it never holds a secret or a body. */
  write(line: string): void;
  readonly metrics: AnswerMetrics;
}

/** A request as it came, read to its end. */
export interface Incoming {
  /** The bytes that were signed. */
  readonly rawBody: string;
  header(name: string): string | undefined;
}

export type Source = 'slack' | 'pagerduty';

/** What has become of one request; the label of its metric. */
export type Result =
  /** Durable: by an update that counts, or by a signal. */
  | 'applied'
  | 'signalled'
  /** Belay says no: somebody was first, or it makes no sense now. */
  | 'refused'
  /** The incident has ended, or there never was one. */
  | 'unknown'
  /** Nothing for Belay. */
  | 'ignored'
  | 'unauthorized'
  | 'invalid'
  /** Not durable: the sender must say it again. */
  | 'unavailable';

export interface Outcome {
  readonly status: number;
  readonly result: Result;
  /** For whoever reads the answer, or the log. */
  readonly text: string;
  readonly incidentId?: string;
  readonly who?: string;
  /** Told to the clicking person alone, after the answer. */
  readonly whisper?: { readonly url: string; readonly text: string };
}
