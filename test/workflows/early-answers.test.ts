import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { incidentId, incidentKey } from '../../src/domain/escalation/incident-id.ts';
import type { IncidentView } from '../../src/domain/escalation/incident.ts';
import type { EscalationInput } from '../../src/workflows/incident-input.ts';
import { type IncidentRig, startIncidentRig } from '../support/incident-rig.ts';

const ADA = { who: 'ada', why: 'I look at it' };
const HOUR = 3_600_000;

let rig: IncidentRig;
beforeAll(async () => {
  rig = await startIncidentRig();
  rig.use({
    people: { ada: { contacts: { phone: { channel: 'pager' } } } },
    channels: { pager: { type: 'memory' }, siren: { type: 'memory' } },
    policies: { night: { levels: [{ wait: '5m', targets: [{ person: 'ada' }] }] } },
    last_resort: ['siren'],
  });
});
afterEach(() => rig.clear());
afterAll(() => rig?.close());

const isPaged = ({ ledger }: IncidentView): boolean => ledger[0]?.state === 'accepted';

/** Opens an incident whose first task finds this signal already there. */
async function openWith(signal: string, args: readonly object[]): Promise<string> {
  const key = incidentKey('night', `${signal} ${JSON.stringify(args)}`);
  const input: EscalationInput = {
    ...{ schemaVersion: 1, policy: 'night', key, requestId: `open-${key}` },
    ...{ who: 'monitor', why: 'its alert fires' },
    report: {
      ...{ title: 'checkout is down', text: '', severity: 'critical', source: 'monitor' },
      ...{ labels: {}, links: [] },
    },
  };
  await rig.env.client.workflow.signalWithStart('escalation', {
    ...{ workflowId: incidentId(key), taskQueue: rig.taskQueue, args: [input] },
    ...{ signal, signalArgs: [...args] },
  });
  return incidentId(key);
}

test('what is acknowledged before its first task pages nobody', async () => {
  const id = await openWith('ack', [{ ...ADA, requestId: 'early-ack' }]);
  await rig.until(id, ({ status }) => status === 'acknowledged');
  await rig.pass(24 * HOUR);
  expect(rig.pagesOf(id)).toEqual([]);
  expect(await rig.client.incidents.show(id)).toMatchObject({
    ...{ status: 'acknowledged', acknowledgedBy: { by: 'ada' } },
  });
  await rig.client.incidents.steer(id, 'resolve', ADA);
});

test('what is resolved before its first task is over', async () => {
  const id = await openWith('resolve-signal', [{ ...ADA, requestId: 'early-resolve' }]);
  expect(await rig.end(id)).toMatchObject({ status: 'resolved', resolvedBy: { by: 'ada' } });
  expect(rig.pagesOf(id)).toEqual([]);
});

test('a signal that answers an incident before changes nothing, and is told', async () => {
  const shownAtMs = Date.now() - HOUR;
  const id = await openWith('ack', [{ ...ADA, requestId: 'stale-ack', shownAtMs }]);
  const view = await rig.until(id, isPaged);
  expect(view.status).toBe('triggered');
  expect(view.timeline.map(({ text }) => text)).toContainEqual(
    expect.stringContaining('too late: this answers an incident before'),
  );
  await rig.client.incidents.steer(id, 'resolve', ADA);
});

test.each([
  [-HOUR, 'refused'],
  [-61_000, 'refused'],
  [-30_000, 'applied'],
  [1000, 'applied'],
])('an answer to what was shown %d ms from its opening is %s', async (awayMs, kind) => {
  const id = await rig.open();
  const { openedAtMs } = await rig.until(id, isPaged);
  const request = { ...ADA, shownAtMs: openedAtMs + awayMs };
  const answer = await rig.client.incidents
    .answer(id, 'acknowledge', request)
    .then((answered) => answered.kind)
    .catch((error: unknown) => error);
  if (kind === 'applied') expect(answer).toBe('applied');
  else expect(answer).toMatchObject({ code: 'NotAllowedNow' });
});

test('a signal before the first task comes before an update that finds it there', async () => {
  await rig.close();
  rig = await startIncidentRig({ workers: 'later' });
  const id = await openWith('ack', [{ ...ADA, requestId: 'early-ack' }]);
  const resolved = rig.client.incidents.answer(id, 'resolve', { who: 'bob', why: 'mended' });
  // By the time that the server answers this it has the update.
  await rig.env.client.workflow.getHandle(id).describe();
  await rig.start();
  expect(await resolved).toMatchObject({ kind: 'applied' });
  expect(await rig.end(id)).toMatchObject({
    ...{ acknowledgedBy: { by: 'ada' }, resolvedBy: { by: 'bob' } },
  });
});
