import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import { type IncidentRig, startIncidentRig } from '../support/incident-rig.ts';
import { ADA, NIGHT, nightWith } from '../support/night.ts';

const MINUTE = 60_000;
let rig: IncidentRig;

beforeAll(async () => {
  rig = await startIncidentRig();
});

beforeEach(() => {
  rig.use(NIGHT);
});

afterEach(async () => {
  await rig.clear();
});

afterAll(async () => {
  await rig?.close();
});

/** Who was paged by what, and how many minutes after the first page. */
function paged(id: string): readonly string[] {
  const pages = rig.pagesOf(id);
  const beganMs = pages[0]?.atMs ?? 0;
  return pages.map(({ channel, page, atMs }) => {
    const minute = Math.round((atMs - beganMs) / MINUTE);
    return `${minute} ${channel}${page.who === undefined ? '' : ` ${page.who}`}`;
  });
}

test('level after level, round after round, then the last resort, and it fails', async () => {
  const id = await rig.open();
  await expect(rig.end(id)).rejects.toMatchObject({
    cause: { type: 'NeverAcknowledged', message: expect.stringContaining('2 round(s)') },
  });
  const all = paged(id);
  expect(all.slice(0, 2).toSorted()).toEqual(['0 chat ada', '0 pager ada']);
  expect(all[2]).toBe('5 pager bob');
  expect(all.slice(3, 5).toSorted()).toEqual(['15 chat ada', '15 pager ada']);
  expect(all.slice(5)).toEqual(['20 pager bob', '30 siren']);
  expect(await rig.client.incidents.show(id)).toMatchObject({ status: 'never_acknowledged' });
});

test('go_on begins all of it again after the last resort', async () => {
  rig.use(nightWith({ on_exhausted: 'go_on', repeat: 0 }));
  const id = await rig.open();
  await rig.pass(40 * MINUTE);
  await rig.client.incidents.steer(id, 'resolve', ADA);
  await rig.end(id);
  expect(paged(id).filter((one) => !one.includes('chat'))).toEqual([
    ...['0 pager ada', '5 pager bob', '15 siren', '15 pager ada', '20 pager bob', '30 siren'],
    ...['30 pager ada', '35 pager bob'],
  ]);
});

test('an acknowledgement ends the paging; the second is told who was first', async () => {
  const id = await rig.open();
  await rig.until(id, ({ ledger }) => ledger.every(({ state }) => state === 'accepted'));
  const answer = await rig.client.incidents.acknowledge(id, { ...ADA, requestId: 'first' });
  expect(answer).toEqual({ kind: 'acknowledged', status: 'acknowledged', inFlight: [] });
  await expect(
    rig.client.incidents.acknowledge(id, { who: 'bob', why: 'me too' }),
  ).rejects.toMatchObject({
    code: 'AlreadyAcknowledged',
    message: expect.stringMatching(/ada was first at .*I look at it/),
  });
  // The same request once more, as of a caller that heard no answer.
  expect(await rig.client.incidents.acknowledge(id, { ...ADA, requestId: 'first' })).toEqual(
    answer,
  );
  await rig.pass(24 * 60 * MINUTE);
  expect(rig.pagesOf(id)).toHaveLength(2);
  await rig.client.incidents.steer(id, 'resolve', ADA);
  expect(await rig.end(id)).toMatchObject({
    ...{ status: 'resolved', acknowledgedBy: { by: 'ada' }, resolvedBy: { by: 'ada' } },
    pages: { accepted: 2, failed: 0, unknown: 0, called_off: 0 },
  });
  const updates = rig.received.filter(
    ({ kind, page }) => kind === 'update' && page.incident.id === id,
  );
  expect(updates.map(({ channel, page }) => `${channel} ${page.action}`).toSorted()).toEqual([
    ...['chat acknowledge', 'chat resolve', 'pager acknowledge', 'pager resolve'],
  ]);
});

test('by a signal alone as well', async () => {
  const id = await rig.open();
  await rig.until(id, ({ level }) => level === 1);
  await rig.signal(id, 'ack', { ...ADA, requestId: `${id}-signal` });
  await rig.until(id, ({ status }) => status === 'acknowledged');
  await rig.pass(24 * 60 * MINUTE);
  expect(rig.pagesOf(id)).toHaveLength(2);
});

