import { setTimeout as wait } from 'node:timers/promises';
import type { Reading } from '../../domain/judge/measurement.ts';
import type { EnvironmentDriver, InstanceUsage } from '../environment/environment.ts';
import type { createReadings } from './readings.ts';
import type { MetricsQuery, MetricsSource } from './source.ts';

/** Between two readings of the processor where there is no earlier one. */
const FIRST_GAP_MS = 300;

export type UsageReadings = ReturnType<typeof createReadings<InstanceUsage>>;

/** Memory of the largest instance and processor of the busiest one, as the driver sees them. */
export function createEnvironmentSource(
  driver: EnvironmentDriver,
  readings: UsageReadings,
): MetricsSource {
  async function read({ service, version }: MetricsQuery): Promise<readonly InstanceUsage[]> {
    const usages = await driver.usage(service, version);
    for (const usage of usages) readings.add(keyOf(service, usage), usage);
    return usages;
  }

  return {
    signals: ['memory', 'cpu'],
    async measure(query, signal) {
      const { service, fromMs, version } = query;
      const early = await read(query);
      const isFirst = early.some(
        (usage) => readings.beginning(keyOf(service, usage), fromMs, usage.atMs) === undefined,
      );
      if (isFirst) await wait(FIRST_GAP_MS, undefined, { signal });
      const usages = isFirst ? await read(query) : early;
      if (usages.length === 0) {
        const why = `no instance of ${version} runs`;
        return { memory: { kind: 'no_data', why }, cpu: { kind: 'no_data', why } };
      }
      const memory = Math.max(...usages.map((usage) => usage.memoryBytes));
      return {
        memory: { kind: 'value', value: memory, samples: usages.length },
        cpu: busiest(usages, query, readings),
      };
    },
  };
}

function busiest(
  usages: readonly InstanceUsage[],
  { service, fromMs }: MetricsQuery,
  readings: UsageReadings,
): NonNullable<Reading['cpu']> {
  const cores = usages.flatMap((usage) => {
    const before = readings.beginning(keyOf(service, usage), fromMs, usage.atMs);
    // Less than before: another process has taken the place of the instance.
    if (before === undefined || before.cpuTimeMs > usage.cpuTimeMs) return [];
    return [(usage.cpuTimeMs - before.cpuTimeMs) / (usage.atMs - before.atMs)];
  });
  if (cores.length === 0) return { kind: 'no_data', why: 'there is no earlier reading' };
  return { kind: 'value', value: Math.max(...cores), samples: cores.length };
}

function keyOf(service: string, { instance }: InstanceUsage): string {
  return `${service}/${instance}`;
}
