import type { Page } from '../../domain/paging/page.ts';

/** What the provider gave when it took a page. Neither part holds a secret. */
export interface Delivery {
  /** For a person who asks the provider about it: one line of at most 200 characters. */
  readonly receipt: string;
  /** For a later `update` of the same message; at most 1 KB. */
  readonly handle?: string;
}

export interface Can {
  /** The provider shows a repeat of the same page once. */
  readonly dropsRepeats: boolean;
  /** `update` works, and `send` returns a handle. */
  readonly updates: boolean;
  /** The receiver can acknowledge and resolve from where the page is shown. */
  readonly answers: boolean;
}

/**
 * One way to reach people. Nothing that is thrown, returned or logged holds a secret. Redirects are
 * not followed, as a secret must not travel on.
 */
export interface PageChannel {
  readonly can: Can;
  /**
   * One attempt of at most 10 s. Throws `PageRejected` where a repeat cannot help,
   * `PageUndelivered` where it can; the latter carries `retryAfterMs` where the provider named a
   * time, and `isUnknown` where the provider may have taken the page: the connection was cut or no
   * answer came after it was sent, or the answer does not say. A call that is called off throws the
   * reason of `signal`.
   */
  send(page: Page, signal: AbortSignal): Promise<Delivery>;
  /**
   * The handle that a page will have, where it is known before it is sent: then a message that may
   * have arrived is changed as well.
   */
  handleOf?(page: Page): string;
  /** Shows another status on a message sent before; only where `can.updates`. Fails as `send`. */
  update(page: Page, handle: string, signal: AbortSignal): Promise<Delivery>;
  /**
   * Whether a page could be sent now, without sending one: its secrets are there and the provider
   * is reachable, and takes them where it can be asked. Says in words what that proves. Fails as
   * `send`.
   */
  check(signal: AbortSignal): Promise<string>;
}
