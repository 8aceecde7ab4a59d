import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/activities/clock.ts';
import { createLastMessages } from '../../src/activities/last-messages.ts';
import { received } from '../../src/domain/alerting/alert.ts';
import { heartbeatShardOf } from '../../src/domain/alerting/heartbeat.ts';
import { createSqliteAlertStore } from '../../src/providers/alert-store/sqlite.ts';
import { configuration } from '../domain/alerting/configurations.ts';
import { HOUR, MINUTE, SECOND, START, TIMES, machines } from '../domain/alerting/machine.ts';

const SHARDS = 16;
const name = ['a', 'b', 'c'].find((one) => heartbeatShardOf(one, SHARDS) !== 0) ?? '';
const file = (more: string) =>
  configuration(
    `receivers: { r: { channels: [c] } }\nroute: { receiver: r, group_by: [alertname], ${TIMES} }\n${more}`,
  );

test('what was a signal is paged, though it is sent while the shard of its heartbeat hears last', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-signals-'));
  const store = createSqliteAlertStore(join(folder, 'alerts.db'));
  const { forgetFiring } = createLastMessages({
    store,
    clock: { ...systemClock, nowMs: () => START },
  });
  const before = file(`heartbeats: { ${name}: { within: 10m, matchers: [alertname=Watchdog] } }`);
  const after = file('');
  const world = machines(before, SHARDS);
  const labels = { alertname: 'Watchdog' };
  let nowMs = START;
  const post = async (by: typeof before, version: number): Promise<void> => {
    nowMs += 10 * SECOND;
    world.clock(nowMs);
    const endsAtMs = START + 100 * HOUR;
    const alert = received({ labels, endsAtMs }, nowMs, 5 * MINUTE);
    const [isNews] = await store.note([alert], nowMs);
    if (isNews !== true) return;
    world.post(by, version, labels, endsAtMs);
    await store.delivered([alert], nowMs);
  };
  await post(before, 1);
  const event = { kind: 'configuration', version: 2, configuration: after } as const;
  const last = heartbeatShardOf(name, SHARDS);
  for (let shard = 0; shard < SHARDS; shard += 1) if (shard !== last) world.tell(shard, event);
  // Ingest and that shard go by the configuration before.
  await post(before, 1);
  world.tell(last, event);
  // As the coordinator has it done: once every shard has heard, and not before.
  await forgetFiring({
    ...{ kind: 'signals', before: before.heartbeats, after: after.heartbeats },
  });
  for (let times = 0; times < 20; times += 1) await post(after, 2);
  world.advance(nowMs + HOUR);
  await store.close();
  rmSync(folder, { recursive: true, force: true });
  expect(world.pages.map((page) => page.split(' ').at(-1))).toEqual(['first_page']);
});