test('acknowledged but not resolved in time: it begins again', async () => {
  rig.use(nightWith({ ack_timeout: '1h' }));
  const id = await rig.open();
  await rig.until(id, ({ level }) => level === 1);
  await rig.client.incidents.acknowledge(id, ADA);
  await rig.pass(62 * MINUTE);
  expect(paged(id).slice(2).toSorted()).toEqual(['60 chat ada', '60 pager ada']);
  expect(await rig.client.incidents.show(id)).toMatchObject({ status: 'triggered' });
});

test('a snooze is quiet for its time, then it begins again', async () => {
  const id = await rig.open();
  await rig.until(id, ({ level }) => level === 1);
  await rig.client.incidents.steer(id, 'snooze', { ...ADA, forMs: 2 * 60 * MINUTE });
  await rig.pass(122 * MINUTE);
  expect(paged(id).slice(2).toSorted()).toEqual(['120 chat ada', '120 pager ada']);
});

test('unacknowledged, it begins again at once', async () => {
  const id = await rig.open();
  await rig.until(id, ({ level }) => level === 1);
  await rig.client.incidents.acknowledge(id, ADA);
  await rig.client.incidents.steer(id, 'unacknowledge', ADA);
  await rig.until(id, ({ ledger }) => ledger.filter(({ level }) => level === 1).length === 4);
  await expect.poll(() => paged(id).slice(2).toSorted()).toEqual(['0 chat ada', '0 pager ada']);
});

test('reassigned, the other one is paged, and then the policy goes on', async () => {
  const id = await rig.open();
  await rig.until(id, ({ level }) => level === 1);
  await rig.client.incidents.steer(id, 'reassign', {
    ...ADA,
    targets: [{ kind: 'person', name: 'bob' }],
  });
  await rig.pass(6 * MINUTE);
  const after = paged(id).slice(2);
  expect(after[0]).toBe('0 pager bob');
  expect(after.slice(1).toSorted()).toEqual(['5 chat ada', '5 pager ada']);
});

test('escalated by a person, the next level begins at once', async () => {
  const id = await rig.open();
  await rig.until(id, ({ level }) => level === 1);
  await rig.client.incidents.steer(id, 'escalate_now', ADA);
  await rig.until(id, ({ level }) => level === 2);
  await rig.pass(MINUTE);
  expect(paged(id).slice(2)).toEqual(['0 pager bob']);
});

test('moved to another policy, it begins with that one', async () => {
  rig.use({
    ...NIGHT,
    policies: {
      ...NIGHT.policies,
      loud: { levels: [{ targets: [{ channel: 'siren' }, { channel: 'chat' }] }] },
    },
  });
  const id = await rig.open();
  await rig.until(id, ({ level }) => level === 1);
  await rig.client.incidents.steer(id, 'change_policy', { ...ADA, policy: 'loud' });
  await rig.pass(MINUTE);
  expect(paged(id).slice(2).toSorted()).toEqual(['0 chat', '0 siren']);
  expect(await rig.client.incidents.show(id)).toMatchObject({ policy: 'loud', level: 1 });
  await expect(
    rig.client.incidents.steer(id, 'change_policy', { ...ADA, policy: 'none-such' }),
  ).rejects.toMatchObject({ message: expect.stringContaining('no policy none-such') });
});

test('a policy is kept as it was; how people are reached is looked up anew', async () => {
  const id = await rig.open();
  await rig.until(id, ({ level }) => level === 1);
  rig.use({
    ...NIGHT,
    people: { ...NIGHT.people, bob: { contacts: { phone: { channel: 'mail', to: 'bob@x.org' } } } },
    policies: { night: { levels: [{ wait: '1h', targets: [{ channel: 'siren' }] }] } },
  });
  await rig.pass(6 * MINUTE);
  expect(paged(id).slice(2)).toEqual(['5 mail bob']);
});

test('a policy that is not there pages the last resort', async () => {
  const id = await rig.open({ policy: 'nigth' });
  await expect(rig.end(id)).rejects.toMatchObject({ cause: { type: 'NeverAcknowledged' } });
  expect(paged(id).slice(0, 3)).toEqual(['0 siren', '5 siren', '10 siren']);
  const { warnings } = await rig.client.incidents.show(id);
  expect(warnings[0]).toMatch(/no policy nigth .*it has: night/);
});

