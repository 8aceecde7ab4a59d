import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AlertRig, startAlertRig } from '../support/alert-rig.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const file = (more = ''): string => `
route:
  receiver: ops
  group_by: [alertname]
  group_wait: 10s
  group_interval: 1m
  routes:
    - { matchers: [quiet="yes"], receiver: ops, mute_time_intervals: [always] }
time_intervals: { always: [{ times: [{ start_time: '00:00', end_time: '24:00' }] }] }
receivers:
  ops: { channels: [chat] }
${more}`;

let rig: AlertRig;
let from = 0;

const titles = (): readonly string[] =>
  rig.received.slice(from).map(({ page }) => `${page.action}: ${page.incident.title}`);

beforeAll(async () => {
  rig = await startAlertRig({ maxCachedWorkflows: 500 });
  rig.use({
    channels: { chat: { type: 'log' } },
    policies: { night: { levels: [{ targets: [{ channel: 'chat' }], wait: '5m' }] } },
    last_resort: ['chat'],
  });
  await rig.configure(file());
});

afterAll(async () => {
  await rig?.close();
});

test('what the time of day keeps quiet stays quiet through a reload', async () => {
  from = rig.received.length;
  const startsAtMs = await rig.nowMs();
  const labels = { alertname: 'Night', quiet: 'yes' };
  await rig.post({ labels, startsAtMs, endsAtMs: startsAtMs + 600 * MINUTE });
  await rig.pass(10 * MINUTE);
  await rig.configure(file('  other: {}'));
  await rig.pass(5 * MINUTE);
  expect(titles()).toEqual([]);
  await rig.post({ labels: { alertname: 'Day' }, endsAtMs: (await rig.nowMs()) + 60 * MINUTE });
  await rig.pass(MINUTE);
  await expect.poll(titles).toEqual(['trigger: Day (1 firing)']);
});

test('what was a heartbeat’s signal, and is none any more, is paged when it is sent again', async () => {
  from = rig.received.length;
  const send = async () => {
    const nowMs = await rig.nowMs();
    return rig.post({
      labels: { alertname: 'Watchdog', severity: 'none' },
      endsAtMs: nowMs + 4 * MINUTE,
    });
  };
  await rig.configure(file('heartbeats: { dog: { within: 10m, matchers: [severity="none"] } }'));
  for (let times = 0; times < 3; times += 1) {
    await send();
    await rig.pass(MINUTE);
  }
  await rig.configure(file());
  await rig.pass(MINUTE);
  expect(await send()).toMatchObject({ accepted: 1, news: 1 });
  await rig.pass(MINUTE);
  expect(titles()).toEqual(['trigger: Watchdog (1 firing)']);
});

test('a heartbeat that is not watched any more is missed no more', async () => {
  from = rig.received.length;
  await rig.configure(file('heartbeats: { cron: { within: 10m } }'));
  await rig.pass(15 * MINUTE);
  await rig.configure(file());
  await rig.pass(600 * MINUTE);
  expect(titles().filter((title) => title.includes('HeartbeatMissing'))).toEqual([
    'trigger: HeartbeatMissing (1 firing)',
    'resolve: HeartbeatMissing (1 over)',
  ]);
});

test('an alert as large as may be is paged where another configuration hands it', async () => {
  from = rig.received.length;
  // Each such character is six of JSON's, and labels stand in the group, of another shard, once more.
  const texts = Array.from({ length: 7 }, (_, at) => [`l${at}`, '\u0001'.repeat(1500)] as const);
  const labels = { alertname: 'Huge', ...Object.fromEntries(texts) };
  const annotations = { a: '\u0001'.repeat(32_700) };
  const endsAtMs = (await rig.nowMs()) + 60 * MINUTE;
  await rig.post({ labels, annotations, endsAtMs });
  await rig.configure(file().replace('[alertname]', '[l0, l1, l2, l3, l4, l5, l6]'));
  await rig.pass(MINUTE);
  await expect.poll(() => titles().length).toBe(1);
  await rig.configure(file());
});
