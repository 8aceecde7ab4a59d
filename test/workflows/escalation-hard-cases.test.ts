import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import { incidentId, incidentKey } from '../../src/domain/escalation/incident-id.ts';
import type { IncidentVerb } from '../../src/domain/escalation/incident.ts';
import { type IncidentRig, startIncidentRig } from '../support/incident-rig.ts';
import { ADA, NIGHT, nightWith } from '../support/night.ts';

const MINUTE = 60_000;
const REFUSED = new Failure('PageUndelivered', 'the channel does not answer');

const PROBE = { who: 'probe', why: 'it fails', requestId: 'z' };
const REPORT = { title: 'a', text: 'b', source: 'c', severity: 'error', labels: {}, links: [] };

let rig: IncidentRig;

beforeAll(async () => {
  rig = await startIncidentRig();
});
beforeEach(() => rig.use(NIGHT));
afterEach(() => rig.clear());
afterAll(() => rig?.close());

const channelsOf = (id: string): readonly string[] =>
  rig.pagesOf(id).map(({ channel, page }) => `${channel} ${page.who ?? ''}`.trim());

/** What was shown on messages that had been sent, in that order. */
const shownOf = (id: string): readonly string[] =>
  rig.received
    .filter(({ kind, page }) => kind === 'update' && page.incident.id === id)
    .map(({ channel, page }) => `${channel} ${page.action}`);

/** Opens one and waits until its first level has been delivered. */
async function paged(): Promise<string> {
  const id = await rig.open();
  await rig.until(
    id,
    ({ level, ledger }) => level === 1 && ledger.every(({ state }) => state === 'accepted'),
  );
  return id;
}

/** An update past the client, as of a caller in another language. */
function update(id: string, verb: IncidentVerb, asked: object): Promise<unknown> {
  const handle = rig.env.client.workflow.getHandle(id);
  return rig.speak(id, () => handle.executeUpdate<unknown, [object]>(verb, { args: [asked] }));
}

test.each([
  ['ack', []],
  ['ack', ['ada']],
  ['ack', [null]],
  ['ack', [{ who: 'ada', why: '', requestId: 7 }]],
  ['resolve-signal', [{}]],
  ['reported', []],
  ['reported', [{ who: 'probe', why: 'it fails', requestId: 'x' }]],
  ['reported', [{ who: 'probe', why: 'it fails', requestId: 'y', report: { title: {} } }]],
  ['reported', [{ ...PROBE, report: { title: 'a', text: 'b', source: 'c' } }]],
  ['reported', [{ ...PROBE, report: { ...REPORT, links: [null] } }]],
  ['reported', [{ ...PROBE, report: { ...REPORT, labels: { service: 7 } } }]],
] as const)('a signal %s of %j changes nothing, and the paging goes on', async (name, args) => {
  const id = await paged();
  await rig.signal(id, name, ...args);
  await rig.pass(6 * MINUTE);
  expect(channelsOf(id).slice(2)).toEqual(['pager bob']);
  const { timeline } = await rig.client.incidents.show(id);
  expect(timeline.map(({ text }) => text)).toContainEqual(expect.stringContaining('means nothing'));
});

test('words that belong to another verb are not looked at', async () => {
  const id = await paged();
  const odd = { ...ADA, targets: null, forMs: 'x', policy: {} };
  await update(id, 'add_note', { ...odd, requestId: 'odd-note' });
  await update(id, 'acknowledge', { ...odd, requestId: 'odd-ack' });
  expect(await rig.client.incidents.show(id)).toMatchObject({ status: 'acknowledged' });
});

test('whoever acknowledges by the request id that opened it is heard', async () => {
  const id = await rig.open({ requestId: 'one-for-all' });
  await rig.client.incidents.acknowledge(id, { ...ADA, requestId: 'one-for-all' });
  const { acknowledgedBy } = await rig.client.incidents.show(id);
  expect(acknowledgedBy).toMatchObject({ by: 'ada' });
});

test('the request id of an acknowledgement names no other verb', async () => {
  const id = await paged();
  const request = { ...ADA, requestId: `${id} one` };
  await rig.client.incidents.acknowledge(id, request);
  expect(await rig.client.incidents.steer(id, 'unacknowledge', request)).toMatchObject({
    status: 'triggered',
  });
  expect(await rig.client.incidents.answer(id, 'resolve', request)).toMatchObject({
    ...{ kind: 'applied', status: 'resolved' },
  });
  expect(await rig.end(id)).toMatchObject({ status: 'resolved' });
});

