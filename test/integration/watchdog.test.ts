import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TemporalView, createTemporalView } from '../../src/client/temporal-view.ts';
import { scriptPath } from '../../src/dev/children.ts';
import type { OnceReport } from '../../src/watchdog/once.ts';
import { type WatchdogRig, startWatchdogRig } from '../support/watchdog-rig.ts';

/** A watchdog process, a real Temporal, and whom it pages; each test begins where the last one ended. */
let rig: WatchdogRig;
let watchdog: Awaited<ReturnType<WatchdogRig['startWatchdog']>>;
let stopWorkers: (() => Promise<void>) | undefined;

beforeAll(async () => {
  rig = await startWatchdogRig();
  await rig.startTemporal();
  watchdog = await rig.startWatchdog();
});

afterAll(async () => {
  await stopWorkers?.();
  await rig?.close();
});

const PATIENT = { timeout: 60_000 };

/** What PagerDuty shows: the latest alert of each summary. */
function shown(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    rig.pagerDuty.shown.map(({ summary, status }) => [summary.replace(/^Belay:? /, ''), status]),
  );
}

const inSlack = (): readonly string[] => rig.slack.shown.map(({ content }) => content.text);

async function metric(name: string): Promise<string | undefined> {
  const text = await (await fetch(`${watchdog.url}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return line?.split(' ').at(-1);
}

async function health() {
  const answer = await fetch(`${watchdog.url}/healthz`);
  return { status: answer.status, body: await answer.json() };
}

async function once(): Promise<{ readonly code: number; readonly report: OnceReport }> {
  const cli = scriptPath('../../src/cli/main', import.meta.url);
  const args = [cli, 'watchdog', '--once', '--json'];
  const ran = promisify(execFile)(process.execPath, args, { env: rig.environment });
  return ran.then(
    ({ stdout }) => ({ code: 0, report: JSON.parse(stdout) }),
    ({ code, stdout }) => ({ code, report: JSON.parse(stdout) }),
  );
}

const start = (type: string) =>
  rig.temporal().environment?.client.workflow.start(type, {
    ...{ taskQueue: 'belay', workflowId: type },
  });

const NO_WORKER = {
  'no worker takes tasks from belay': 'triggered',
  'no worker takes tasks from belay-watch': 'triggered',
  'no worker takes tasks from belay-page': 'triggered',
};

test('without workers each queue is told, by every channel', async () => {
  await expect.poll(shown, PATIENT).toEqual(NO_WORKER);
  await expect.poll(() => inSlack().length, PATIENT).toBe(3);
  expect(inSlack()).toContain('CRITICAL: Belay: no worker takes tasks from belay-page');
  expect(await metric('belay_watchdog_alarm_open{condition="no_pollers",queue="belay"}')).toBe('1');
});

test('the watchdog is well all the same, and says so to whoever watches it', async () => {
  expect(await health()).toMatchObject({ status: 200, body: { ok: true, untold: [] } });
  await expect.poll(() => rig.heartbeat.received.length, PATIENT).toBeGreaterThan(1);
  expect(rig.heartbeat.received[0]).toMatchObject({ method: 'GET', path: '/ping/secret-1' });
});

test('one that was killed pages again, and it is the same incident', async () => {
  watchdog.child.kill('SIGKILL');
  await watchdog.child.exited;
  watchdog = await rig.startWatchdog();
  await expect.poll(() => inSlack().length, PATIENT).toBe(6);
  await expect.poll(() => rig.pagerDuty.shown.map(({ repeats }) => repeats)).toEqual([1, 1, 1]);
});

test('with workers the end is told', async () => {
  stopWorkers = await rig.startWorkers();
  const resolved = Object.fromEntries(Object.keys(NO_WORKER).map((key) => [key, 'resolved']));
  await expect.poll(shown, PATIENT).toEqual(resolved);
  const { code, report } = await once();
  expect(report.observations.filter(({ state }) => state !== 'good')).toEqual([]);
  expect(report).toMatchObject({ ok: true, channels: [{ isUp: true }, { isUp: true }] });
  expect(code).toBe(0);
});

test('a workflow whose tasks fail again and again is told, and the end of that', async () => {
  const handle = await start('poison');
  const FAILING = 'workflows of belay fail again and again';
  await expect.poll(() => shown()[FAILING], PATIENT).toBe('triggered');
  const { body } = await health();
  expect(JSON.stringify(body)).toMatch(/poison \(poison\): its workflow task is at attempt \d/);
  await handle?.terminate();
  await expect.poll(() => shown()[FAILING], PATIENT).toBe('resolved');
});

test('a workflow whose activity nobody takes is told as overdue', async () => {
  const handle = await start('forsaken');
  const OVERDUE = 'workflows of belay are overdue';
  await expect.poll(() => shown()[OVERDUE], PATIENT).toBe('triggered');
  const { code, report } = await once();
  expect(code).toBe(1);
  expect(report.observations.filter(({ state }) => state === 'bad')).toMatchObject([
    { condition: 'overdue', text: expect.stringContaining('activity nobody waits for a worker') },
  ]);
  await handle?.terminate();
  await expect.poll(() => shown()[OVERDUE], PATIENT).toBe('resolved');
});

test('where the server does not take the token of a list, the list begins again', async () => {
  const handle = await start('sleeper');
  const run = { workflowId: 'sleeper', runId: handle?.firstExecutionRunId };
  const view: TemporalView = createTemporalView({ address: rig.address });
  try {
    const refused = new TextEncoder().encode('of another server');
    const listed = async () => (await view.running('belay', 10, refused)).runs;
    await expect.poll(listed, PATIENT).toContainEqual(run);
    await handle?.terminate();
  } finally {
    await view.close();
  }
});

test('of timers only those are seen that have neither fired nor been cancelled', async () => {
  const handle = await start('sleeper');
  const view: TemporalView = createTemporalView({ address: rig.address });
  try {
    const run = { workflowId: 'sleeper', runId: handle?.firstExecutionRunId ?? '' };
    const timers = () => view.openTimers(run, 100);
    await expect
      .poll(timers, PATIENT)
      .toEqual([{ id: expect.any(String), dueMs: expect.closeTo(Date.now() + 3_600_000, -5) }]);
    expect(await view.standing(run)).toMatchObject({
      ...{ workflowId: 'sleeper', type: 'sleeper', task: { kind: 'none' }, activities: [] },
    });
    expect((await view.running('belay', 10, undefined)).runs).toContainEqual(run);
    expect(await view.standing({ ...run, workflowId: 'never' })).toBeUndefined();
    await handle?.terminate();
    expect(await view.standing(run)).toBeUndefined();
  } finally {
    await view.close();
  }
});

test('a server that is away is told, and that it is back', async () => {
  await stopWorkers?.();
  stopWorkers = undefined;
  const AWAY = 'cannot reach Temporal';
  await rig.temporal().close();
  await expect.poll(() => shown()[AWAY], PATIENT).toBe('triggered');
  await expect.poll(() => inSlack().at(-1)).toBe('CRITICAL: Belay cannot reach Temporal');
  expect(await metric('belay_watchdog_condition_bad{condition="overdue",queue="belay"}')).toBe(
    undefined,
  );
  const { code, report } = await once();
  expect(code).toBe(1);
  expect(report.observations[0]?.text).toContain('ECONNREFUSED');
  expect(await health()).toMatchObject({ status: 200, body: { ok: true } });

  await rig.startTemporal();
  await expect.poll(() => shown()[AWAY], PATIENT).toBe('resolved');
  expect([rig.slack.problems, rig.pagerDuty.problems]).toEqual([[], []]);
});
