import { expect, test } from 'vitest';
import { newShard, step } from '../../../src/domain/alerting/shard.ts';
import { carried, restored } from '../../../src/domain/alerting/shard-codec.ts';
import type { ShardEvent, ShardState } from '../../../src/domain/alerting/shard-state.ts';
import { changesAt, isIn } from '../../../src/domain/alerting/time-interval.ts';
import { configuration } from './configurations.ts';

const CLOCKS = { isIn, changesAt };
const CONFIGURATION = configuration(`
route: { receiver: ops, group_wait: 1s, group_interval: 10s }
receivers: { ops: { channels: [chat] } }`);
const FOR_EVER_MS = 9_000_000;

const says = (endsAtMs: number, updatedAtMs: number): ShardEvent => ({
  ...{ kind: 'alerts', version: 1 },
  alerts: [
    {
      alert: {
        ...{ labels: { alertname: 'Down' }, annotations: {}, generatorUrl: null, startsAtMs: 0 },
        ...{ endsAtMs, isTimeout: false, updatedAtMs },
      },
      ...{ groups: null, stays: [] },
    },
  ],
});

/** The first page of a group has come to such an end, and its alert is over since. */
function afterEnd(end: { readonly hasArrived: boolean; readonly mayHaveArrived: boolean }) {
  const from = { shard: 0, shards: 1, version: 1, configuration: CONFIGURATION };
  let state: ShardState = newShard({ ...from, bytesLimit: 1_000_000 }, 0, CLOCKS);
  const play = (event: ShardEvent, atMs: number) => {
    const stepped = step(state, event, atMs, CLOCKS);
    ({ state } = stepped);
    return stepped.outcome.pages;
  };
  play(says(FOR_EVER_MS, 1), 1);
  const [page] = play({ kind: 'time' }, 1001);
  play({ kind: 'paged', pages: [{ key: page?.key ?? '', ...end }] }, 2000);
  play(says(3000, 3000), 3000);
  const text = JSON.stringify(carried(state));
  state = restored(JSON.parse(text), CONFIGURATION);
  return play({ kind: 'time' }, 11_001).map(({ reason, resolved }) => [reason, resolved.length]);
}

test('whoever may have been told that an alert fires is told that it is over', () => {
  expect(afterEnd({ hasArrived: false, mayHaveArrived: true })).toEqual([['all_resolved', 1]]);
  expect(afterEnd({ hasArrived: true, mayHaveArrived: false })).toEqual([['all_resolved', 1]]);
});

test('whoever has not been told of an alert is not told of its end', () => {
  expect(afterEnd({ hasArrived: false, mayHaveArrived: false })).toEqual([]);
});
