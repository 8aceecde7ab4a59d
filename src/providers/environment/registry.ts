import type { EnvironmentSpec } from '../../domain/release/release.schema.ts';
import type { EnvironmentDriver } from './environment.ts';
import { createMemoryEnvironment } from './memory.ts';
import { type ProcessEnvironmentOptions, createProcessEnvironment } from './process.ts';

/** The driver that a release file names: one of each for the whole process. */
export function createEnvironments(
  options: ProcessEnvironmentOptions,
  memory: EnvironmentDriver = createMemoryEnvironment(),
) {
  let processes: EnvironmentDriver | undefined;
  return (spec: Pick<EnvironmentSpec, 'kind'>): EnvironmentDriver => {
    switch (spec.kind) {
      case 'process':
        // Only where it is used: it needs a folder that can be written and Linux.
        processes ??= createProcessEnvironment(options);
        return processes;
      case 'memory':
        return memory;
      default:
        return spec.kind satisfies never;
    }
  };
}
