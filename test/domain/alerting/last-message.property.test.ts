import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Alert, isOver, received } from '../../../src/domain/alerting/alert.ts';
import { fingerprint } from '../../../src/domain/alerting/fingerprint.ts';
import {
  type LastMessage,
  CLOCKS_APART_MS,
  askedForEnd,
  deliverMessage,
  forgotten,
  noteMessage,
} from '../../../src/domain/alerting/last-message.ts';
import { newShard, step } from '../../../src/domain/alerting/shard.ts';
import type { Seen, ShardEvent, ShardState } from '../../../src/domain/alerting/shard-state.ts';
import { configuration } from './configurations.ts';

const START = Date.parse('2026-11-26T12:00:00Z');
const SECOND = 1000;
const RESOLVE = 60 * SECOND;
const CLOCKS = { isIn: () => false, changesAt: () => Infinity };
const LABELS = { alertname: 'Down' };
const KEY = fingerprint(LABELS);
const CONFIGURATION = configuration(
  'receivers: { r: { channels: [c] } }\nroute: { receiver: r, group_by: [alertname] }',
);

/** What processes of ingest, the shard and its activity do, each in any order with the others. */
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('post' as const),
      by: fc.nat(1),
      says: fc.constantFrom(
        'fires',
        'fires',
        'fires',
        'fires shortly',
        'over',
        'was over' as const,
      ),
      goes: fc.constantFrom('on', 'over', 'over and dies', 'through', 'through' as const),
    }),
  },
  ...(['hand over', 'deliver', 'die'] as const).map((kind) => ({
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant(kind), which: fc.nat(3) }),
  })),
  ...(['shard', 'refuse', 'forget', 'ask', 'answer'] as const).map((kind) => ({
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant(kind) }),
  })),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('time' as const),
      ms: fc.constantFrom(1, SECOND, 5 * SECOND, 20 * SECOND, 40 * SECOND),
    }),
  },
);
type Act = typeof act extends fc.Arbitrary<infer One> ? One : never;

/** How far the clocks of both processes of ingest, and of the activity, are before the shard's. */
const skew = fc.integer({ min: -CLOCKS_APART_MS / 2, max: CLOCKS_APART_MS / 2 });

interface Post {
  readonly alert: Alert;
  readonly by: number;
  isHandedOver: boolean;
}