test('an acknowledgement that is said again later calls nothing off', async () => {
  const id = await paged();
  await rig.client.incidents.acknowledge(id, { ...ADA, requestId: `${id} ack` });
  rig.fail('pager', { failure: REFUSED, when: 'before' }, 3);
  await rig.client.incidents.steer(id, 'unacknowledge', ADA);
  await rig.until(id, ({ ledger }) => ledger.length === 4);
  await update(id, 'acknowledge', { ...ADA, requestId: `${id} ack` });
  await rig.pass(MINUTE);
  const { ledger, status } = await rig.client.incidents.show(id);
  expect(status).toBe('triggered');
  expect(ledger.map(({ state }) => state)).toEqual(Array.from({ length: 4 }, () => 'accepted'));
});

test('an acknowledgement by a signal and by an update is one', async () => {
  const id = await paged();
  await rig.signal(id, 'ack', { ...ADA, requestId: `${id} both` });
  const answer = await rig.client.incidents.acknowledge(id, { ...ADA, requestId: `${id} both` });
  expect(answer).toEqual({ kind: 'acknowledged', status: 'acknowledged', inFlight: [] });
  await expect(
    rig.client.incidents.acknowledge(id, { ...ADA, requestId: `${id} another` }),
  ).rejects.toMatchObject({ code: 'AlreadyAcknowledged' });
});

test('moved before its own policy could be read, it goes by the other one', async () => {
  rig.use(undefined);
  const id = await rig.open();
  await rig.until(id, ({ warnings }) => warnings.length > 0);
  rig.use({
    ...NIGHT,
    policies: { ...NIGHT.policies, loud: { levels: [{ targets: [{ channel: 'chat' }] }] } },
  });
  await rig.client.incidents.steer(id, 'change_policy', { ...ADA, policy: 'loud' });
  await rig.pass(2 * MINUTE);
  expect(channelsOf(id)).toEqual(['chat']);
  expect(await rig.client.incidents.show(id)).toMatchObject({ policy: 'loud', levels: 1 });
});

test('a policy that was not there can be asked for once more by the same request', async () => {
  const id = await paged();
  const request = { ...ADA, requestId: `${id} move`, policy: 'loud' };
  await expect(update(id, 'change_policy', request)).rejects.toThrow();
  rig.use({
    ...NIGHT,
    policies: { ...NIGHT.policies, loud: { levels: [{ targets: [{ channel: 'siren' }] }] } },
  });
  await update(id, 'change_policy', request);
  await rig.until(id, ({ ledger }) => ledger[2]?.state === 'accepted');
  expect(channelsOf(id).slice(2)).toEqual(['siren']);
});

test('while no worker can tell who is paged, people are heard; then the level begins', async () => {
  const id = await paged();
  rig.use(undefined);
  await rig.pass(5 * MINUTE);
  await rig.until(id, ({ warnings }) => warnings.some((text) => text.startsWith('nobody can be')));
  const askedMs = Date.now();
  await rig.client.incidents.steer(id, 'add_note', ADA);
  expect(Date.now() - askedMs).toBeLessThan(3000);
  rig.use(NIGHT);
  await rig.pass(MINUTE);
  expect(channelsOf(id).slice(2)).toEqual(['pager bob']);
});

test('the same for whom it was assigned to', async () => {
  const id = await paged();
  rig.use(undefined);
  const targets = [{ kind: 'person', name: 'bob' }];
  await rig.client.incidents.steer(id, 'reassign', { ...ADA, targets });
  await rig.until(id, ({ warnings }) => warnings.some((text) => text.startsWith('nobody can be')));
  rig.use(NIGHT);
  await rig.pass(MINUTE);
  expect(channelsOf(id).slice(2)).toEqual(['pager bob']);
});

test('go_on with nobody to page tells the last resort once a minute, not all the time', async () => {
  rig.use({ ...nightWith({ on_exhausted: 'go_on' }), people: { ada: {}, bob: {} } });
  const id = await rig.open();
  await rig.pass(5 * MINUTE + 1000);
  expect(channelsOf(id)).toEqual(Array.from({ length: 6 }, () => 'siren'));
});

