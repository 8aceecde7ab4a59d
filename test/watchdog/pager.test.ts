import { afterEach, describe, expect, test } from 'vitest';
import { alarmKey } from '../../src/domain/watchdog/alarm-page.ts';
import { ALARM, type PagerRig, startPagerRig } from '../support/pager-rig.ts';

const WATCHING = { namespace: 'default', address: 'localhost:7233' };
const KEY = alarmKey(WATCHING, ALARM);
const AGAIN = { ...ALARM, round: 2, pagedAtMs: 961_000 };
const OTHER = { ...ALARM, key: 'overdue/belay', condition: 'overdue' } as const;

let rig: PagerRig;
afterEach(() => rig?.close());

const inSlack = (): readonly string[] => rig.slack.shown.map(({ content }) => content.text);
const inPagerDuty = () => rig.pagerDuty.shown.map(({ dedupKey, status }) => [dedupKey, status]);
const accepted = (channel: string): number =>
  rig.attempts.filter((one) => one.channel === channel && one.outcome === 'accepted').length;
const failed = (channel: string): number =>
  rig.attempts.filter((one) => one.channel === channel && one.outcome !== 'accepted').length;

const NEWS = 'CRITICAL: Belay: no worker takes tasks from belay';
const END = 'RESOLVED: Belay: no worker takes tasks from belay';

describe('every channel of last_resort', () => {
  test('is told once in a round, again in the next one, and of the end', async () => {
    rig = await startPagerRig(['bot', 'hook', 'pager']);
    for (let look = 0; look < 3; look += 1) rig.pager.show([ALARM]);
    await expect.poll(() => rig.attempts.length).toBe(3);
    rig.pager.show([ALARM]);
    expect(inSlack()).toEqual([NEWS, NEWS]);
    expect(inPagerDuty()).toEqual([[KEY, 'triggered']]);
    expect(rig.pager.untold()).toEqual([]);

    rig.pager.show([AGAIN]);
    await expect.poll(() => rig.attempts.length).toBe(6);
    expect(inSlack()).toEqual([NEWS, NEWS, NEWS, NEWS]);
    expect(rig.pagerDuty.shown).toMatchObject([{ dedupKey: KEY, repeats: 1 }]);

    rig.pager.show([]);
    await expect.poll(() => rig.attempts.length).toBe(9);
    // A bot changes both of its messages, a webhook can only send one more.
    expect(inSlack().toSorted()).toEqual([NEWS, NEWS, END, END, END]);
    expect(inPagerDuty()).toEqual([[KEY, 'resolved']]);
    expect([rig.slack.problems, rig.pagerDuty.problems]).toEqual([[], []]);
  });

  test('is told of each alarm by itself', async () => {
    rig = await startPagerRig(['pager']);
    rig.pager.show([ALARM, OTHER]);
    await expect.poll(() => accepted('pager')).toBe(2);
    rig.pager.show([OTHER]);
    const all = [
      [KEY, 'resolved'],
      [alarmKey(WATCHING, OTHER), 'triggered'],
    ];
    await expect.poll(() => inPagerDuty().toSorted()).toEqual(all.toSorted());
  });

  test('has no button, as there is nothing that could be acknowledged', async () => {
    rig = await startPagerRig(['bot']);
    rig.pager.show([ALARM]);
    await expect.poll(() => accepted('bot')).toBe(1);
    expect(rig.slack.shown[0]?.content.blocks.map(({ type }) => type)).not.toContain('actions');
  });

  test('that comes to it later is told as well, and one that goes is left alone', async () => {
    rig = await startPagerRig(['bot']);
    rig.pager.show([ALARM]);
    await expect.poll(() => accepted('bot')).toBe(1);
    rig.write(['pager']);
    rig.pager.show([ALARM]);
    await expect.poll(() => accepted('pager')).toBe(1);
    rig.pager.show([]);
    await expect.poll(() => inPagerDuty()).toEqual([[KEY, 'resolved']]);
    expect(inSlack()).toEqual([NEWS]);
  });
});

