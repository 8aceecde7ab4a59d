import type { ChannelSpec } from '../domain/paging/channel.schema.ts';
import type { Paging } from '../domain/paging/paging-file.ts';
import type { PageChannel } from '../providers/page/page-channel.ts';
import type { RateBudget } from '../providers/page/rate-budget.ts';
import type { Clock } from './clock.ts';

/** What the paging activities need of their worker. */
export interface PagingDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly paging: {
    /** The paging file as it is now; of one that was broken since, what it said before. */
    read():
      | { readonly kind: 'usable'; readonly paging: Paging }
      | { readonly kind: 'unusable'; readonly why: string };
    channel(name: string, spec: ChannelSpec): PageChannel;
    budget(name: string, rate: ChannelSpec['rate']): RateBudget;
  };
  readonly temporal: {
    /**
     * Leaves what has been tried with Temporal and answers whether the activity is still wanted. True
     * where Temporal does not answer: a page is rather sent twice than not at all.
     */
    begin(left: object, signal: AbortSignal): Promise<boolean>;
  };
}
