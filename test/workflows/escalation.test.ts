import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import type { PagingDocument } from '../../src/domain/paging/paging.schema.ts';
import { BY, type IncidentRig, startIncidentRig } from '../support/incident-rig.ts';

const MINUTE_MS = 60_000;

const PAGING: PagingDocument = {
  people: {
    ada: { contacts: { mail: { channel: 'mail', to: 'ada@example.org' } } },
    bob: {
      contacts: {
        chat: { channel: 'chat', to: 'U1' },
        mail: { channel: 'mail', to: 'bob@example.org' },
      },
      notify: [{ contact: 'chat' }, { contact: 'mail', after: '2m' }],
    },
    cyd: { contacts: { chat: { channel: 'chat', to: 'U3' } } },
  },
  teams: { crew: { members: ['ada', 'cyd'] } },
  channels: {
    chat: { type: 'memory', fallback: 'mail' },
    mail: { type: 'memory' },
    siren: { type: 'memory' },
  },
  schedules: {
    primary: {
      time_zone: 'Europe/Berlin',
      layers: [
        {
          rotation: { every: 'weekly', starts: '2026-01-05T09:00' },
          members: ['ada'],
        },
      ],
    },
  },
  policies: {
    main: {
      levels: [
        { wait: '5m', targets: [{ schedule: 'primary' }] },
        { wait: '10m', targets: [{ person: 'bob' }] },
      ],
      repeat: 1,
    },
    timed: { levels: [{ targets: [{ person: 'ada' }] }], ack_timeout: '30m' },
    wide: { levels: [{ targets: [{ person: 'cyd' }, { person: 'ada' }] }] },
    gone: { levels: [{ targets: [{ person: 'ada' }] }, { targets: [{ person: 'cyd' }] }] },
    forever: { levels: [{ targets: [{ person: 'ada' }] }], on_exhausted: 'go_on' },
  },
  last_resort: ['siren'],
};

let rig: IncidentRig;

beforeAll(async () => {
  rig = await startIncidentRig({ maxCachedWorkflows: 500 });
  rig.setPaging(PAGING);
});

afterAll(async () => {
  await rig?.close();
});

afterEach(() => {
  rig.sent.length = 0;
  rig.setPaging(PAGING);
});

/** What was sent, with the minutes since the first. */
function sent(): readonly string[] {
  const first = rig.sent[0]?.atMs ?? 0;
  return rig.sent.map(({ channel, who, action, atMs }) => {
    const minutes = Math.round((atMs - first) / MINUTE_MS);
    return `${minutes} ${action} ${channel}${who === undefined ? '' : ` ${who}`}`;
  });
}

describe('an incident that nobody answers', () => {
  test('pages level after level, all rounds, then the last resort, and fails', async () => {
    const id = await rig.open();
    await expect(rig.incidents.result(id)).rejects.toMatchObject({
      code: 'NeverAcknowledged',
      message: expect.stringContaining('all 2 round(s) of the policy main have passed'),
    });
    expect(sent()).toEqual([
      '0 trigger mail ada',
      '5 trigger chat bob',
      '7 trigger mail bob',
      '15 trigger mail ada',
      '20 trigger chat bob',
      '22 trigger mail bob',
      '30 trigger siren',
    ]);
    expect(new Set(rig.sent.map(({ key }) => key)).size).toBe(7);
  });

  test('pages on and on where its policy says so', async () => {
    const id = await rig.open({ policy: 'forever' });
    await rig.sleep(16 * MINUTE_MS);
    expect(sent()).toEqual([
      '0 trigger mail ada',
      '5 trigger siren',
      '5 trigger mail ada',
      '10 trigger siren',
      '10 trigger mail ada',
      '15 trigger siren',
      '15 trigger mail ada',
    ]);
    await rig.incidents.steer(id, 'resolve', BY);
    expect(await rig.incidents.result(id)).toMatchObject({ status: 'resolved' });
  });

  test('of a policy that is not there pages the last resort', async () => {
    const id = await rig.open({ policy: 'mian' });
    const { warnings } = await rig.until(id, ({ level }) => level === 1);
    expect(warnings.join()).toContain("there is no policy mian in the workers' paging file");
    await expect(rig.incidents.result(id)).rejects.toMatchObject({ code: 'NeverAcknowledged' });
    expect(sent()).toEqual([
      '0 trigger siren',
      '5 trigger siren',
      '10 trigger siren',
      '15 trigger siren',
    ]);
  });

  test('waits for a worker with a paging file', async () => {
    rig.setPaging(undefined);
    const id = await rig.open();
    await rig.until(id, ({ warnings }) => warnings.length > 0);
    rig.setPaging(PAGING);
    await rig.sleep(MINUTE_MS);
    expect(sent()).toEqual(['0 trigger mail ada']);
    await rig.incidents.steer(id, 'resolve', BY);
    await rig.incidents.result(id);
  });

  test('does not wait for a level that can page nobody', async () => {
    const { people } = PAGING;
    const id = await rig.open({ policy: 'gone' });
    await rig.until(id, ({ ledger }) => ledger[0]?.state === 'accepted');
    rig.setPaging({ ...PAGING, people: { ...people, cyd: { contacts: {} } } });
    await expect(rig.incidents.result(id)).rejects.toMatchObject({ code: 'NeverAcknowledged' });
    expect(sent()).toEqual(['0 trigger mail ada', '5 trigger siren']);
  });
});

