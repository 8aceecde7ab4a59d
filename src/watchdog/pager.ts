import type { Paging } from '../domain/paging/paging-file.ts';
import type { ChannelSpec } from '../domain/paging/channel.schema.ts';
import type { Watching } from '../domain/watchdog/alarm-page.ts';
import type { OpenAlarm } from '../domain/watchdog/alarms.ts';
import type { PageChannel } from '../providers/page/page-channel.ts';
import type { RateBudget } from '../providers/page/rate-budget.ts';
import { type ChannelState, createChannelStates } from './channel-states.ts';
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

/** Pages `last_resort` without Temporal: every channel at once, each until it has taken the page. */
export function createPager(deps: PagerDeps): Pager {
  const closing = new AbortController();
  const deliveries = new Map<string, Delivery>();
  const states = createChannelStates();
  let open: readonly OpenAlarm[] = [];

  const all = () => [...deliveries.values()];
  const lastResort = () => lastResortOf(deps.paging.read());

  function find(name: string) {
    const [, spec] = lastResort().find(([one]) => one === name) ?? [];
    if (spec === undefined) return undefined;
    return { port: deps.channel(name, spec), budget: deps.budget(name, spec.rate) };
  }

  function attempted(attempt: Attempted): void {
    const { channel, outcome, text } = attempt;
    states.sent(channel, { isUp: outcome === 'accepted', text });
    deps.attempted(attempt);
  }

  function deliveryOf(channel: string, alarm: OpenAlarm): Delivery {
    const key = JSON.stringify([channel, alarm.key]);
    const delivery =
      deliveries.get(key) ??
      createDelivery({
        ...{
          channel,
          watching: deps.watching,
          clock: deps.clock,
          signal: closing.signal,
          attempted,
        },
        backoffMs: deps.backoffMs,
        find: () => find(channel),
      });
    deliveries.set(key, delivery);
    return delivery;
  }

  function forgetIdle(): void {
    const before = all();
    for (const [key, one] of deliveries) if (one.isIdle()) deliveries.delete(key);
    const busy = new Set(all().map(({ channel }) => channel));
    for (const { channel } of before) if (!busy.has(channel)) states.forgetPages(channel);
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
      for (const one of all()) if (!wanted.has(one)) one.end();
      open = alarms;
      forgetIdle();
    },
    async check() {
      const check = async ([name, spec]: readonly [string, ChannelSpec]): Promise<void> => {
        const asked = deps.channel(name, spec).check(closing.signal);
        states.checked(name, await asked.then(saidUp, saidDown));
      };
      await Promise.all(lastResort().map(check));
    },
    channels: () => lastResort().map(([name]) => states.stateOf(name)),
    untold: () => open.filter((alarm) => !all().some((one) => one.hasTold(alarm))),
    async close() {
      closing.abort();
      await Promise.all(all().map(({ done }) => done()));
    },
  };
}

/** The channels of `last_resort`, each once. */
function lastResortOf(
  read: ReturnType<PagerDeps['paging']['read']>,
): readonly (readonly [string, ChannelSpec])[] {
  if (read.kind === 'unusable') return [];
  const { lastResort: names, channels } = read.paging;
  return [...new Set(names)].flatMap((name) => {
    const spec = channels[name];
    return spec === undefined ? [] : [[name, withoutAnswers(spec)] as const];
  });
}

/** Nobody can acknowledge what the watchdog says: there is no incident in Temporal. */
function withoutAnswers(spec: ChannelSpec): ChannelSpec {
  return spec.type === 'slack' ? { ...spec, signingSecret: undefined } : spec;
}

function saidUp(text: string) {
  return { isUp: true, text };
}

function saidDown(error: unknown) {
  return { isUp: false, text: error instanceof Error ? error.message : String(error) };
}
