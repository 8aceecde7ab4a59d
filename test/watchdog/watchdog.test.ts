import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLook } from '../../src/watchdog/look.ts';
import { createMetrics } from '../../src/watchdog/metrics.ts';
import { createWatchdog } from '../../src/watchdog/watchdog.ts';
import { readWatchdogConfig } from '../../src/watchdog/config.ts';
import { startAnswer } from '../../src/watchdog/answer.ts';
import { sendHeartbeat } from '../../src/providers/heartbeat.ts';
import { type LocalServer, startHttp } from '../support/local-server.ts';
import { createMemoryView } from '../support/memory-view.ts';
import { type PagerRig, pause, startPagerRig } from '../support/pager-rig.ts';

const HEARTBEAT = { kind: 'env', name: 'URL' } as const;

let rig: PagerRig;
let heart: LocalServer;
let heartStatus = 200;
const stopping: (() => Promise<void>)[] = [];

beforeEach(async () => {
  rig = await startPagerRig(['bot']);
  heartStatus = 200;
  heart = await startHttp((_, response) => response.writeHead(heartStatus).end('no'));
});

afterEach(async () => {
  for (const stop of stopping.splice(0)) await stop();
  await rig.close();
  await heart.close();
});

/** A watchdog of a Temporal without workers, which looks again and again. */
function watch() {
  const ending = new AbortController();
  const log: string[] = [];
  const metrics = createMetrics();
  const { look, timing } = readWatchdogConfig({ BELAY_WATCHDOG_FOR: '10ms' });
  const secret = () => `${heart.url}/ping/secret-path`;
  const watchdog = createWatchdog({
    look: createLook(createMemoryView(), look),
    ...{ pager: rig.pager, metrics, timing, everyMs: 20 },
    clock: { nowMs: Date.now, steadyMs: () => performance.now(), pause },
    heartbeat: (signal) => sendHeartbeat(HEARTBEAT, { secret }, signal),
    tell: (level, line) => log.push(JSON.stringify({ level, ...line })),
  });
  const running = watchdog.run(ending.signal);
  stopping.push(async () => {
    ending.abort();
    await running;
  });
  return { watchdog, metrics, log };
}

describe('a watchdog whose channels work', () => {
  test('is well whatever it finds, and says so to the switch', async () => {
    const { watchdog, metrics } = watch();
    await expect.poll(() => rig.slack.shown.length).toBe(3);
    expect(watchdog.health()).toMatchObject({ ok: true, channels: [{ name: 'bot', isUp: true }] });
    await expect.poll(() => heart.received.length).toBeGreaterThan(1);
    const text = await metrics.text();
    expect(text).toContain('belay_watchdog_alarm_open{condition="no_pollers",queue="belay"} 1');
    expect(text).toContain('belay_watchdog_condition_bad{condition="overdue",queue="belay"} 0');
    expect(text).toContain('belay_watchdog_channel_up{channel="bot"} 1');
    expect(text).toContain('belay_watchdog_heartbeats_total{result="accepted"}');
  });

  test('goes on without its switch, and does not tell the URL to the log', async () => {
    heartStatus = 500;
    const { watchdog, log } = watch();
    await expect.poll(() => log.join('\n')).toContain('answered with status 500');
    expect(log.join('\n')).not.toContain('secret-path');
    expect(watchdog.health().ok).toBe(true);
  });
});

test('a watchdog that can reach nobody is not well, and lets the switch go off', async () => {
  rig.slack.misbehave({ kind: 'answer', status: 503, headers: {}, body: '' }, 100_000);
  const { watchdog, metrics, log } = watch();
  await expect.poll(() => log.join('\n')).toContain('no channel of last_resort can be reached');
  await expect.poll(() => metrics.text()).toContain('heartbeats_total{result="withheld"}');
  expect(heart.received).toEqual([]);
  const answer = await startAnswer({ host: '127.0.0.1', port: 0 }, metrics, watchdog.health);
  stopping.push(answer.close);
  await expect.poll(() => rig.pager.untold().length).toBe(3);
  const health = await fetch(`${answer.url}/healthz`);
  expect(health.status).toBe(503);
  expect(await health.json()).toMatchObject({
    ok: false,
    channels: [{ name: 'bot', isUp: false }],
    untold: ['no_pollers/belay', 'no_pollers/belay-watch', 'no_pollers/belay-page'],
  });
  const scraped = await (await fetch(`${answer.url}/metrics`)).text();
  expect(scraped).toContain('belay_watchdog_channel_up{channel="bot"} 0');
  expect((await fetch(`${answer.url}/other`)).status).toBe(404);
});

describe('its environment', () => {
  test('has a default for all but the paging file', () => {
    expect(readWatchdogConfig({})).toMatchObject({
      ...{ paging: undefined, everyMs: 30_000, address: undefined, hasHeartbeat: false },
      look: { taskQueue: 'belay', attempts: 3, overdueByMs: 180_000, silentForMs: 90_000 },
      timing: { forMs: { unreachable: 60_000, no_pollers: 60_000 }, repeatMs: 1_800_000 },
    });
  });

  test('may say where it answers', () => {
    const at = (BELAY_WATCHDOG_ADDRESS: string) =>
      readWatchdogConfig({ BELAY_WATCHDOG_ADDRESS }).address;
    expect(at(':9465')).toEqual({ host: '0.0.0.0', port: 9465 });
    expect(at('127.0.0.1:0')).toEqual({ host: '127.0.0.1', port: 0 });
  });

  test('is refused with every problem at once', () => {
    const wrong = {
      BELAY_WATCHDOG_EVERY: '5',
      BELAY_WATCHDOG_ATTEMPTS: '0',
      BELAY_WATCHDOG_HEARTBEAT_URL: 'example.org',
    };
    const read = () => readWatchdogConfig(wrong);
    expect(read).toThrow(expect.objectContaining({ code: 'EnvironmentInvalid' }));
    for (const name of Object.keys(wrong)) expect(read).toThrow(name);
  });
});