describe('an acknowledgement', () => {
  test('stops the paging; the second is told who was first, a repeat gets the same answer', async () => {
    const id = await rig.open();
    await rig.until(id, ({ ledger }) => ledger[0]?.state === 'accepted');
    const ack = { ...BY, requestId: 'one' };
    expect(await rig.incidents.acknowledge(id, ack)).toEqual({
      kind: 'acknowledged',
      status: 'acknowledged',
      inFlight: [],
    });
    expect(await rig.incidents.acknowledge(id, ack)).toMatchObject({ kind: 'acknowledged' });
    await expect(
      rig.incidents.acknowledge(id, { who: 'bob', why: 'me too' }),
    ).rejects.toMatchObject({
      code: 'AlreadyAcknowledged',
      message: expect.stringMatching(/ada was first at .*: a test/),
    });
    await rig.sleep(24 * 60 * MINUTE_MS);
    expect(sent()).toEqual(['0 trigger mail ada', '0 acknowledge mail ada']);
    await rig.incidents.steer(id, 'resolve', BY);
    expect(await rig.incidents.result(id)).toMatchObject({
      status: 'resolved',
      acknowledgedBy: { by: 'ada' },
      pages: { accepted: 1, failed: 0, unknown: 0, called_off: 0 },
    });
    expect(sent().at(-1)).toContain('resolve mail ada');
  });

  test('that is not followed by an end is forgotten after its time-out', async () => {
    const id = await rig.open({ policy: 'timed' });
    await rig.until(id, ({ ledger }) => ledger[0]?.state === 'accepted');
    await rig.incidents.acknowledge(id, BY);
    await rig.sleep(31 * MINUTE_MS);
    const view = await rig.until(id, ({ status }) => status === 'triggered');
    expect(view.acknowledgedBy).toBeNull();
    await rig.until(id, ({ ledger }) => ledger.length === 2);
    expect(sent()).toEqual([
      '0 trigger mail ada',
      '0 acknowledge mail ada',
      '30 trigger mail ada',
      '30 trigger mail ada',
    ]);
    await rig.incidents.steer(id, 'resolve', BY);
    await rig.incidents.result(id);
  });

  test('by signal counts like one by update', async () => {
    const id = await rig.open();
    await rig.until(id, ({ ledger }) => ledger[0]?.state === 'accepted');
    await rig.env.client.workflow.getHandle(id).signal('ack', { ...BY, requestId: 's' });
    const view = await rig.until(id, ({ status }) => status === 'acknowledged');
    expect(view.acknowledgedBy).toMatchObject({ by: 'ada' });
    await rig.incidents.steer(id, 'resolve', BY);
    await rig.incidents.result(id);
  });

  test('names what is under way, and calls off what waits for another attempt', async () => {
    const free = rig.hold('chat');
    rig
      .channel('mail')
      .failNext(new Failure('PageUndelivered', 'busy', { retryAfterMs: 20_000 }), 1, 'before');
    const id = await rig.open({ policy: 'wide' });
    await rig.until(id, ({ ledger }) => ledger.length === 2 && rig.sent.length === 2);
    const answer = await rig.incidents.acknowledge(id, BY);
    expect(answer).toMatchObject({ kind: 'acknowledged', inFlight: ['chat/cyd.chat'] });
    free();
    const { ledger } = await rig.until(id, (view) =>
      view.ledger.every(({ state }) => state !== 'sending'),
    );
    expect(ledger.map(({ channel, state }) => [channel, state])).toEqual([
      ['chat', 'accepted'],
      ['mail', 'called_off'],
    ]);
    await rig.sleep(10 * MINUTE_MS);
    expect(rig.sent.filter(({ action }) => action === 'trigger')).toHaveLength(2);
    await rig.incidents.steer(id, 'resolve', BY);
    await rig.incidents.result(id);
  });
});
