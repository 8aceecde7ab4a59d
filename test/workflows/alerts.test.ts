import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PostedAlert } from '../../src/domain/alerting/alert.ts';
import { Failure } from '../../src/domain/failure.ts';
import { silenceSignal } from '../../src/workflows/alert-messages.ts';
import { type AlertRig, BY, startAlertRig } from '../support/alert-rig.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const FILE = `
route:
  receiver: ops
  group_by: [alertname]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 4h
  routes:
    - { matchers: ['severity="page"'], receiver: on-call }
receivers:
  ops: { channels: [chat] }
  on-call: { policy: night }
inhibit_rules:
  - { source_matchers: ['alertname="Site"'], target_matchers: ['alertname="Disk"'], equal: [site] }
`;

let rig: AlertRig;

afterEach(() => rig?.clearFaults());

async function alert(
  labels: Readonly<Record<string, string>>,
  lastsMs = 10 * MINUTE,
): Promise<PostedAlert> {
  const startsAtMs = await rig.nowMs();
  return { labels, startsAtMs, endsAtMs: startsAtMs + lastsMs };
}

const titles = (channel: string, from = 0): readonly string[] =>
  rig.received
    .slice(from)
    .filter((one) => one.channel === channel)
    .map(({ page }) => `${page.action}: ${page.incident.title}`);

/** With nothing cached every task is a replay of all that came before. */
describe.each([500, 0])('with %i workflows cached', (maxCachedWorkflows) => {
  beforeAll(async () => {
    rig = await startAlertRig({ maxCachedWorkflows });
    rig.use({
      channels: { chat: { type: 'log' }, phone: { type: 'log' } },
      policies: { night: { levels: [{ targets: [{ channel: 'phone' }], wait: '5m' }] } },
      last_resort: ['phone'],
    });
    await rig.configure(FILE);
  });

  afterAll(async () => {
    await rig?.close();
  });

  test('a group is paged once when its wait is over, and told when it ends', async () => {
    const first = await alert({ alertname: 'Disk', host: 'a' });
    const second = await alert({ alertname: 'Disk', host: 'b' });
    expect(await rig.post(first, second)).toMatchObject({ accepted: 2, news: 2, refused: [] });
    await rig.pass(30 * SECOND);
    expect(titles('chat')).toEqual(['trigger: Disk (2 firing)']);
    expect(await rig.post(first, second)).toMatchObject({ accepted: 2, news: 0 });
    await rig.pass(2 * MINUTE);
    expect(titles('chat')).toHaveLength(1);
    await rig.pass(15 * MINUTE);
    expect(titles('chat')).toEqual(['trigger: Disk (2 firing)', 'resolve: Disk (2 over)']);
  });

  test('what a policy is paged about is an incident, which ends with its alerts', async () => {
    const down = await alert({ alertname: 'Down', severity: 'page' }, 3 * MINUTE);
    await rig.post(down);
    await rig.pass(20 * SECOND);
    await expect.poll(() => titles('phone').slice(-1)).toEqual(['trigger: Down (1 firing)']);
    const id = rig.received.at(-1)?.page.incident.id ?? '';
    expect(await rig.client.incidents.show(id)).toMatchObject({
      ...{ status: 'triggered', policy: 'night', who: 'alerts', title: 'Down (1 firing)' },
    });
    await rig.pass(5 * MINUTE);
    await expect
      .poll(() => rig.client.incidents.show(id))
      .toMatchObject({ status: 'resolved', resolvedBy: { by: 'alerts' } });
  });

  test('a silence holds back what it matches, and its end pages at once', async () => {
    const from = rig.received.length;
    const silence = await rig.silence('alertname="Quiet"', 10 * MINUTE);
    await rig.post(await alert({ alertname: 'Quiet' }, 60 * MINUTE));
    await rig.pass(5 * MINUTE);
    expect(titles('chat', from)).toEqual([]);
    await rig.client.alerts.expire(silence.id, BY);
    await rig.pass(SECOND);
    expect(titles('chat', from)).toEqual(['trigger: Quiet (1 firing)']);
    const { silences } = await rig.client.alerts.show();
    expect(silences.find(({ id }) => id === silence.id)?.endsAtMs).toBeLessThan(await rig.nowMs());
  });

  test('a silence that nobody knows is not found, which is no fault of the alerting file', async () => {
    const unknown = { code: 'NotFound', message: 'there is no silence nobody' };
    await expect(rig.client.alerts.expire('nobody', BY)).rejects.toMatchObject(unknown);
    const { matcherSets, endsAtMs, ...rest } = await rig.silence('alertname="Other"', MINUTE);
    const silence = { ...rest, id: 'nobody', matcherSets, endsAtMs };
    await expect(rig.client.alerts.silence({ ...BY, silence })).rejects.toMatchObject(unknown);
  });

  test("a release's silence that a person has ended stays so when it is made longer", async () => {
    const from = rig.received.length;
    const nowMs = await rig.nowMs();
    const matcherSets = [[{ name: 'alertname', operator: '=', value: 'Canary' }]] as const;
    const own = (count: number, forMs: number) => ({
      ...{ who: 'release', why: 'a release', requestId: `r/${count}`, silenceId: 'r' },
      silence: {
        ...{
          id: count === 1 ? null : 'r',
          matcherSets,
          startsAtMs: nowMs,
          endsAtMs: nowMs + forMs,
        },
        ...{ createdBy: 'release', comment: 'a release' },
      },
    });
    const coordinator = rig.env.client.workflow.getHandle('alerting');
    await coordinator.signal(silenceSignal, own(1, 10 * MINUTE));
    await coordinator.signal(silenceSignal, own(2, 20 * MINUTE));
    await rig.post(await alert({ alertname: 'Canary' }, 60 * MINUTE));
    await rig.pass(15 * MINUTE);
    expect(titles('chat', from)).toEqual([]);
    await rig.client.alerts.expire('r', BY);
    await rig.pass(SECOND);
    expect(titles('chat', from)).toEqual(['trigger: Canary (1 firing)']);
    await coordinator.signal(silenceSignal, own(3, 40 * MINUTE));
    const { silences } = await rig.client.alerts.show();
    expect(silences.find(({ id }) => id === 'r')?.endsAtMs).toBeLessThan(nowMs + 20 * MINUTE);
  });

  test('an alert that can inhibit is known in every shard', async () => {
    const from = rig.received.length;
    await rig.post(await alert({ alertname: 'Site', site: 'x' }, 6 * MINUTE));
    await rig.post(await alert({ alertname: 'Disk', site: 'x' }, 60 * MINUTE));
    await rig.pass(2 * MINUTE);
    expect(titles('chat', from)).toEqual(['trigger: Site (1 firing)']);
    await rig.pass(8 * MINUTE);
    expect(titles('chat', from)).toContain('trigger: Disk (1 firing)');
  });

  test('what a channel does not take is tried again, and once only arrives', async () => {
    const from = rig.received.length;
    rig.fail('chat', { failure: new Failure('PageUndelivered', '503'), when: 'before' }, 2);
    await rig.post(await alert({ alertname: 'Retry' }, 60 * MINUTE));
    await rig.pass(30 * SECOND);
    await expect.poll(() => titles('chat', from)).toEqual(['trigger: Retry (1 firing)']);
  });

  test('a new configuration moves groups and pages nothing anew', async () => {
    const from = rig.received.length;
    await rig.configure(FILE.replace('[alertname]', '[alertname, host]'));
    await rig.pass(2 * MINUTE);
    expect(titles('chat', from)).toEqual([]);
    await rig.post(await alert({ alertname: 'Retry', host: 'z' }, 60 * MINUTE));
    await rig.pass(2 * MINUTE);
    expect(titles('chat', from)).toEqual(['trigger: Retry {host="z"} (1 firing)']);
  });

  test('garbage from anybody stops neither a shard nor the coordinator', async () => {
    const from = rig.received.length;
    const say = (id: string, name: string, ...sent: readonly unknown[]): Promise<void> =>
      rig.env.client.workflow.getHandle(id).signal(name, ...sent);
    for (const sent of [undefined, null, 7, {}, { version: 1, alerts: [null] }]) {
      for (const shard of [0, 1, 2, 3]) {
        await say(`alerts/${shard}`, 'alerts', sent);
        await say(`alerts/${shard}`, 'told', sent);
        await say(`alerts/${shard}`, 'beat', sent);
      }
      for (const name of ['heard', 'opened', 'silence-signal', 'expire-signal']) {
        await say('alerting', name, sent);
      }
    }
    const coordinator = rig.env.client.workflow.getHandle('alerting');
    for (const [name, args] of [
      ['configure', { ...BY, requestId: 'g1', configuration: { routes: [{}] } }],
      ['silence', { ...BY, requestId: 'g2', silence: {} }],
      ['expire', { ...BY, requestId: 'g3' }],
      ['revive', undefined],
    ] as const) {
      await expect(coordinator.executeUpdate(name, { args: [args] })).rejects.toThrow();
    }
    await say('alerting', 'heard', { shard: 0, number: 1, silences: [{ id: 'x' }, null] });
    await rig.post(await alert({ alertname: 'After' }, 60 * MINUTE));
    await rig.pass(2 * MINUTE);
    await expect.poll(() => titles('chat', from)).toEqual(['trigger: After (1 firing)']);
  });

  test('a coordinator that follows one ended by hand knows the silences from the shards', async () => {
    const from = rig.received.length;
    const silence = await rig.silence('alertname="Hushed"', 30 * MINUTE);
    await rig.post(await alert({ alertname: 'Hushed' }, 60 * MINUTE));
    await rig.env.client.workflow.getHandle('alerting').terminate('by hand');
    await rig.configure(FILE);
    const { silences } = await rig.client.alerts.show();
    expect(silences.find(({ id }) => id === silence.id)).toEqual(silence);
    await rig.pass(2 * MINUTE);
    expect(titles('chat', from)).toEqual([]);
    await rig.client.alerts.expire(silence.id, BY);
    await rig.pass(SECOND);
    expect(titles('chat', from)).toEqual(['trigger: Hushed (1 firing)']);
  });
});

describe('in runs of 60 events', () => {
  const SHARDS = [0, 1] as const;

  beforeAll(async () => {
    rig = await startAlertRig({ shards: SHARDS.length, eventsMax: 60 });
    rig.use({
      channels: { chat: { type: 'log' }, phone: { type: 'log' } },
      policies: { night: { levels: [{ targets: [{ channel: 'phone' }], wait: '5m' }] } },
      last_resort: ['phone'],
    });
    await rig.configure(FILE);
  });

  afterAll(async () => {
    await rig?.close();
  });

  const ids = ['alerting', ...SHARDS.map((shard) => `alerts/${shard}`)];
  const runs = (): Promise<readonly string[]> =>
    Promise.all(
      ids.map(async (id) => (await rig.env.client.workflow.getHandle(id).describe()).runId),
    );

  /** More signals than a run may have, which mean nothing. */
  async function fillRuns(): Promise<void> {
    for (const id of ids) {
      const name = id === 'alerting' ? 'heard' : 'beat';
      const sent = id === 'alerting' ? { shard: 0, number: 0 } : 'nobody';
      for (let at = 0; at < 70; at += 1) {
        await rig.env.client.workflow.getHandle(id).signal(name, sent);
      }
    }
  }

  async function inOtherRuns(before: readonly string[]): Promise<void> {
    await expect
      .poll(async () => {
        const after = await runs();
        return after.every((run, at) => run !== before[at]);
      })
      .toBe(true);
  }

  const ledger = async () => (await rig.client.alerts.shards()).flatMap((one) => one.ledger);

  test('groups, silences, the ledger and pages under way go on, and nothing is paged twice', async () => {
    const names = ['Disk', 'Cpu', 'Net', 'Mem'];
    const silence = await rig.silence('alertname="Quiet"', 60 * MINUTE);
    for (const alertname of [...names, 'Quiet']) {
      await rig.post(await alert({ alertname }, 60 * MINUTE));
    }
    await rig.pass(30 * SECOND);
    await expect.poll(() => titles('chat')).toHaveLength(names.length);
    const release = rig.hold('chat');
    await rig.post(await alert({ alertname: 'UnderWay' }, 60 * MINUTE));
    await rig.pass(11 * SECOND);
    await expect.poll(() => titles('chat')).toHaveLength(names.length + 1);
    await rig.post(await alert({ alertname: 'Waits' }, 60 * MINUTE));
    await rig.post(await alert({ alertname: 'Down', severity: 'page' }, 60 * MINUTE));
    const before = await runs();
    await fillRuns();
    release();
    await inOtherRuns(before);
    await rig.pass(5 * MINUTE);
    const paged = [...names, 'UnderWay', 'Waits'].map((name) => `trigger: ${name} (1 firing)`);
    expect(titles('chat').toSorted()).toEqual(paged.toSorted());
    expect(titles('phone')).toEqual(['trigger: Down (1 firing)']);
    expect((await ledger()).map(({ state }) => state)).toEqual(Array(7).fill('arrived'));
    const { silences, configuredBy } = await rig.client.alerts.show();
    expect(silences).toEqual([silence]);
    expect(configuredBy).toMatchObject(BY);
  });

  test('and so they do once more, until what is held back and what has ended is told', async () => {
    const from = rig.received.length;
    const before = await runs();
    await fillRuns();
    await inOtherRuns(before);
    const [silence] = (await rig.client.alerts.show()).silences;
    await rig.client.alerts.expire(silence?.id ?? '', BY);
    // Whoever posts goes by a clock that skips nothing.
    const endsAtMs = Date.now();
    await rig.post({ labels: { alertname: 'Disk' }, startsAtMs: endsAtMs - SECOND, endsAtMs });
    await rig.pass(2 * MINUTE);
    expect(titles('chat', from).toSorted()).toEqual([
      'resolve: Disk (1 over)',
      'trigger: Quiet (1 firing)',
    ]);
    expect(await ledger()).toHaveLength(9);
  });
});
