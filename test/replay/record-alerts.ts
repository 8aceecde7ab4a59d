import { Failure } from '../../src/domain/failure.ts';
import { BY, startAlertRig } from '../support/alert-rig.ts';
import { unpacked } from '../support/unpacked.ts';
import type { History } from './history-file.ts';

const MINUTE = 60_000;

const FILE = `
route:
  receiver: ops
  group_by: [alertname, host]
  group_wait: 10s
  group_interval: 1m
  routes:
    - { matchers: ['severity="page"'], receiver: on-call, on_alert: pause }
    - { matchers: ['team="night"'], receiver: ops, mute_time_intervals: [always] }
receivers:
  ops: { channels: [chat] }
  on-call: { policy: night }
time_intervals:
  always: [{ times: [{ start_time: '00:00', end_time: '24:00' }] }]
inhibit_rules:
  - { source_matchers: ['alertname="Site"'], target_matchers: ['alertname="Disk"'] }
heartbeats:
  prometheus: { within: 1h }
`;

/** Runs two shards and their coordinator where time is skipped, and hands over their histories. */
export async function recordAlerts(write: (name: string, history: History) => void): Promise<void> {
  const rig = await startAlertRig({ shards: 2 });
  rig.use({
    channels: { chat: { type: 'log' }, phone: { type: 'log' } },
    policies: { night: { levels: [{ targets: [{ channel: 'phone' }], wait: '5m' }] } },
    last_resort: ['phone'],
  });
  const fires = async (labels: Readonly<Record<string, string>>, forMs: number) => {
    const startsAtMs = await rig.nowMs();
    await rig.post({ labels, startsAtMs, endsAtMs: startsAtMs + forMs });
  };
  try {
    await rig.configure(FILE);
    for (const host of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await fires({ alertname: 'Disk', host }, 5 * MINUTE);
    }
    await fires({ alertname: 'Down', severity: 'page', service: 'checkout' }, 3 * MINUTE);
    await fires({ alertname: 'Backup', team: 'night' }, 3 * MINUTE);
    rig.fail('chat', { failure: new Failure('PageUndelivered', '503'), when: 'before' });
    await rig.pass(2 * MINUTE);
    const { id } = await rig.silence('alertname="Move"', 30 * MINUTE);
    for (const host of ['a', 'b', 'c']) await fires({ alertname: 'Move', host }, 60 * MINUTE);
    await rig.pass(2 * MINUTE);
    await rig.client.alerts.expire(id, BY);
    await rig.configure(FILE.replace('[alertname, host]', '[alertname]'));
    await fires({ alertname: 'Site' }, 2 * MINUTE);
    await rig.pass(20 * MINUTE);
    for (const [name, workflowId] of [
      ['alerts', 'alerts/0'],
      ['alerts-other-shard', 'alerts/1'],
      ['alerting', 'alerting'],
    ] as const) {
      const history = await rig.env.client.workflow.getHandle(workflowId).fetchHistory();
      write(name, await unpacked(history));
    }
  } finally {
    await rig.close();
  }
}
