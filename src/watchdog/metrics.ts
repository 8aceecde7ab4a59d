import { Counter, Gauge, Registry } from 'prom-client';
import type { OpenAlarm } from '../domain/watchdog/alarms.ts';
import type { Observation } from '../domain/watchdog/observation.ts';
import type { Attempted } from './delivery.ts';
import type { Sweep } from './look-at-runs.ts';
import type { ChannelState } from './channel-states.ts';

export interface RoundSeen {
  readonly observations: readonly Observation[];
  readonly open: readonly OpenAlarm[];
  readonly channels: readonly ChannelState[];
  readonly sweep: Sweep;
  readonly nowMs: number;
  readonly tookMs: number;
}

export interface WatchdogMetrics {
  round(seen: RoundSeen): void;
  attempted(attempt: Attempted): void;
  heartbeat(result: 'accepted' | 'failed' | 'withheld'): void;
  /** In the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** What Prometheus sees of a watchdog. */
export function createMetrics(): WatchdogMetrics {
  const registry = new Registry();
  const registers = [registry];
  const bad = new Gauge({
    ...{ name: 'belay_watchdog_condition_bad', help: '1: the last look found it, 0: it did not' },
    ...{ labelNames: ['condition', 'queue'] as const, registers },
  });
  const alarm = new Gauge({
    ...{ name: 'belay_watchdog_alarm_open', help: '1: people are told, until it has passed' },
    ...{ labelNames: ['condition', 'queue'] as const, registers },
  });
  const up = new Gauge({
    ...{ name: 'belay_watchdog_channel_up', help: '1: a channel of last_resort takes pages' },
    ...{ labelNames: ['channel'] as const, registers },
  });
  const pages = new Counter({
    ...{ name: 'belay_watchdog_pages_total', help: 'Attempts to tell people' },
    ...{ labelNames: ['channel', 'action', 'result'] as const, registers },
  });
  const heartbeats = new Counter({
    ...{ name: 'belay_watchdog_heartbeats_total', help: "Requests to the dead-man's switch" },
    ...{ labelNames: ['result'] as const, registers },
  });
  const roundAt = new Gauge({
    ...{ name: 'belay_watchdog_last_round_timestamp_seconds', help: 'When it last has looked' },
    registers,
  });
  const took = new Gauge({
    ...{ name: 'belay_watchdog_round_duration_seconds', help: 'How long the last look took' },
    registers,
  });
  const passAt = new Gauge({
    ...{ name: 'belay_watchdog_last_pass_timestamp_seconds', help: 'End of the last whole pass' },
    registers,
  });
  const runs = new Gauge({
    ...{ name: 'belay_watchdog_known_runs', help: 'Running workflows that it knows' },
    registers,
  });
  return {
    round({ observations, open, channels, sweep, nowMs, tookMs }) {
      for (const gauge of [bad, alarm, up]) gauge.reset();
      for (const { condition, queue, state } of observations) {
        alarm.set({ condition, queue }, 0);
        if (state !== 'unknown') bad.set({ condition, queue }, state === 'bad' ? 1 : 0);
      }
      for (const { condition, queue } of open) alarm.set({ condition, queue }, 1);
      for (const { name, isUp } of channels) up.set({ channel: name }, isUp ? 1 : 0);
      roundAt.set(nowMs / 1000);
      took.set(tookMs / 1000);
      runs.set(sweep.known);
      if (sweep.endedAtMs !== undefined) passAt.set(sweep.endedAtMs / 1000);
    },
    attempted({ channel, page, outcome }) {
      pages.inc({ channel, action: page.action, result: outcome });
    },
    heartbeat(result) {
      heartbeats.inc({ result });
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
