import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { seeded } from '../../bench/judge/random.ts';
import { type Child, startChild } from '../../src/dev/children.ts';
import { startAlertHook } from './alert-hook.ts';
import type { AlertPlan } from './alert-plan.ts';
import { type AlertTarget, type Lived, playAlerts } from './alert-sources.ts';
import { startAgain } from './start-again.ts';

const PORT = 19_093;
const URL_OF = `http://127.0.0.1:${PORT}`;
const KILLED = { fromMs: 6000, toMs: 15_000 };

/** By its own name, or by Debian's. */
export function findAlertmanager(path: string): string | undefined {
  const names = ['alertmanager', 'prometheus-alertmanager'];
  return path
    .split(':')
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((file) => existsSync(file));
}

/** The same alerts and silences through Alertmanager, whose only process is killed as well. */
export async function playAlertmanager(
  program: string,
  plan: AlertPlan,
  {
    groupWaitMs,
    groupIntervalMs,
    seed,
    quietMs,
  }: Readonly<Record<'groupWaitMs' | 'groupIntervalMs' | 'seed' | 'quietMs', number>>,
) {
  const hook = await startAlertHook(seeded(seed + 2));
  const folder = mkdtempSync(join(tmpdir(), 'belay-peer-'));
  const file = join(folder, 'alertmanager.yml');
  writeFileSync(
    file,
    JSON.stringify({
      route: {
        ...{ receiver: 'ops', group_by: ['g'], repeat_interval: '4h' },
        ...{ group_wait: `${groupWaitMs}ms`, group_interval: `${groupIntervalMs}ms` },
      },
      receivers: [{ name: 'ops', webhook_configs: [{ url: hook.url }] }],
    }),
  );
  const start = (): Promise<Child> =>
    startChild({
      // It says on its second channel that it is ready.
      command: 'sh',
      args: [
        '-c',
        'exec "$0" "$@" 2>&1',
        program,
        `--config.file=${file}`,
        `--storage.path=${folder}`,
        `--web.listen-address=127.0.0.1:${PORT}`,
        '--cluster.listen-address=',
      ],
      env: { PATH: process.env.PATH },
      log: join(folder, 'all.log'),
      ready: (line) => line.includes('Listening on') || line.includes('Completed loading'),
    });
  let child = await start();
  const killsAtMs: number[] = [];
  const { uniform } = seeded(seed + 1);
  const beganAtMs = Date.now();
  const playing = new AbortController();
  const lives = playAlerts(plan, target(), beganAtMs, playing.signal);
  const lastsMs = Math.max(...plan.alerts.map(({ firesAtMs }) => firesAtMs));
  try {
    for (;;) {
      await wait(KILLED.fromMs + uniform() * (KILLED.toMs - KILLED.fromMs));
      if (Date.now() - beganAtMs > lastsMs) break;
      killsAtMs.push(Date.now());
      child.kill('SIGKILL');
      await child.exited;
      await startAgain('Alertmanager', async () => {
        child = await start();
      });
    }
    await wait(quietMs);
    playing.abort();
    const lived = await lives;
    const seen = { ...lived, pages: hook.pages, killsAtMs, beganAtMs };
    return { ...seen, lostSilences: await lostOf(lived) };
  } finally {
    playing.abort();
    await child.stop();
    await hook.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function target(): AlertTarget {
  return {
    url: () => URL_OF,
    async silence({ groups, name }, endsAtMs) {
      const answer = await fetch(`${URL_OF}/api/v2/silences`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          matchers: [{ name: 'g', value: groups.join('|'), isRegex: true, isEqual: true }],
          ...{ startsAt: new Date().toISOString(), endsAt: new Date(endsAtMs).toISOString() },
          ...{ createdBy: 'chaos', comment: name },
        }),
      });
      if (answer.status !== 200) throw new Error(`status ${answer.status}`);
      return ((await answer.json()) as { silenceID: string }).silenceID;
    },
    async expire(id) {
      const answer = await fetch(`${URL_OF}/api/v2/silence/${id}`, { method: 'DELETE' });
      // It has forgotten it: there is nothing to be ended any more.
      if (answer.status !== 200 && answer.status !== 404) throw new Error(`${answer.status}`);
    },
  };
}

async function lostOf({ silences }: Lived): Promise<string[]> {
  const answer = await fetch(`${URL_OF}/api/v2/silences`);
  const known = new Set(((await answer.json()) as { id: string }[]).map(({ id }) => id));
  return silences
    .filter(({ id }) => id !== null && !known.has(id))
    .map(({ name, id }) => `${name} (${id}) is not known any more`);
}
