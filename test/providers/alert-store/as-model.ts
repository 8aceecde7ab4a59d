import * as fc from 'fast-check';
import { expect } from 'vitest';
import { type Alert, received } from '../../../src/domain/alerting/alert.ts';
import type { AlertStore } from '../../../src/domain/alerting/alert-store.ts';
import { fingerprint } from '../../../src/domain/alerting/fingerprint.ts';
import {
  type LastMessage,
  askedForEnd,
  deliverMessage,
  forgotten,
  noteMessage,
} from '../../../src/domain/alerting/last-message.ts';
import { MINUTE, NOW, keyOf } from './messages.ts';

type Named = (name: string) => string;
type Make = (nowMs: number, named: Named) => Alert;

/** By the time when it comes, in a run whose alerts have names of their own. */
const message: fc.Arbitrary<Make> = fc
  .record({
    name: fc.constantFrom('a', 'b'),
    summary: fc.constantFrom('one', 'other'),
    startsAtMs: fc.constantFrom(NOW, NOW, NOW, NOW - MINUTE, NOW + MINUTE),
    endsInMs: fc.constantFrom(undefined, undefined, 5 * MINUTE, 4 * MINUTE, MINUTE, 5000, 0),
    isLate: fc.boolean(),
  })
  .map(({ name, summary, startsAtMs, endsInMs, isLate }) => (nowMs, named) => {
    const atMs = isLate ? nowMs - 12_000 : nowMs;
    const endsAtMs = endsInMs === undefined ? undefined : Math.max(startsAtMs, atMs + endsInMs);
    const labels = { alertname: named(name) };
    return received({ labels, annotations: { summary }, startsAtMs, endsAtMs }, atMs, 5 * MINUTE);
  });

const someMessages = fc.array(message, { maxLength: 2 });
const someNames = fc.subarray(['a', 'b']);
const step = fc.oneof(
  fc.record({ verb: fc.constant('note'), messages: someMessages }),
  fc.record({ verb: fc.constant('delivered'), messages: someMessages }),
  fc.record({ verb: fc.constant('endsOf'), names: someNames }),
  fc.record({ verb: fc.constant('forget'), names: someNames }),
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

type Model = Map<string, LastMessage>;

/** The store answers, and knows at last, what single messages one after the other come to. */
export async function expectAsModel(store: AlertStore, runs: number): Promise<void> {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      run += 1;
      const named: Named = (name) => `${name}${run}`;
      const model: Model = new Map();
      for (const [at, one] of steps.entries()) {
        await take(store, model, one, NOW + at * 5000, named);
      }
      const rows = await store.firing(0, '', 1000);
      for (const [key, { alert }] of model) {
        const row = rows.find(({ labels }) => fingerprint(labels) === key) ?? null;
        expect(row).toEqual(alert);
      }
    }),
    { numRuns: runs },
  );
}

async function take(
  store: AlertStore,
  model: Model,
  one: Step,
  nowMs: number,
  named: Named,
): Promise<void> {
  switch (one.verb) {
    case 'note': {
      const messages = one.messages.map((make) => make(nowMs, named));
      const news = messages.map((each) => {
        const key = fingerprint(each.labels);
        const { isNews, row } = noteMessage(model.get(key), each, nowMs);
        if (row !== undefined) model.set(key, row);
        return isNews;
      });
      expect(await store.note(messages, nowMs)).toEqual(news);
      return;
    }
    case 'delivered': {
      const messages = one.messages.map((make) => make(nowMs, named));
      for (const each of messages) {
        const key = fingerprint(each.labels);
        model.set(key, deliverMessage(model.get(key), each, nowMs));
      }
      await store.delivered(messages, nowMs);
      return;
    }
    case 'endsOf': {
      const keys = one.names.map((name) => keyOf(named(name)));
      const ends = keys.flatMap((key) => {
        const row = model.get(key);
        if (row === undefined || row.alert === null) return [];
        model.set(key, askedForEnd(row, nowMs));
        return [[key, row.alert.endsAtMs] as const];
      });
      expect(await store.endsOf(keys, nowMs)).toEqual(new Map(ends));
      return;
    }
    case 'forget': {
      const keys = one.names.map((name) => keyOf(named(name)));
      for (const key of keys) model.set(key, forgotten(model.get(key), nowMs));
      await store.forget(keys, nowMs);
      return;
    }
    default:
      one satisfies never;
  }
}
