import { received } from '../../../src/domain/alerting/alert.ts';
import type { Configuration } from '../../../src/domain/alerting/alerting-file.ts';
import { destinationText } from '../../../src/domain/alerting/group-key.ts';
import type { Labels } from '../../../src/domain/alerting/labels.ts';
import { ownersOf } from '../../../src/domain/alerting/owners.ts';
import type { Outcome, ShardEvent } from '../../../src/domain/alerting/shard-state.ts';
import { newShard, step } from '../../../src/domain/alerting/shard.ts';
import { changesAt, isIn } from '../../../src/domain/alerting/time-interval.ts';

export const START = Date.parse('2026-11-26T12:00:00Z');
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const FAR = START + 10_000 * HOUR;
export const CLOCKS = { isIn, changesAt };
export const TIMES = 'group_wait: 10s, group_interval: 1m, repeat_interval: 4h';

export type Machines = ReturnType<typeof machines>;

/** Shards that hear of a configuration one by one; what they pass on arrives at once. */
export function machines(first: Configuration, shards: number, bytesLimit = 1_000_000) {
  let nowMs = START;
  const pages: string[] = [];
  const named: string[] = [];
  const from = { shards, version: 1, configuration: first, bytesLimit };
  const all = Array.from({ length: shards }, (_, shard) => ({
    state: newShard({ ...from, shard }, nowMs, CLOCKS),
    wakeAtMs: null as number | null,
  }));
  const at = (shard: number) => {
    const one = all[shard];
    if (one === undefined) throw new RangeError(`there is no shard ${shard}`);
    return one;
  };
  /** Without carrying out what follows. */
  const only = (shard: number, event: ShardEvent): Outcome => {
    const here = at(shard);
    const { state, outcome } = step(here.state, event, nowMs, CLOCKS);
    here.state = state;
    here.wakeAtMs = outcome.wakeAtMs;
    return outcome;
  };
  const tell = (shard: number, event: ShardEvent): void => {
    const { pages: sent, passOn } = only(shard, event);
    const { alerts } = at(shard).state;
    for (const { key, destination, reason, firing } of sent) {
      named.push(...firing.map((one) => alerts.get(one)?.alert.labels.alertname ?? ''));
      pages.push(`${(nowMs - START) / SECOND}s ${destinationText(destination)} ${reason}`);
      tell(shard, { kind: 'paged', pages: [{ key, hasArrived: true }] });
    }
    const { version } = at(shard).state;
    for (const { shard: to, handed } of passOn) {
      tell(to, { kind: 'alerts', version, alerts: [handed] });
    }
  };
  return {
    pages,
    /** The alertname of each alert that a page told as firing. */
    named,
    only,
    tell,
    /** Time passes, and nobody looks. */
    clock(ms: number): void {
      nowMs = ms;
    },
    states: () => all.map(({ state }) => state),
    /** As ingest does that goes by `by`. */
    post(
      by: Configuration,
      version: number,
      labels: Labels,
      endsAtMs: number,
      annotations: Labels = {},
    ): void {
      const alert = received({ labels, annotations, endsAtMs }, nowMs, 5 * MINUTE);
      for (const shard of ownersOf(by, labels, shards)) {
        tell(shard, { kind: 'alerts', version, alerts: [{ alert, groups: null, stays: [] }] });
      }
    },
    configure(version: number, configuration: Configuration, earliest?: number): void {
      const order = [...all.keys()].toSorted(
        (one, other) => Number(other === earliest) - Number(one === earliest),
      );
      for (const shard of order) tell(shard, { kind: 'configuration', version, configuration });
    },
    advance(toMs: number): void {
      for (;;) {
        const soonest = Math.min(...all.map(({ wakeAtMs }) => wakeAtMs ?? Infinity));
        if (soonest > toMs) break;
        nowMs = Math.max(nowMs, soonest);
        for (const [shard, { wakeAtMs }] of all.entries()) {
          if (wakeAtMs !== null && wakeAtMs <= nowMs) tell(shard, { kind: 'time' });
        }
      }
      nowMs = toMs;
    },
  };
}
