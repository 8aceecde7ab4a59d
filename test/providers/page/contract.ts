import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from '../../../src/domain/paging/page.ts';
import { testPages } from '../../../src/domain/paging/test-pages.ts';
import { HOSTILE, acknowledged, pageOf, resolved } from '../../support/pages.ts';
import { type ChannelSubject, SECRETS, type StartSubject } from './subjects.ts';

const ANSWER_WITHIN_MS = 2000;

/** What every channel promises, whoever is behind it. */
export function channelContract(name: string, start: StartSubject): void {
  describe(`the channel ${name}`, () => {
    const { signal } = new AbortController();
    let subject: ChannelSubject;
    let pages = 0;

    beforeAll(async () => {
      subject = await start({ answerWithinMs: ANSWER_WITHIN_MS, secrets: SECRETS });
    });
    afterAll(() => subject.close());

    /** Of an incident that nobody has heard of yet. */
    function fresh(make: (changes: Partial<Page>) => Page = pageOf): Page {
      pages += 1;
      const page = make({ dedupKey: `incident/${pages}/1/1/ops` });
      return { ...page, incident: { ...page.incident, key: `c0ffee${pages}` } };
    }
    const send = (page: Page) => subject.channel.send(page, signal);
    const failureOf = async (promise: Promise<unknown>): Promise<unknown> =>
      promise.then(
        () => 'it was taken',
        (error: unknown) => error,
      );

    test('shows a page once, as its provider documents, and returns a receipt', async () => {
      const before = subject.shown().length;
      const { receipt, handle } = await send(fresh());
      expect(receipt).toMatch(/^[^\p{Cc}]{1,200}$/u);
      expect(subject.shown()).toHaveLength(before + 1);
      expect(subject.problems()).toEqual([]);
      expect(handle !== undefined).toBe(subject.channel.can.updates);
      expect(Buffer.byteLength(handle ?? '')).toBeLessThanOrEqual(1024);
    });

    test.each([
      ['trigger', pageOf],
      ['acknowledge', acknowledged],
      ['resolve', resolved],
    ] as const)('takes the action %s', async (_, make) => {
      await send(fresh(make));
      expect(subject.problems()).toEqual([]);
    });

    test.each(HOSTILE)('takes %s as text and within the limits', async (_, incident) => {
      const page = fresh();
      const hostile = { ...page, incident: { ...page.incident, ...incident }, who: incident.title };
      await send(hostile);
      await send({ ...hostile, maybeRepeated: true });
      expect(subject.problems()).toEqual([]);
    });

    test('takes the pages of a test and leaves nothing open', async () => {
      const nowMs = 1_795_519_904_254;
      for (const page of testPages({ channel: 'ops', to: undefined, who: 'Ada', id: '7', nowMs })) {
        await send(page);
      }
      expect(subject.problems()).toEqual([]);
    });

    test('a page that is refused is rejected for good and not shown', async () => {
      const before = subject.shown().length;
      const page = fresh();
      const changes = subject.make('refused');
      expect(await failureOf(send({ ...page, ...changes }))).toMatchObject({
        code: 'PageRejected',
        isUnknown: false,
      });
      expect(subject.shown()).toHaveLength(before);
      await send(page);
      expect(subject.shown()).toHaveLength(before + 1);
    });

    test('a page that is refused for now is known to be undelivered', async () => {
      const before = subject.shown().length;
      const page = fresh();
      const changes = subject.make('busy');
      expect(await failureOf(send({ ...page, ...changes }))).toMatchObject({
        code: 'PageUndelivered',
        isUnknown: false,
        ...(subject.spec.type === 'email' ? {} : { retryAfterMs: 7000 }),
      });
      expect(subject.shown()).toHaveLength(before);
    });

    test.each(['taken in silence', 'taken and cut'] as const)(
      'a page that is %s may have arrived, and a repeat is shown as the channel says',
      async (trouble) => {
        const before = subject.shown().length;
        const page = fresh();
        const changes = subject.make(trouble);
        expect(await failureOf(send({ ...page, ...changes }))).toMatchObject({
          code: 'PageUndelivered',
          isUnknown: true,
          retryAfterMs: undefined,
        });
        expect(subject.shown()).toHaveLength(before + 1);
        await send({ ...page, maybeRepeated: true });
        const times = subject.channel.can.dropsRepeats ? 1 : 2;
        expect(subject.shown()).toHaveLength(before + times);
        expect(subject.problems()).toEqual([]);
      },
    );

    test('an answer of another program is no delivery', async () => {
      const page = fresh();
      const changes = subject.make('garbage');
      expect(await failureOf(send({ ...page, ...changes }))).toMatchObject({
        code: 'PageUndelivered',
      });
    });

    test('where nobody listens nothing can have arrived', async () => {
      const expected = { code: 'PageUndelivered', isUnknown: false };
      expect(await failureOf(subject.nobody.send(fresh(), signal))).toMatchObject(expected);
      expect(await failureOf(subject.nobody.check(signal))).toMatchObject(expected);
    });

    test('a call that is called off throws the reason', async () => {
      const calledOff = new AbortController();
      const reason = new Error('the worker ends');
      calledOff.abort(reason);
      expect(await failureOf(subject.channel.send(fresh(), calledOff.signal))).toBe(reason);
    });

    test('says that a page could be sent, and sends none for that', async () => {
      const before = subject.shown();
      expect(await subject.channel.check(signal)).toMatch(/^\S.{5,200}$/);
      expect(subject.shown()).toEqual(before);
    });

    test('shows another status on the same message, where it can', async () => {
      if (!subject.channel.can.updates) {
        expect(await failureOf(subject.channel.update(fresh(), 'x', signal))).toMatchObject({
          code: 'PageRejected',
        });
        return;
      }
      const page = fresh();
      const { handle = '' } = await send(page);
      const after = subject.shown().length;
      for (const make of [acknowledged, resolved]) {
        const changed = make();
        const incident = { ...changed.incident, key: page.incident.key };
        const updated = await subject.channel.update({ ...changed, incident }, handle, signal);
        expect(updated.handle).toBe(handle);
      }
      expect(subject.shown()).toHaveLength(after);
      expect(subject.problems()).toEqual([]);
    });
  });
}
