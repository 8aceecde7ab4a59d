/** One attempt at asking a program of the user's, for a hook or a gate. */
export interface CallRequest {
  readonly url: string;
  /** Header and the worker's environment variable that holds its value. */
  readonly headersFromEnv: Readonly<Record<string, string>>;
  /** Of this attempt. */
  readonly timeoutMs: number;
  /** The same for every attempt, so that the other side can drop a repeat. */
  readonly key: string;
  /** Plain JSON. */
  readonly body: unknown;
}

/** `text`: what was answered, for a person: one line of at most 500 characters, may be empty. */
export type CallAnswer =
  | { readonly kind: 'done'; readonly text: string }
  /** For good: the same request would be refused again. */
  | { readonly kind: 'refused'; readonly text: string; readonly why: string }
  /** It is not known whether anything has been done. */
  | {
      readonly kind: 'unanswered';
      readonly why: string;
      readonly retryAfterMs: number | undefined;
    };

/**
 * Makes one attempt and says how it went; a failure of the other side is an answer too. Throws only
 * the reason of `signal`. No `why` holds a secret, or more of the URL than its host.
 */
export type Call = (request: CallRequest, signal: AbortSignal) => Promise<CallAnswer>;
