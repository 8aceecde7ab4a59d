import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { PagingDocument } from '../../src/domain/paging/paging.schema.ts';
import { type IncidentRig, startIncidentRig } from '../support/incident-rig.ts';
import { ADA, NIGHT, nightWith } from '../support/night.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let rig: IncidentRig;
beforeAll(async () => {
  rig = await startIncidentRig();
});
afterEach(() => rig.clear());
afterAll(() => rig?.close());

/** Skips time until it is `at` by the clock of the server. */
async function until(at: string): Promise<void> {
  const ms = Date.parse(at) - (await rig.env.currentTimeMs());
  if (ms <= 0) throw new Error(`${at} is past: the tests of this file go on in one time`);
  await rig.pass(ms);
}

/** Who was paged when, to the minute. */
function paged(id: string): readonly string[] {
  return rig.pagesOf(id).map(({ channel, page, atMs }) => {
    const at = new Date(Math.round(atMs / MINUTE) * MINUTE).toISOString().slice(0, 16);
    return `${at} ${channel}${page.who === undefined ? '' : ` ${page.who}`}`;
  });
}

/** Ada and bob take turns, day by day, at this time of Berlin. */
function dutyOf(handOff: string, policy: PagingDocument['policies'][string]): PagingDocument {
  return {
    people: {
      ada: { contacts: { phone: { channel: 'pager' } } },
      bob: { contacts: { phone: { channel: 'pager' } } },
    },
    channels: { pager: { type: 'memory' }, siren: { type: 'memory' } },
    schedules: {
      primary: {
        time_zone: 'Europe/Berlin',
        layers: [
          {
            rotation: { every: 'daily', starts: `2026-11-01T${handOff}` },
            members: ['ada', 'bob'],
          },
        ],
      },
    },
    policies: { night: policy },
    last_resort: ['siren'],
    business_hours: [
      {
        between: '09:00-17:00',
        timezone: 'Europe/Berlin',
        days: ['mon', 'tue', 'wed', 'thu', 'fri'],
      },
    ],
  };
}

const PRIMARY = [{ schedule: 'primary' }];

test('who is on call is looked up when a level begins, so that a hand-off counts', async () => {
  rig.use(
    dutyOf('09:00', { levels: [1, 2, 3].map(() => ({ wait: '5m', targets: [...PRIMARY] })) }),
  );
  await until('2027-01-05T07:53:00Z');
  const id = await rig.open();
  await rig.pass(12 * MINUTE);
  expect(paged(id)).toEqual([
    ...['2027-01-05T07:53 pager ada', '2027-01-05T07:58 pager ada', '2027-01-05T08:03 pager bob'],
  ]);
});

test('outside business hours a warning waits for Monday, and a critical one does not', async () => {
  rig.use(
    dutyOf('09:00', {
      levels: [{ wait: '30m', targets: [...PRIMARY] }],
      overrides: [{ severity: ['warning'], hours: 'outside', wait_for: 'business_hours' }],
    }),
  );
  await until('2027-01-08T20:00:00Z');
  const warning = await rig.open({ severity: 'warning' });
  const critical = await rig.open({ severity: 'critical' });
  await rig.pass(3 * DAY);
  expect(paged(critical)).toEqual(['2027-01-08T20:00 pager ada', '2027-01-08T20:30 siren']);
  expect(paged(warning)).toEqual(['2027-01-11T08:00 pager bob', '2027-01-11T08:30 siren']);
});

test('what waits for business hours is paged at once when a person escalates it', async () => {
  rig.use(
    dutyOf('09:00', {
      levels: [
        { wait: '30m', targets: [...PRIMARY] },
        { wait: '30m', targets: [{ person: 'bob' }] },
      ],
      repeat: 1,
      overrides: [{ severity: ['warning'], hours: 'outside', wait_for: 'business_hours' }],
    }),
  );
  await until('2027-01-12T20:00:00Z');
  const id = await rig.open({ severity: 'warning' });
  await until('2027-01-12T21:00:00Z');
  expect(paged(id)).toEqual([]);
  await rig.client.incidents.steer(id, 'escalate_now', ADA);
  await until('2027-01-13T08:01:00Z');
  // The level that was asked for and the rest of its round; the next round waits again.
  expect(paged(id)).toEqual([
    ...['2027-01-12T21:00 pager ada', '2027-01-12T21:30 pager bob', '2027-01-13T08:00 pager bob'],
  ]);
});