test('reported once more while its end is being shown, it is a new incident', async () => {
  const key = 'checkout/again';
  const id = await rig.open({ key });
  await rig.until(
    id,
    ({ level, ledger }) => level === 1 && ledger.every(({ state }) => state === 'accepted'),
  );
  rig.fail('chat', { failure: REFUSED, when: 'before' }, 5);
  await rig.client.incidents.steer(id, 'resolve', ADA);
  const again = { policy: 'night', title: 'down again', who: 'probe', why: 'it fails', key };
  expect(await rig.client.incidents.open(again)).toEqual({ id, isNew: false });
  await rig.pass(4 * MINUTE);
  const view = await rig.client.incidents.show(id);
  expect(view).toMatchObject({ status: 'triggered', title: 'down again', level: 1, who: 'probe' });
  expect(channelsOf(id).toSorted()).toEqual(['chat ada', 'chat ada', 'pager ada', 'pager ada']);
  expect(new Set(rig.pagesOf(id).map(({ page }) => page.dedupKey)).size).toBe(4);
});

test('a page that arrives after the acknowledgement shows it', async () => {
  const release = rig.hold('chat');
  const id = await rig.open();
  await expect.poll(() => rig.pagesOf(id).length).toBe(2);
  await rig.client.incidents.acknowledge(id, ADA);
  release();
  await expect
    .poll(() => shownOf(id).toSorted())
    .toEqual(['chat acknowledge', 'pager acknowledge']);
});

test('an older status never comes after a newer one', async () => {
  const id = await paged();
  rig.fail('chat', { failure: REFUSED, when: 'before' }, 2);
  await rig.client.incidents.acknowledge(id, ADA);
  await rig.client.incidents.steer(id, 'resolve', ADA);
  await rig.end(id);
  expect(shownOf(id).filter((one) => one.startsWith('chat'))).toEqual(['chat resolve']);
});

test('what a worker has taken but not begun is called off, and says so', async () => {
  const { release } = rig.holdAttempts();
  const id = await rig.open();
  await rig.until(id, ({ ledger }) => ledger.length === 2);
  const answer = rig.client.incidents.acknowledge(id, ADA);
  await rig.until(id, ({ status }) => status === 'acknowledged');
  release();
  expect(await answer).toMatchObject({ inFlight: [] });
  expect(rig.pagesOf(id)).toEqual([]);
  const { ledger, warnings } = await rig.client.incidents.show(id);
  expect(ledger.map(({ state }) => state)).toEqual(['called_off', 'called_off']);
  expect(warnings).toEqual([]);
});

test('what a worker has much to say about is cut: an incident goes on for days', async () => {
  const names = Array.from({ length: 300 }, (_, at) => `policy-with-a-rather-long-name-${at}`);
  const policies = Object.fromEntries(names.map((name) => [name, NIGHT.policies.night]));
  rig.use({ ...NIGHT, policies });
  const id = await rig.open();
  const { warnings, timeline } = await rig.until(id, (view) => view.warnings.length > 0);
  expect(warnings[0]).toHaveLength(500);
  expect(Math.max(...timeline.map(({ text }) => text.length))).toBeLessThan(600);
});

test.each([
  ['of a policy', { policy: 'night' }],
  ['where there is no policy', { policy: 'nigth' }],
])('a channel of last resort that fails has its fallback as any other: %s', async (_name, by) => {
  rig.use({
    ...nightWith({ repeat: 0 }),
    channels: { ...NIGHT.channels, siren: { type: 'memory', fallback: 'chat' } },
  });
  rig.fail('siren', { failure: new Failure('PageRejected', 'no'), when: 'before' }, 10);
  const id = await rig.open(by);
  await expect(rig.end(id)).rejects.toThrow();
  const last = rig.pagesOf(id).filter(({ page }) => page.dedupKey.includes('/last_resort/'));
  expect(last.map(({ channel }) => channel)).toEqual(['chat']);
});

test('a page keeps its own fallback although all has begun again meanwhile', async () => {
  rig.use(
    nightWith({
      levels: [{ wait: '30s', targets: [{ channel: 'pager' }] }],
      ...{ repeat: 0, on_exhausted: 'go_on', send_for: '100s' },
    }),
  );
  rig.fail('pager', { failure: REFUSED, when: 'before' }, 100);
  const id = await rig.open();
  await rig.pass(3 * MINUTE);
  const { ledger } = await rig.client.incidents.show(id);
  const keys = ledger.filter(({ purpose }) => purpose === 'fallback').map(({ key }) => key);
  expect(keys[0]).toMatch(/\/c1-r1-l1\/fallback\/mail$/);
});

