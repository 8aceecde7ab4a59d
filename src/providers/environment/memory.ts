import type { Effect } from '../../domain/effect.ts';
import { Failure } from '../../domain/failure.ts';
import type { Instance } from '../../domain/release/instance.ts';
import type { EnvironmentDriver, InstanceUsage } from './environment.ts';

/** An environment that runs nothing, for tests and rehearsals; it keeps every promise of the port. */
export interface MemoryEnvironment extends EnvironmentDriver {
  /** The next `times` calls fail like this, before anything changes. */
  failNext(call: 'deploy' | 'remove', failure: Failure, times: number): void;
  /** The instances of a version end by themselves, as a program does that crashes. */
  crash(version: string): void;
  setUsage(version: string, usage: Pick<InstanceUsage, 'memoryBytes' | 'cpuTimeMs'>): void;
  /** The next removal takes until `until` has come, or is called off with nothing removed. */
  holdRemoval(until: Promise<void>): void;
}

export function createMemoryEnvironment(): MemoryEnvironment {
  const running = new Map<string, readonly Instance[]>();
  const generations = new Map<string, number>();
  const crashed = new Set<string>();
  const usages = new Map<string, Pick<InstanceUsage, 'memoryBytes' | 'cpuTimeMs'>>();
  const failures: { readonly call: 'deploy' | 'remove'; readonly failure: Failure }[] = [];
  const log: Effect[] = [];
  let nextPort = 40_000;
  let holding: Promise<void> | undefined;

  function begin(call: 'deploy' | 'remove', at: string, generation: number): void {
    const next = failures.findIndex((one) => one.call === call);
    const [failing] = next === -1 ? [] : failures.splice(next, 1);
    if (failing !== undefined) throw failing.failure;
    const newest = generations.get(at) ?? 0;
    if (generation < newest) {
      throw new Failure('StaleGeneration', `generation ${generation} comes after ${newest}`);
    }
    generations.set(at, generation);
  }

  function append(effect: Effect): void {
    if (!log.some(({ key }) => key === effect.key)) log.push(effect);
  }

  return {
    async deploy({ service, version, key, generation, spec }) {
      const at = `${service}/${version}`;
      begin('deploy', at, generation);
      const before = running.get(at) ?? [];
      const instances = Array.from({ length: spec.instances }, (_, place): Instance => {
        const known = before[place];
        if (known !== undefined) return known;
        nextPort += 1;
        return { id: `${version}/${place}`, host: '127.0.0.1', port: nextPort };
      });
      running.set(at, instances);
      crashed.delete(version);
      const what = `${version} runs ${spec.instances}`;
      append({ service, key, generation, what, atMs: Date.now() });
      return instances;
    },
    find: async (service, version) =>
      (running.get(`${service}/${version}`) ?? []).map((instance) => ({
        ...instance,
        running: !crashed.has(version),
        log: 'memory',
      })),
    usage: async (service, version) =>
      (running.get(`${service}/${version}`) ?? []).flatMap(({ id }) => {
        const usage = usages.get(version);
        return usage === undefined ? [] : [{ instance: id, ...usage, atMs: Date.now() }];
      }),
    async remove({ service, version, key, generation }, signal) {
      begin('remove', `${service}/${version}`, generation);
      const held = holding;
      holding = undefined;
      if (held !== undefined) await unlessAborted(held, signal);
      running.delete(`${service}/${version}`);
      append({ service, key, generation, what: `${version} removed`, atMs: Date.now() });
    },
    effects: async (service) => log.filter((effect) => effect.service === service),
    failNext(call, failure, times) {
      for (let time = 0; time < times; time += 1) failures.push({ call, failure });
    },
    crash: (version) => {
      crashed.add(version);
    },
    setUsage: (version, usage) => usages.set(version, usage),
    holdRemoval: (until) => {
      holding = until;
    },
  };
}

function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}