describe('a channel', () => {
  const answer = (status: number, headers: Record<string, string> = {}) =>
    ({ kind: 'answer', status, headers, body: 'no' }) as const;

  test.each([
    ['answers with 500', answer(500)],
    ['refuses', answer(403)],
    ['hangs', { kind: 'silent', when: 'before' }],
    ['cuts the connection', { kind: 'cut', when: 'before' }],
    ['talks no HTTP', { kind: 'noise' }],
  ] as const)('that %s delays no other, and is tried until it takes the page', async (_, how) => {
    rig = await startPagerRig(['hook', 'pager']);
    rig.slack.misbehave(how, 4);
    rig.pager.show([ALARM]);
    await expect.poll(() => accepted('pager')).toBe(1);
    expect(accepted('hook')).toBe(0);
    await expect.poll(() => failed('hook')).toBeGreaterThan(0);
    expect(rig.pager.channels()).toMatchObject([
      { name: 'hook', isUp: false },
      { name: 'pager', isUp: true },
    ]);
    await expect.poll(() => accepted('hook')).toBe(1);
    expect(failed('hook')).toBe(4);
    expect(inSlack()).toHaveLength(1);
    expect(rig.pager.channels().map(({ isUp }) => isUp)).toEqual([true, true]);
  });

  test('that asks for time is left alone for so long, by every alarm', async () => {
    rig = await startPagerRig(['hook', 'pager']);
    rig.slack.misbehave(answer(429, { 'retry-after': '2' }), 2);
    const fromMs = performance.now();
    rig.pager.show([ALARM]);
    await expect.poll(() => failed('hook')).toBe(1);
    rig.pager.show([ALARM, OTHER]);
    await expect.poll(() => accepted('pager')).toBe(2);
    await expect.poll(() => accepted('hook')).toBe(2);
    expect(performance.now() - fromMs).toBeGreaterThan(3900);
    expect(failed('hook')).toBe(2);
  });

  test('that may have taken a page says so when it is sent again', async () => {
    rig = await startPagerRig(['bot']);
    rig.slack.misbehave({ kind: 'cut', when: 'after' });
    rig.pager.show([ALARM]);
    await expect.poll(() => accepted('bot')).toBe(1);
    const outcomes = rig.attempts.map(({ outcome, page }) => [outcome, page.maybeRepeated]);
    expect(outcomes).toEqual([
      ['unknown', false],
      ['accepted', true],
    ]);
    expect(new Set(rig.attempts.map(({ page }) => page.dedupKey)).size).toBe(1);
  });

  test('that was not reached before the end hears nothing; one that may have been, hears it', async () => {
    rig = await startPagerRig(['hook', 'pager']);
    // It has said that it took nothing.
    rig.slack.misbehave(answer(403), 2);
    rig.pagerDuty.misbehave({ kind: 'silent', when: 'after' });
    rig.pager.show([ALARM]);
    await expect.poll(() => failed('hook')).toBe(1);
    rig.pager.show([]);
    await expect.poll(() => inPagerDuty()).toEqual([[KEY, 'resolved']]);
    expect(inSlack()).toEqual([]);
    expect(
      rig.attempts.every(({ channel, outcome }) => channel !== 'hook' || outcome === 'failed'),
    ).toBe(true);
  });

  test('that has not been reached shows the present round, not those before', async () => {
    rig = await startPagerRig(['hook']);
    rig.slack.misbehave(answer(500), 3);
    rig.pager.show([ALARM]);
    await expect.poll(() => failed('hook')).toBeGreaterThan(0);
    expect(rig.pager.untold()).toEqual([ALARM]);
    rig.pager.show([AGAIN]);
    await expect.poll(() => accepted('hook')).toBe(1);
    expect(rig.attempts.at(-1)?.page.round).toBe(2);
    expect(inSlack()).toHaveLength(1);
    expect(rig.pager.untold()).toEqual([]);
  });
});

test('a channel is known to be down before it is needed, and to be up once it is mended', async () => {
  rig = await startPagerRig(['bot', 'pager']);
  expect(rig.pager.channels().map(({ isUp }) => isUp)).toEqual([false, false]);
  rig.slack.misbehave({ kind: 'answer', status: 503, headers: {}, body: '' });
  await rig.pager.check();
  expect(rig.pager.channels().map(({ isUp }) => isUp)).toEqual([false, true]);
  await rig.pager.check();
  expect(rig.pager.channels().map(({ isUp }) => isUp)).toEqual([true, true]);
  expect(rig.slack.shown).toEqual([]);
});

test('a pager that is closed calls off what waits', async () => {
  rig = await startPagerRig(['hook']);
  rig.slack.misbehave({ kind: 'answer', status: 429, headers: { 'retry-after': '300' }, body: '' });
  rig.pager.show([ALARM]);
  await expect.poll(() => failed('hook')).toBe(1);
  await rig.pager.close();
  expect(rig.slack.requests).toHaveLength(1);
  expect(rig.pager.untold()).toEqual([ALARM]);
});
