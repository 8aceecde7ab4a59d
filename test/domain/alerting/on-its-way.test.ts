import { expect, test } from 'vitest';
import { received } from '../../../src/domain/alerting/alert.ts';
import { configuration } from './configurations.ts';
import { FAR, MINUTE, SECOND, START, machines } from './machine.ts';

test.each([
  { wait: '10s', lateMs: 0, dueMs: 10_000, why: 'one that comes at once' },
  { wait: '10s', lateMs: 700, dueMs: 9300, why: 'one that was on its way' },
  { wait: '10s', lateMs: 60_000, dueMs: 8000, why: 'one by a clock that is late' },
  { wait: '10s', lateMs: -60_000, dueMs: 10_000, why: 'one by a clock that is early' },
  { wait: '1s', lateMs: 900, dueMs: 500, why: 'one whose wait would be over' },
  { wait: '0s', lateMs: 900, dueMs: 0, why: 'one that does not wait' },
])('the wait begins when an alert is accepted: $why', ({ wait, lateMs, dueMs }) => {
  const file = configuration(
    `receivers: { r: { channels: [c] } }\nroute: { receiver: r, group_wait: ${wait} }`,
  );
  const world = machines(file, 1);
  const nowMs = START + MINUTE;
  world.clock(nowMs);
  const labels = { alertname: 'Down' };
  const alert = received({ labels, startsAtMs: nowMs, endsAtMs: FAR }, nowMs - lateMs, MINUTE);
  world.tell(0, { kind: 'alerts', version: 1, alerts: [{ alert, groups: null, stays: [] }] });
  world.advance(nowMs + 20 * SECOND);
  expect(world.pages).toEqual([`${(MINUTE + dueMs) / SECOND}s channel/c first_page`]);
});
