import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AlertStore } from '../../../src/domain/alerting/alert-store.ts';
import { received } from '../../../src/domain/alerting/alert.ts';
import { fingerprint } from '../../../src/domain/alerting/fingerprint.ts';
import { CLOCKS_APART_MS } from '../../../src/domain/alerting/last-message.ts';
import { SCHEMA_VERSION } from '../../../src/providers/alert-store/unavailable.ts';
import { expectAsModel } from './as-model.ts';
import { MINUTE, NOW, firing, keyOf, over } from './messages.ts';

/** A database of one test: empty, and gone after it. */
export interface StoreSubject {
  /** One more process, so to speak, that uses the same database. */
  open(): AlertStore;
  /** Runs a statement beside them. */
  run(sql: string): Promise<void>;
  close(): Promise<void>;
}

/** What every store of last messages keeps of its promises. */
export function storeContract(name: string, subject: () => Promise<StoreSubject>): void {
  describe(`the store of last messages in ${name}`, () => {
    let under: StoreSubject;
    let store: AlertStore;
    const opened: AlertStore[] = [];
    const open = (): AlertStore => {
      const one = under.open();
      opened.push(one);
      return one;
    };
    beforeEach(async () => {
      under = await subject();
      store = open();
    });
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
      await under.close();
    });

    test('only what says nothing new is noted, and outlives who has noted it', async () => {
      expect(await store.note([firing('a')], NOW)).toEqual([true]);
      expect(await store.note([firing('a')], NOW)).toEqual([true]);
      await store.delivered([firing('a')], NOW);
      const again = firing('a', NOW + MINUTE);
      const mixed = [again, firing('b', NOW + MINUTE), again, over('a', NOW + MINUTE)];
      expect(await store.note(mixed, NOW + MINUTE)).toEqual([false, true, false, true]);
      await store.close();
      const next = open();
      const ends = await next.endsOf([keyOf('a'), keyOf('b')], NOW + MINUTE);
      expect([...ends]).toEqual([[keyOf('a'), NOW + 6 * MINUTE]]);
      const [only] = await next.firing(NOW + MINUTE);
      expect(only).toEqual({ ...again, startsAtMs: NOW });
    });

    test('any messages in any order come to what they do one by one', async () => {
      await expectAsModel(store, 60);
    });

    test('what was over when its end was asked for is news, until that has been delivered', async () => {
      await store.delivered([firing('a')], NOW);
      const later = NOW + 5 * MINUTE;
      expect(await store.endsOf([keyOf('a')], later)).toEqual(new Map([[keyOf('a'), later]]));
      // A process whose clock is late.
      const message = firing('a', later - 20_000);
      expect(await store.note([message], later - 20_000)).toEqual([true]);
      const next = firing('a', later + 1);
      expect(await open().note([next], later + 1)).toEqual([true]);
      await store.delivered([next], later + 1);
      expect(await store.note([firing('a', later + 2)], later + 2)).toEqual([false]);
    });

    test('an older message takes back no newer one', async () => {
      await store.delivered([over('a', NOW + MINUTE)], NOW + MINUTE);
      await store.delivered([firing('a')], NOW + MINUTE);
      expect(await store.endsOf([keyOf('a')], NOW)).toEqual(new Map([[keyOf('a'), NOW + MINUTE]]));
    });

    test('what is forgotten is news, and its end is still known', async () => {
      await store.delivered([firing('a'), firing('b')], NOW);
      await store.forget([keyOf('a'), keyOf('never seen')], NOW);
      const later = NOW + MINUTE;
      const again = [firing('a', later), firing('b', later)];
      expect(await store.note(again, later)).toEqual([true, false]);
      const ends = await store.endsOf([keyOf('a'), keyOf('never seen')], later);
      expect([...ends.keys()]).toEqual([keyOf('a')]);
      await store.delivered(again, later);
      expect(await store.note([firing('a', later + 1)], later + 1)).toEqual([false]);
    });

    test('what is forgotten is news though its delivery is told only then, and is pruned in the end', async () => {
      await store.delivered([firing('a')], NOW);
      const later = NOW + MINUTE;
      const posted = [firing('a', later, { annotations: { why: 'b' } }), firing('new', later)];
      expect(await store.note(posted, later)).toEqual([true, true]);
      // By a clock that is behind.
      const behind = later - CLOCKS_APART_MS;
      await store.forget([keyOf('a'), keyOf('new'), keyOf('never told')], behind);
      await store.delivered(posted, later);
      expect(await store.note(posted, later + MINUTE)).toEqual([true, true]);
      expect(await store.prune(behind)).toBe(0);
      expect(await store.prune(behind + 1)).toBe(1);
    });

    test('what fires is read in pages, each alert once', async () => {
      const names = Array.from({ length: 25 }, (_, at) => `alert-${at}`);
      await store.delivered([...names.map((one) => firing(one)), over('gone')], NOW);
      const seen: string[] = [];
      for (let after: string | undefined; ;) {
        const page = await store.firing(NOW, after, 10);
        if (page.length === 0) break;
        seen.push(...page.map(({ labels }) => labels.alertname ?? ''));
        after = page.map(({ labels }) => fingerprint(labels)).at(-1);
      }
      expect(seen.toSorted()).toEqual(names.toSorted());
      expect(await store.firing(NOW + 5 * MINUTE)).toEqual([]);
    });

    test('the last signal of a heartbeat stands', async () => {
      await store.beat(['a', 'b', 'a'], NOW);
      await store.beat(['a'], NOW - 5);
      await open().beat(['b'], NOW + 5);
      expect(await store.beatsOf(['a', 'b', 'c'])).toEqual(
        new Map([
          ['a', NOW],
          ['b', NOW + 5],
        ]),
      );
    });

    test('what has been over for long is pruned, thousands at a time', async () => {
      const gone = Array.from({ length: 4500 }, (_, at) => over(`gone-${at}`));
      await store.delivered([...gone, firing('a')], NOW);
      expect(await store.prune(NOW)).toBe(0);
      expect(await store.prune(NOW + 1)).toBe(gone.length);
      expect(await store.firing(NOW)).toHaveLength(1);
    });

    test('hostile texts come back as they were', async () => {
      const annotations = {
        nul: 'a\u0000b',
        half: 'a\ud800b\udc00',
        quotes: `'"\\'; DROP TABLE belay_last_messages; --$1\n{}`,
        wide: '💥ß\u2028',
        long: '\u0001'.repeat(32_000),
      };
      const labels = { alertname: 'x\'\u0000"', ['__proto__\u0000']: '\ud800' };
      const alert = received({ labels, annotations, generatorUrl: '\u0000' }, NOW, 5 * MINUTE);
      await store.delivered([alert], NOW);
      expect(await store.firing(NOW)).toEqual([alert]);
      expect(await store.note([alert], NOW)).toEqual([false]);
      await store.beat(["'; --"], NOW);
      expect((await store.beatsOf(["'; --"])).size).toBe(1);
    });

    test('what is larger than any alert may be is not kept, and so always news', async () => {
      await store.delivered([firing('a')], NOW);
      const large = firing('a', NOW, { annotations: { text: 'x'.repeat(600_000) } });
      await store.delivered([large], NOW);
      expect(await store.note([large, firing('a')], NOW)).toEqual([true, true]);
      expect(await store.firing(NOW)).toEqual([]);
    });

    test('two at once, of whom each posts the same alerts, write every one and wait in no ring', async () => {
      const other = open();
      const batch = Array.from({ length: 200 }, (_, at) => firing(`alert-${at}`));
      const back = batch.toReversed();
      const keys = batch.map(({ labels }) => fingerprint(labels));
      for (let round = 0; round < 5; round += 1) {
        await Promise.all([
          store.delivered(batch, NOW),
          other.delivered(back, NOW),
          store.note(back, NOW),
          other.note(batch, NOW),
          store.endsOf(keys, NOW),
          other.forget(keys.toReversed(), NOW),
        ]);
      }
      expect(await store.firing(NOW)).toHaveLength(batch.length);
    });

    test('a database of a newer Belay is refused', async () => {
      await store.beat([], NOW);
      await under.run(`UPDATE belay_alert_schema SET version = ${SCHEMA_VERSION + 1}`);
      await expect(open().note([firing('a')], NOW)).rejects.toMatchObject({
        code: 'AlertStoreUnavailable',
        message: expect.stringContaining(`version ${SCHEMA_VERSION + 1}`),
      });
    });

    test('one that is closed says so', async () => {
      await store.close();
      await expect(store.note([firing('a')], NOW)).rejects.toMatchObject({
        code: 'AlertStoreUnavailable',
      });
    });
  });
}
