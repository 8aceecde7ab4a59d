import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PostedAlert } from '../../src/domain/alerting/alert.ts';
import { Failure } from '../../src/domain/failure.ts';
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
    await rig.post(await alert({ alertname: 'After' }, 60 * MINUTE));
    await rig.pass(2 * MINUTE);
    await expect.poll(() => titles('chat', from)).toEqual(['trigger: After (1 firing)']);
  });
});