test('acknowledged on Friday and not resolved by Monday, it begins again', async () => {
  rig.use(nightWith({ ack_timeout: '62h' }));
  await until('2027-01-15T17:58:00Z');
  const id = await rig.open();
  await rig.until(
    id,
    ({ ledger }) => ledger.filter(({ state }) => state === 'accepted').length === 2,
  );
  await until('2027-01-15T18:00:00Z');
  await rig.client.incidents.acknowledge(id, ADA);
  await until('2027-01-18T07:59:00Z');
  expect(paged(id)).toHaveLength(2);
  await until('2027-01-18T08:06:00Z');
  expect(paged(id).slice(2).toSorted()).toEqual([
    ...['2027-01-18T08:00 chat ada', '2027-01-18T08:00 pager ada', '2027-01-18T08:05 pager bob'],
  ]);
});

test('rounds that take days end to the minute', async () => {
  rig.use(
    nightWith({
      levels: [
        { wait: '12h', targets: [{ person: 'bob' }] },
        { wait: '20h', targets: [{ channel: 'mail' }] },
      ],
      repeat: 2,
    }),
  );
  await until('2027-02-01T08:00:00Z');
  const id = await rig.open();
  await rig.pass(4 * DAY + MINUTE);
  expect(await rig.client.incidents.show(id)).toMatchObject({ status: 'never_acknowledged' });
  expect(paged(id)).toEqual([
    ...['2027-02-01T08:00 pager bob', '2027-02-01T20:00 mail'],
    ...['2027-02-02T16:00 pager bob', '2027-02-03T04:00 mail'],
    ...['2027-02-04T00:00 pager bob', '2027-02-04T12:00 mail', '2027-02-05T08:00 siren'],
  ]);
});

test('in the night in which clocks go forward waits are as long as ever, and duty changes', async () => {
  rig.use(
    dutyOf('02:30', { levels: [1, 2, 3].map(() => ({ wait: '1h', targets: [...PRIMARY] })) }),
  );
  await until('2027-03-27T23:45:00Z');
  const id = await rig.open();
  await rig.pass(2 * HOUR + MINUTE);
  expect(paged(id)).toEqual([
    ...['2027-03-27T23:45 pager ada', '2027-03-28T00:45 pager ada', '2027-03-28T01:45 pager bob'],
  ]);
});

test('a history that has grown long goes on in another run; nothing is forgotten or paged twice', async () => {
  rig.use(NIGHT);
  const id = await rig.open();
  await rig.until(
    id,
    ({ ledger }) => ledger.filter(({ state }) => state === 'accepted').length === 2,
  );
  const handle = rig.env.client.workflow.getHandle(id);
  const { runId } = await handle.describe();
  const request = { ...ADA, requestId: 'kept over runs' };
  await rig.client.incidents.acknowledge(id, request);
  await rig.client.incidents.steer(id, 'unacknowledge', ADA);
  await rig.until(
    id,
    ({ ledger }) => ledger.filter(({ state }) => state === 'accepted').length === 4,
  );
  const before = await rig.client.incidents.show(id);
  for (let at = 0; at < 45; at += 1) {
    const notes = Array.from({ length: 100 }, (_, each) =>
      handle.signal('resolve-signal', { who: `probe ${at} ${each}`, why: '', requestId: 'none' }),
    );
    await Promise.all(notes);
  }
  await rig.pass(MINUTE);
  const after = await rig.client.incidents.show(id);
  expect((await handle.describe()).runId).not.toBe(runId);
  const { ledger, openedAtMs, nextAtMs, status, level, round } = before;
  expect(after).toMatchObject({ ledger, openedAtMs, nextAtMs, status, level, round });
  // What was answered in the run before is not asked again.
  await rig.client.incidents.acknowledge(id, request);
  expect(await rig.client.incidents.show(id)).toMatchObject({ status: 'triggered' });
  await rig.pass(5 * MINUTE);
  expect(
    rig
      .pagesOf(id)
      .slice(4)
      .map(({ channel, page }) => `${channel} ${page.who}`),
  ).toEqual(['pager bob']);
  const keys = rig.pagesOf(id).map(({ page }) => page.dedupKey);
  expect(new Set(keys).size).toBe(keys.length);
});
