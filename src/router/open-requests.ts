import type { Instance } from '../domain/release/instance.ts';

/** What is open now, by version and by instance of it. */
export function createOpenRequests() {
  const open = new Map<string, number>();

  function begin(key: string): () => void {
    open.set(key, (open.get(key) ?? 0) + 1);
    return () => {
      const left = (open.get(key) ?? 1) - 1;
      if (left > 0) open.set(key, left);
      else open.delete(key);
    };
  }

  const keyOf = (service: string, version: string, instance?: Instance): string =>
    [service, version, instance?.host ?? '', instance?.port ?? ''].join('\n');

  return {
    /** Each answers with what ends it. */
    atVersion: (service: string, version: string) => begin(keyOf(service, version)),
    atInstance: (service: string, version: string, instance: Instance) =>
      begin(keyOf(service, version, instance)),
    ofVersion: (service: string, version: string): number => open.get(keyOf(service, version)) ?? 0,
    ofInstances: (service: string, version: string, instances: readonly Instance[]): number =>
      instances.reduce((sum, one) => sum + (open.get(keyOf(service, version, one)) ?? 0), 0),
  };
}