test('two channels with the same fallback page it once', async () => {
  rig.use({
    ...NIGHT,
    channels: { ...NIGHT.channels, chat: { type: 'memory', fallback: 'mail' } },
  });
  const failure = new Failure('PageRejected', 'there is no such address');
  rig.fail('pager', { failure, when: 'before' });
  rig.fail('chat', { failure, when: 'before' });
  const id = await rig.open();
  const { ledger } = await rig.until(
    id,
    (view) => view.ledger.length >= 3 && view.ledger.every(({ state }) => state !== 'sending'),
  );
  expect(ledger.map(({ channel, state }) => `${channel} ${state}`).toSorted()).toEqual([
    ...['chat failed', 'mail accepted', 'pager failed'],
  ]);
  expect(channelsOf(id)).toEqual(['mail']);
});

test('a cancelled workflow is resolved, and pages nobody any more', async () => {
  const id = await paged();
  await rig.speak(id, () => rig.env.client.workflow.getHandle(id).cancel(), 'signal');
  expect(await rig.end(id)).toMatchObject({ status: 'resolved', resolvedBy: { by: 'Temporal' } });
});

/** Starts one past the client, as a service in another language does. */
async function startWith(key: string, args: readonly unknown[]): Promise<string> {
  const workflowId = incidentId(key);
  const { taskQueue } = rig;
  await rig.env.client.workflow.start('escalation', { workflowId, taskQueue, args: [...args] });
  return workflowId;
}

const OPENING = { policy: 'night', ...PROBE, report: { title: 'checkout is down' } };

test.each([
  ['nothing', [], /the input: is missing: write one JSON object/],
  ['a text', ['checkout is down'], /the input: is "checkout is down"/],
  ['no key', [OPENING], /: key: is missing: write the hex digits of the workflow id/],
  ['odd labels', [{ ...OPENING, key: 'a0', report: { title: 'x', labels: 7 } }], /labels: is 7/],
  ['a state of its own', [{ carried: {} }], /key: is missing.*report: is missing/],
])('what is started with %s ends at once, and says why', async (name, args, why) => {
  const id = await startWith(incidentKey('garbage', name), args);
  await expect(rig.client.incidents.result(id)).rejects.toMatchObject({
    ...{ code: 'IncidentInvalid', message: expect.stringMatching(why) },
  });
  expect(rig.received.filter(({ page }) => page.incident.id === id)).toEqual([]);
});

test('what was answered before its first task ends in the same way', async () => {
  const workflowId = incidentId(incidentKey('garbage', 'answered'));
  await rig.env.client.workflow.signalWithStart('escalation', {
    ...{ workflowId, taskQueue: rig.taskQueue, args: [{}] },
    ...{ signal: 'ack', signalArgs: [{ ...ADA, requestId: 'early' }] },
  });
  await expect(rig.client.incidents.result(workflowId)).rejects.toMatchObject({
    code: 'IncidentInvalid',
  });
});

test('what another language leaves out is filled in, and people are paged', async () => {
  const key = incidentKey('night', 'short');
  const id = await startWith(key, [{ ...OPENING, key }]);
  await rig.until(id, ({ ledger }) => ledger.some(({ state }) => state === 'accepted'));
  expect(rig.pagesOf(id)[0]?.page.incident).toMatchObject({
    ...{ key, severity: 'critical', source: 'probe', text: '', labels: {}, links: [] },
  });
  await rig.client.incidents.steer(id, 'resolve', ADA);
  expect(await rig.end(id)).toMatchObject({ status: 'resolved' });
});

test.each([
  ['night', 'pager ada'],
  ['nigth', 'siren'],
])('a paging file that comes after 11 minutes pages by the policy %s', async (policy, first) => {
  rig.use(undefined);
  const id = await rig.open({ policy });
  await rig.until(id, ({ warnings }) => warnings.length > 0);
  await rig.pass(11 * MINUTE);
  expect(await rig.client.incidents.show(id)).toMatchObject({ status: 'triggered', ledger: [] });
  rig.use(NIGHT);
  await rig.pass(MINUTE);
  await rig.until(id, ({ ledger }) => ledger[0]?.state === 'accepted');
  expect(channelsOf(id)).toContain(first);
});