test('without a paging file it waits for one', async () => {
  rig.use(undefined);
  const id = await rig.open();
  await rig.until(id, ({ warnings }) => warnings.length > 0);
  rig.use(NIGHT);
  await rig.pass(MINUTE);
  expect(paged(id).toSorted()).toEqual(['0 chat ada', '0 pager ada']);
});

test('a level that reaches nobody is not waited for', async () => {
  const id = await rig.open();
  await rig.until(id, ({ level }) => level === 1);
  rig.use({
    ...NIGHT,
    people: { ada: NIGHT.people.ada, bob: {} },
    policies: { night: { levels: [{ targets: [{ person: 'ada' }] }] } },
  });
  await rig.pass(6 * MINUTE);
  expect(paged(id).slice(2).toSorted()).toEqual(['5 chat ada', '5 pager ada']);
  const { warnings } = await rig.client.incidents.show(id);
  expect(warnings).toContainEqual(expect.stringMatching(/^level 2: /));
});

test('a channel that fails is tried again, then its fallback is used; none waits for it', async () => {
  const refused = new Failure('PageUndelivered', 'the pager does not answer');
  rig.fail('pager', { failure: refused, when: 'before' }, 1000);
  const id = await rig.open();
  await rig.until(id, ({ ledger }) => ledger.some(({ state }) => state === 'accepted'));
  expect(paged(id)).toEqual(['0 chat ada']);
  await rig.pass(7 * MINUTE);
  expect(paged(id)).toContain('5 mail');
  const { ledger } = await rig.client.incidents.show(id);
  const failed = ledger.find(({ channel, level }) => channel === 'pager' && level === 1);
  expect(failed).toMatchObject({ state: 'failed' });
  expect(failed?.attempts.length).toBeGreaterThan(3);
  expect(failed?.attempts.every(({ outcome }) => outcome === 'failed')).toBe(true);
});

test('what may have arrived is sent again with its key, and says so', async () => {
  const cut = new Failure('PageUndelivered', 'the connection was cut', { isUnknown: true });
  rig.fail('chat', { failure: cut, when: 'after' });
  const id = await rig.open();
  await rig.until(id, ({ ledger }) =>
    ledger.some(({ channel, state }) => channel === 'chat' && state === 'accepted'),
  );
  const [first, second] = rig.pagesOf(id).filter(({ channel }) => channel === 'chat');
  expect(second?.page.dedupKey).toBe(first?.page.dedupKey);
  expect([first?.page.maybeRepeated, second?.page.maybeRepeated]).toEqual([false, true]);
  const { ledger } = await rig.client.incidents.show(id);
  expect(ledger.find(({ channel }) => channel === 'chat')?.attempts).toMatchObject([
    { attempt: 1, outcome: 'unknown', text: 'the connection was cut' },
    { attempt: 2, outcome: 'accepted' },
  ]);
});

const CHAT_ALONE = { levels: [{ wait: '5m', targets: [{ channel: 'chat' }] }] };

test('what began while Temporal could not be told is sent again, and says so', async () => {
  rig.use(nightWith(CHAT_ALONE));
  const failure = new Failure('PageUndelivered', 'the channel has a fault');
  rig.fail('chat', { failure, when: 'after' });
  rig.loseAttempts(2);
  const id = await rig.open();
  const { ledger } = await rig.until(id, (view) => view.ledger[0]?.state === 'accepted');
  expect(rig.pagesOf(id).map(({ page }) => page.maybeRepeated)).toEqual([false, true]);
  expect(ledger[0]?.attempts).toMatchObject([
    { attempt: 1, outcome: 'unknown', text: expect.stringMatching(/^nothing has been heard/) },
    { attempt: 2, outcome: 'accepted' },
  ]);
});

test('a page that may have arrived is known of when it is called off before its next try', async () => {
  rig.use(nightWith(CHAT_ALONE));
  const cut = new Failure('PageUndelivered', 'the connection was cut', { isUnknown: true });
  rig.fail('chat', { failure: cut, when: 'after' });
  const id = await rig.open();
  const { ledger: before } = await rig.until(id, ({ ledger }) => ledger[0]?.attempts.length === 1);
  expect(before[0]?.state).toBe('sending');
  await rig.client.incidents.acknowledge(id, ADA);
  const { ledger } = await rig.until(id, (view) => view.ledger[0]?.state !== 'sending');
  expect(ledger).toMatchObject([
    {
      ...{ state: 'unknown', shown: 'acknowledge', handle: ledger[0]?.key },
      attempts: [{ attempt: 1, outcome: 'unknown', text: 'the connection was cut' }],
    },
  ]);
  await rig.pass(24 * 60 * MINUTE);
  const shown = rig.received.filter(({ page }) => page.incident.id === id);
  expect(shown.map(({ kind, page }) => `${kind} ${page.action}`)).toEqual([
    ...['send trigger', 'update acknowledge'],
  ]);
});

