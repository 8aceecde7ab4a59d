import type { Paging } from '../domain/paging/paging-file.ts';
import type { ChannelSpec } from '../domain/paging/channel.schema.ts';
import type { Watching } from '../domain/watchdog/alarm-page.ts';
import type { OpenAlarm } from '../domain/watchdog/alarms.ts';
import type { PageChannel } from '../providers/page/page-channel.ts';
import type { RateBudget } from '../providers/page/rate-budget.ts';
import { type Attempted, type Delivery, createDelivery } from './delivery.ts';

export interface PagerDeps {
  readonly watching: Watching;
  readonly paging: {
    read():
      | { readonly kind: 'usable'; readonly paging: Paging }
      | { readonly kind: 'unusable'; readonly why: string };
  };
  channel(name: string, spec: ChannelSpec): PageChannel;
  budget(name: string, rate: ChannelSpec['rate']): RateBudget;
  readonly clock: {
    nowMs(): number;
    /** Ends early, and well, when `signal` is aborted. */
    pause(ms: number, signal: AbortSignal): Promise<void>;
  };
  /** How long is waited after so many failures in a row, from 1, where nobody asked for more. */
  backoffMs(failures: number): number;
  /** Hears of every attempt. */
  attempted(attempt: Attempted): void;
}

/** How a channel is known to be. */
export interface ChannelState {
  readonly name: string;
  readonly isUp: boolean;
  /** What it said last. */
  readonly text: string;
}

export interface Pager {
  /**
   * From now on exactly these alarms are open: each channel of `last_resort` is told of each in its
   * present round, and of the end of what it was told. Returns at once; no channel waits for
   * another.
   */
  show(open: readonly OpenAlarm[]): void;
  /** Asks every channel of `last_resort` whether it could take a page. At most some 10 s. */
  check(): Promise<void>;
  /** The channels of `last_resort`, as far as they are known. */
  channels(): readonly ChannelState[];
  /** Open alarms that no channel has taken in any round. */
  untold(): readonly OpenAlarm[];
  /** Calls off what waits, and waits for the attempts that have begun. */
  close(): Promise<void>;
}

interface Known {
  readonly checked: { readonly isUp: boolean; readonly text: string } | undefined;
  /** Of the last page. A channel that refuses pages is not up, whatever it answers when asked. */
  readonly sent: { readonly isUp: boolean; readonly text: string } | undefined;
}

/** Pages `last_resort` without Temporal: every channel at once, each until it has taken the page. */
export function createPager(deps: PagerDeps): Pager {
  const { paging, clock } = deps;
  const closing = new AbortController();
  const deliveries = new Map<string, Delivery>();
  const known = new Map<string, Known>();
  let open: readonly OpenAlarm[] = [];

  function lastResort(): readonly (readonly [string, ChannelSpec])[] {
    const read = paging.read();
    if (read.kind === 'unusable') return [];
    const { lastResort: names, channels } = read.paging;
    return [...new Set(names)].flatMap((name) => {
      const spec = channels[name];
      return spec === undefined ? [] : [[name, withoutAnswers(spec)] as const];
    });
  }

  function find(name: string) {
    const [, spec] = lastResort().find(([one]) => one === name) ?? [];
    if (spec === undefined) return undefined;
    return { port: deps.channel(name, spec), budget: deps.budget(name, spec.rate) };
  }

  function attempted(attempt: Attempted): void {
    const { channel, outcome, text } = attempt;
    const sent = { isUp: outcome === 'accepted', text };
    known.set(channel, { checked: known.get(channel)?.checked, sent });
    deps.attempted(attempt);
  }

  function deliveryOf(channel: string, alarm: OpenAlarm): Delivery {
    const key = JSON.stringify([channel, alarm.key]);
    const delivery =
      deliveries.get(key) ??
      createDelivery({
        ...{ channel, watching: deps.watching, clock, signal: closing.signal, attempted },
        backoffMs: deps.backoffMs,
        find: () => find(channel),
      });
    deliveries.set(key, delivery);
    return delivery;
  }

  /** What a page has shown of a channel counts until there is none for it any more. */
  function forgetIdle(): void {
    for (const [key, one] of deliveries) if (one.isIdle()) deliveries.delete(key);
    const busy = new Set([...deliveries.values()].map(({ channel }) => channel));
    for (const [name, { checked }] of known) {
      if (!busy.has(name)) known.set(name, { checked, sent: undefined });
    }
  }

  return {
    show(alarms) {
      const wanted = new Set<Delivery>();
      for (const [name] of lastResort()) {
        for (const alarm of alarms) {
          const delivery = deliveryOf(name, alarm);
          delivery.tell(alarm);
          wanted.add(delivery);
        }
      }
      for (const one of deliveries.values()) if (!wanted.has(one)) one.end();
      open = alarms;
      forgetIdle();
    },
    async check() {
      const checks = lastResort().map(async ([name, spec]) => {
        const checked = await deps
          .channel(name, spec)
          .check(closing.signal)
          .then(
            (text) => ({ isUp: true, text }),
            (error: unknown) => ({ isUp: false, text: messageOf(error) }),
          );
        known.set(name, { checked, sent: known.get(name)?.sent });
      });
      await Promise.all(checks);
    },
    channels() {
      return lastResort().map(([name]) => {
        const { checked, sent } = known.get(name) ?? NOT_ASKED;
        const isDown = [sent, checked].find((one) => one?.isUp === false);
        return { name, ...(isDown ?? sent ?? checked ?? NOT_KNOWN) };
      });
    },
    untold() {
      return open.filter((alarm) => ![...deliveries.values()].some((one) => one.hasTold(alarm)));
    },
    async close() {
      closing.abort();
      await Promise.all([...deliveries.values()].map(({ done }) => done()));
    },
  };
}

const NOT_ASKED: Known = { checked: undefined, sent: undefined };
const NOT_KNOWN = { isUp: false, text: 'it was not asked yet' };

/** Nobody can acknowledge what the watchdog says: there is no incident in Temporal. */
function withoutAnswers(spec: ChannelSpec): ChannelSpec {
  return spec.type === 'slack' ? { ...spec, signingSecret: undefined } : spec;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