function newWorld(skews: readonly [number, number, number]) {
  let nowMs = START;
  let row: LastMessage | undefined;
  let shard: ShardState = newShard(
    { shard: 0, shards: 1, version: 1, configuration: CONFIGURATION, bytesLimit: 1_000_000 },
    nowMs,
    CLOCKS,
  );
  const posts: Post[] = [];
  const inbox: ShardEvent[] = [];
  /** Asked for by the shard; answered by the store, and on the way back. */
  const asks: string[] = [];
  const answers: Seen[] = [];
  /** Of what the shard had no room for. */
  let toForget = 0;
  const clock = (by: number): number => nowMs + (skews[by] ?? 0);

  function take(event: ShardEvent): void {
    const { state, outcome } = step(shard, event, nowMs, CLOCKS);
    shard = state;
    asks.push(...outcome.ask.map(() => KEY));
    // Pages arrive at once: they do not matter here.
    for (const { key } of outcome.pages)
      take({ kind: 'paged', pages: [{ key, hasArrived: true }] });
  }
  function note(alert: Alert, by: number): boolean {
    const noted = noteMessage(row, alert, clock(by));
    row = noted.row;
    return noted.isNews;
  }
  function handOver(post: Post): void {
    post.isHandedOver = true;
    const handed = { alert: post.alert, groups: null, stays: [] };
    inbox.push({ kind: 'alerts', version: 1, alerts: [handed] });
  }
  function perform(one: Act): void {
    const at = 'which' in one ? one.which % Math.max(posts.length, 1) : 0;
    const post = posts[at];
    switch (one.kind) {
      case 'post': {
        const ms = clock(one.by);
        const end = { fires: null, 'fires shortly': 3 * SECOND, over: 0, 'was over': -30 * SECOND }[
          one.says
        ];
        const times = end === null ? {} : { endsAtMs: ms + end };
        const alert = received({ labels: LABELS, ...times }, ms, RESOLVE);
        if (!note(alert, one.by)) return;
        const sent = { alert, by: one.by, isHandedOver: false };
        if (one.goes !== 'on') handOver(sent);
        if (one.goes === 'through') row = deliverMessage(row, alert, clock(one.by));
        if (one.goes === 'on' || one.goes === 'over') posts.push(sent);
        return;
      }
      case 'hand over':
        if (post?.isHandedOver === false) handOver(post);
        return;
      case 'deliver':
        if (post?.isHandedOver !== true) return;
        row = deliverMessage(row, post.alert, clock(post.by));
        posts.splice(at, 1);
        return;
      case 'die':
        posts.splice(at, 1);
        return;
      case 'shard':
        while (inbox.length > 0) take(inbox.shift() ?? { kind: 'time' });
        take({ kind: 'time' });
        return;
      case 'refuse': {
        const [next] = inbox;
        // An end needs no room.
        if (next?.kind !== 'alerts' || next.alerts.some(({ alert }) => isOver(alert, nowMs)))
          return;
        inbox.shift();
        toForget += 1;
        return;
      }
      case 'forget':
        if (toForget > 0) row = forgotten(row, clock(2));
        toForget = Math.max(0, toForget - 1);
        return;
      case 'ask':
        if (asks.pop() === undefined) return;
        if (row !== undefined) row = askedForEnd(row, clock(2));
        answers.push({
          ...{ kind: 'alert', fingerprint: KEY, askedAtMs: clock(2) },
          endsAtMs: row?.alert?.endsAtMs ?? Number.MIN_SAFE_INTEGER,
        });
        return;
      case 'answer': {
        const seen = answers.shift();
        if (seen !== undefined) take({ kind: 'seen', seen: [seen] });
        return;
      }
      case 'time':
        nowMs += one.ms;
        return;
      default:
        one satisfies never;
    }
  }
  return {
    perform,
    /** All that is under way comes to where it goes, but for what has died. */
    settle(): void {
      for (const post of posts) if (!post.isHandedOver) handOver(post);
      while (toForget > 0) perform({ kind: 'forget' });
      while (posts.length > 0) perform({ kind: 'deliver', which: 0 });
      while (inbox.length > 0) perform({ kind: 'shard' });
      while (answers.length > 0) perform({ kind: 'answer' });
    },
    fires: () => shard.alerts.get(KEY)?.isEnded === false,
    /** Whether a message that it fires would be handed over. */
    isNextNews: () =>
      [0, 1].map((by) => note(received({ labels: LABELS }, clock(by), RESOLVE), by)),
    row: () => row,
  };
}

test('what is over for a shard is news at its next message, whatever overlaps and whoever dies', () => {
  let over = 0;
  let quiet = 0;
  fc.assert(
    fc.property(
      fc.tuple(skew, skew, skew),
      fc.array(act, { minLength: 1, maxLength: 40, size: 'max' }),
      (skews, acts) => {
        const world = newWorld(skews);
        for (const one of acts) world.perform(one);
        world.settle();
        const fires = world.fires();
        const [first = true] = world.isNextNews();
        if (!fires) over += 1;
        if (!first) quiet += 1;
        expect(fires || first).toBe(true);
      },
    ),
    { numRuns: 10_000 },
  );
  // Both happen often, or the property would say nothing.
  expect(Math.min(over, quiet)).toBeGreaterThan(200);
});

test('a source that only sends again what fires is news once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: RESOLVE - CLOCKS_APART_MS - 1 }), { minLength: 1 }),
      (pauses) => {
        let nowMs = START;
        const message = (): Alert => received({ labels: LABELS }, nowMs, RESOLVE);
        let row: LastMessage | undefined = deliverMessage(undefined, message(), nowMs);
        for (const ms of pauses) {
          nowMs += ms;
          const noted = noteMessage(row, message(), nowMs);
          expect(noted.isNews).toBe(false);
          row = noted.row;
        }
        expect(row?.alert?.endsAtMs).toBe(nowMs + RESOLVE);
        expect(row?.alert !== null && row !== undefined && isOver(row.alert, nowMs)).toBe(false);
      },
    ),
  );
});
