import { type AlarmTiming, type Alarms, openAlarms, step } from '../domain/watchdog/alarms.ts';
import type { Health } from './answer.ts';
import type { Look } from './look.ts';
import type { WatchdogMetrics } from './metrics.ts';
import { type Tell, createNews } from './news.ts';
import type { Pager } from './pager.ts';

export interface WatchdogDeps {
  readonly look: Look;
  readonly pager: Pager;
  readonly metrics: WatchdogMetrics;
  readonly clock: {
    /** Of the machine, as the server's times are compared with it. */
    nowMs(): number;
    /** Never goes back. */
    steadyMs(): number;
    pause(ms: number, signal: AbortSignal): Promise<void>;
  };
  readonly timing: AlarmTiming;
  readonly everyMs: number;
  /** One request to the dead-man's switch; `undefined`: there is none. */
  readonly heartbeat: ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly tell: Tell;
}

export interface Watchdog {
  /** Looks, tells and waits, until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>;
  health(): Health;
}

const CHECK_EVERY_MS = 300_000;
/** Rounds of a slow server take their time. */
const FRESH_FOR_MS = 180_000;

export function createWatchdog(deps: WatchdogDeps): Watchdog {
  const { look, pager, metrics, clock, timing, everyMs, tell } = deps;
  let alarms: Alarms = {};
  let lastMs = clock.steadyMs();
  let checkedMs = Number.NEGATIVE_INFINITY;
  const news = createNews(tell);
  let rounds = 0;

  const isReachable = (): boolean => pager.channels().some(({ isUp }) => isUp);

  async function lookAndTell(): Promise<void> {
    const fromMs = clock.steadyMs();
    if (fromMs - checkedMs >= CHECK_EVERY_MS || !isReachable()) {
      checkedMs = fromMs;
      // The first look waits for it, so that its heartbeat knows; no other does.
      if (rounds === 0) await pager.check();
      else void pager.check();
    }
    const nowMs = clock.nowMs();
    const observations = await look.round(nowMs);
    lastMs = clock.steadyMs();
    alarms = step(alarms, observations, lastMs, timing);
    const open = openAlarms(alarms);
    pager.show(open);
    const channels = pager.channels();
    const tookMs = lastMs - fromMs;
    metrics.round({ observations, open, channels, sweep: look.sweep(), nowMs, tookMs });
    news({ observations, open, channels });
    rounds += 1;
  }

  async function beat(signal: AbortSignal): Promise<void> {
    if (deps.heartbeat === undefined) return;
    if (!isReachable()) return metrics.heartbeat('withheld');
    try {
      await deps.heartbeat(signal);
      metrics.heartbeat('accepted');
    } catch (error) {
      if (signal.aborted) return;
      metrics.heartbeat('failed');
      tell('error', { heartbeat: error instanceof Error ? error.message : String(error) });
    }
  }

  return {
    async run(signal) {
      const beats = new Set<Promise<void>>();
      while (!signal.aborted) {
        const fromMs = clock.steadyMs();
        await lookAndTell();
        const beating: Promise<void> = beat(signal).finally(() => beats.delete(beating));
        beats.add(beating);
        await clock.pause(Math.max(0, everyMs - (clock.steadyMs() - fromMs)), signal);
      }
      await Promise.all(beats);
    },
    health() {
      const silentMs = clock.steadyMs() - lastMs;
      const looks = silentMs < Math.max(FRESH_FOR_MS, 3 * everyMs);
      const channels = pager.channels();
      return {
        ok: looks && channels.some(({ isUp }) => isUp),
        lastRoundAgoSeconds: Math.round(silentMs / 1000),
        channels,
        alarms: openAlarms(alarms).map(({ key, round, text }) => ({ key, round, text })),
        untold: pager.untold().map(({ key }) => key),
      };
    },
  };
}
