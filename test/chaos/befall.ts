import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { scriptPath } from '../../src/dev/children.ts';
import { demoRelease } from '../../src/dev/demo-release.ts';
import { SERVICE } from '../support/stack.ts';
import type { Scene } from './scene.ts';
import type { Event } from './strategy-case.ts';
import { type Ids, strike, untilMoment } from './strike.ts';

interface Versions extends Ids {
  readonly version: string;
  readonly stable: string | null;
}

const BACK_WITHIN_MS = 60_000;
const GATE_WITHIN_MS = 60_000;

/** Waits for the moment of each event in turn and brings it about. */
export async function befall(scene: Scene, events: readonly Event[], run: Versions): Promise<void> {
  const over = new AbortController();
  const lookOut = (event: Event | undefined): Promise<void> => {
    const at = event === undefined || 'kill' in event ? event?.kill : event.at;
    const moment = at === undefined ? Promise.resolve() : untilMoment(scene, at, run, over.signal);
    // Told where it is waited for.
    moment.catch(() => undefined);
    return moment;
  };
  let moment = lookOut(events[0]);
  try {
    for (const [at, event] of events.entries()) {
      await moment;
      const lookOutForNext = (): void => {
        moment = lookOut(events[at + 1]);
      };
      if ('kill' in event) await strike(scene, event.kill, lookOutForNext);
      else {
        lookOutForNext();
        await bringAbout(scene, event, run);
      }
    }
  } finally {
    over.abort();
    await moment.catch(() => undefined);
  }
}

async function bringAbout(
  scene: Scene,
  event: Exclude<Event, { kill: unknown }>,
  run: Versions,
): Promise<void> {
  if ('ask' in event) {
    await scene.stack.client.steer(SERVICE, event.ask, {
      who: 'chaos',
      why: `${event.ask} in the middle of it`,
      ...(event.ask === 'approve' ? { gate: await gateOf(scene, run) } : {}),
    });
  } else if ('candidate' in event) {
    await tellCandidate(scene, run.version, event.candidate === 'breaks' ? 'errors' : 'none');
  } else if ('breakGlass' in event) {
    await breakGlass(scene);
  } else if ('away' in event) {
    await away(scene, run, event.away);
  } else {
    scene.stack.load(REQUESTS_PER_SECOND);
  }
}

const REQUESTS_PER_SECOND = 60;

/** Waits at the gate, so that the answer does not come before the question. */
async function gateOf(scene: Scene, run: Ids): Promise<string> {
  const patience = AbortSignal.timeout(GATE_WITHIN_MS);
  await untilMoment(scene, { waiting: 'gate' }, run, patience);
  const { steps, at } = await scene.stack.client.progress(run.workflowId);
  return steps[at]?.name ?? '';
}

async function tellCandidate(
  { stack }: Scene,
  version: string,
  fault: 'errors' | 'none',
): Promise<void> {
  const instances = await stack.environment.find(SERVICE, version);
  for (const { host, port, running } of instances) {
    if (running) await fetch(`http://${host}:${port}/__fault?set=${fault}`);
  }
}

/** By the program itself, which knows nothing but the release file. */
async function breakGlass({ stack }: Scene): Promise<void> {
  const file = join(stack.folder, 'release.json');
  const { traffic } = stack.balancer;
  writeFileSync(file, JSON.stringify(demoRelease({ service: SERVICE, version: 'any', traffic })));
  const main = scriptPath('../../src/cli/main', import.meta.url);
  const args = ['rollback', SERVICE, '--break-glass', '--file', file, '--why', 'chaos', '--yes'];
  await promisify(execFile)(process.execPath, [main, ...args]);
}

/** The watch sees the breach alone: nobody can be told before the server is back. */
async function away(
  scene: Scene,
  { version, stable }: Versions,
  who: 'server' | 'server and worker',
): Promise<void> {
  const { stack, temporal } = scene;
  await temporal.end();
  await tellCandidate(scene, version, 'errors');
  const isBack = async (): Promise<boolean> => {
    const { routes } = await stack.router.read(SERVICE, AbortSignal.timeout(5000));
    return routes.some((one) => one.version === stable && one.weightPercent === 100);
  };
  for (const untilMs = Date.now() + BACK_WITHIN_MS; !(await isBack()); await wait(100)) {
    if (Date.now() > untilMs) throw new Error('the watch has not taken traffic back by itself');
  }
  const worker = stack.worker();
  if (who === 'server and worker') {
    worker.kill('SIGKILL');
    await worker.exited;
  }
  await temporal.start();
  if (who === 'server and worker') await stack.startWorker();
}
