import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { RunningBalancer } from '../../src/dev/balancer.ts';
import { type Child, scriptPath, startChild } from '../../src/dev/children.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { findProgram } from '../../src/dev/find-program.ts';
import { askHaproxy } from '../../src/providers/traffic/haproxy-cli.ts';

const SOURCES = new URL('../../src/dev/balancer.ts', import.meta.url).href;

/** How the process of a load balancer may go away under the feet of Belay. */
export type Mishap = 'SIGTERM' | 'SIGKILL' | 'reload';

/**
 * A balancer whose process can be stopped, killed and reloaded; it comes back as a supervisor would
 * bring it back, with the same arguments and on what it has kept.
 */
export function supervised(balancer: RunningBalancer, service: string, folder: string) {
  let child: Child = balancer.process;
  const confirms = `${balancer.url}/.well-known/belay/${service}`;

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    child.kill(signal);
    await child.exited;
  }

  /** It takes questions a moment later than its worker takes requests. */
  async function masterAnswers(): Promise<boolean> {
    const { traffic } = balancer;
    if (traffic.kind !== 'haproxy' || traffic.master_socket === undefined) return true;
    const { signal } = new AbortController();
    return (await askHaproxy(traffic.master_socket, 'show proc', signal)) !== '';
  }

  async function begin(): Promise<void> {
    const { environment, path } = readDevConfig(process.env);
    const { traffic } = balancer;
    if (traffic.kind === 'haproxy') {
      child = await startChild({
        command: findProgram('haproxy', path) ?? 'haproxy',
        args: ['-W', '-S', join(folder, 'master.sock'), '-f', join(folder, 'haproxy.cfg')],
        env: environment,
        log: join(folder, 'haproxy.log'),
      });
    } else if (traffic.kind === 'embedded') {
      const [listen, control] = [traffic.url, traffic.control].map((url) => new URL(url).host);
      child = await startChild({
        command: process.execPath,
        args: [
          scriptPath('../router/main', SOURCES),
          ...['--listen', listen ?? '', '--control', control ?? '', '--state', folder],
        ],
        env: environment,
        log: join(folder, 'router.log'),
        ready: (line) => line.startsWith('{'),
      });
    }
    for (;;) {
      const answers = fetch(confirms).then(async ({ ok }) => ok && (await masterAnswers()));
      if (await answers.catch(() => false)) return;
      await wait(20);
    }
  }

  return {
    end,
    begin,
    async meet(mishap: Mishap): Promise<void> {
      if (mishap === 'reload') {
        process.kill(child.pid, 'SIGUSR2');
        return;
      }
      await end(mishap);
      await begin();
    },
    async close(): Promise<void> {
      await child.stop();
      await balancer.close();
    },
  };
}
