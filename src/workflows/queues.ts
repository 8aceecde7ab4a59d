/** Watches have a queue of their own, so that traffic and paging never wait behind them. */
export const WATCH_QUEUE_SUFFIX = '-watch';

/** Pages have a queue of their own, so that neither traffic nor a storm of pages delays the other. */
export const PAGE_QUEUE_SUFFIX = '-page';