test('one that may have arrived ends as unknown, whatever its later tries say', async () => {
  rig.use(nightWith({ ...CHAT_ALONE, send_for: '1m' }));
  const cut = new Failure('PageUndelivered', 'the connection was cut', { isUnknown: true });
  rig.fail('chat', { failure: cut, when: 'after' });
  rig.fail('chat', { failure: new Failure('PageUndelivered', 'refused'), when: 'before' }, 1000);
  const id = await rig.open();
  await rig.until(id, ({ ledger }) => ledger[0]?.attempts.length === 1);
  await rig.pass(2 * MINUTE);
  const { ledger, warnings } = await rig.client.incidents.show(id);
  expect(ledger[0]).toMatchObject({ state: 'unknown', handle: ledger[0]?.key });
  expect(ledger[0]?.attempts[0]).toMatchObject({ attempt: 1, outcome: 'unknown' });
  expect(warnings).toMatchObject([expect.stringContaining('chat was not paged')]);
});

test('what only waited for its channel says nothing of an attempt before', async () => {
  rig.use(nightWith(CHAT_ALONE));
  rig.limit('chat', { perSecond: 2, burst: 1 });
  await rig.open();
  const second = await rig.open();
  const { ledger } = await rig.until(second, (view) => view.ledger[0]?.state === 'accepted');
  expect(rig.pagesOf(second).map(({ page }) => page.maybeRepeated)).toEqual([false]);
  expect(ledger[0]?.attempts).toMatchObject([{ attempt: 1, outcome: 'accepted' }]);
});

test('the answer to an acknowledgement lists what is in flight; a retry is called off', async () => {
  const release = rig.hold('chat');
  const refused = new Failure('PageUndelivered', 'the pager does not answer');
  rig.fail('pager', { failure: refused, when: 'before' }, 1000);
  const id = await rig.open();
  await rig.until(id, ({ ledger }) => ledger.length === 2);
  await expect.poll(() => rig.pagesOf(id).length).toBe(1);
  const answer = await rig.client.incidents.acknowledge(id, ADA);
  expect(answer).toMatchObject({ inFlight: ['chat/ada.chat'] });
  release();
  await rig.until(id, ({ ledger }) =>
    ledger.every(({ state }) => state === 'accepted' || state === 'called_off'),
  );
  await rig.pass(24 * 60 * MINUTE);
  expect(rig.pagesOf(id)).toHaveLength(1);
});

test('an attempt that a worker has taken, but not begun, is called off and no failure', async () => {
  const attempts = rig.holdAttempts();
  const id = await rig.open();
  await expect.poll(attempts.count).toBe(2);
  const answer = await rig.client.incidents.acknowledge(id, ADA);
  expect(answer).toMatchObject({ inFlight: ['pager/ada.phone', 'chat/ada.chat'] });
  attempts.release();
  const { warnings } = await rig.until(id, ({ ledger }) =>
    ledger.every(({ state }) => state === 'called_off'),
  );
  expect(warnings).toEqual([]);
  expect(rig.pagesOf(id)).toEqual([]);
});

test('the same key is the same incident while it is open', async () => {
  const key = 'checkout/down';
  const first = await rig.client.incidents.open({
    ...{ policy: 'night', title: 'down', who: 'probe', why: 'it fails', key },
  });
  const second = await rig.client.incidents.open({
    ...{ policy: 'night', title: 'down', who: 'probe', why: 'it fails', key },
  });
  expect([first.isNew, second]).toEqual([true, { id: first.id, isNew: false }]);
  // Its first task, and perhaps its first page, are still under way.
  await rig.client.incidents.steer(first.id, 'resolve', ADA);
  await rig.end(first.id);
  const third = await rig.open({ key });
  expect(third).toBe(first.id);
  await rig.until(third, ({ level }) => level === 1);
});
