import { beforeEach, expect, test } from 'vitest';
import { createMemoryEnvironment } from '../../../src/providers/environment/memory.ts';
import type { InstanceUsage } from '../../../src/providers/environment/environment.ts';
import { createEnvironmentSource } from '../../../src/providers/metrics/environment.ts';
import { createReadings } from '../../../src/providers/metrics/readings.ts';

const { signal } = new AbortController();
const AT_MS = 1_700_000_000_000;

let usages: InstanceUsage[][];
let readings = createReadings<InstanceUsage>();

beforeEach(() => {
  usages = [];
  readings = createReadings<InstanceUsage>();
});

/** Each question gets the next list, as a driver would answer at that moment. */
function measure(fromMs = AT_MS, toMs = AT_MS + 60_000) {
  const driver = { ...createMemoryEnvironment(), usage: async () => usages.shift() ?? [] };
  const query = { service: 'shop', version: 'v1', instances: [], audience: 'live' as const };
  return createEnvironmentSource(driver, readings).measure({ ...query, fromMs, toMs }, signal);
}

function usage(place: number, memoryBytes: number, cpuTimeMs: number, atMs: number): InstanceUsage {
  return { instance: `v1/${place}`, memoryBytes, cpuTimeMs, atMs: AT_MS + atMs };
}

test('the largest and the busiest instance count', async () => {
  usages = [
    [usage(0, 10, 0, 0), usage(1, 30, 1000, 0)],
    [usage(0, 10, 500, 1000), usage(1, 20, 1250, 1000)],
  ];
  expect(await measure()).toEqual({
    memory: { kind: 'value', value: 20, samples: 2 },
    cpu: { kind: 'value', value: 0.5, samples: 2 },
  });
});

test('an earlier reading is used again, and nothing is asked twice', async () => {
  usages = [[usage(0, 10, 0, 0)], [usage(0, 10, 100, 1000)], [usage(0, 10, 2100, 3000)]];
  await measure();
  expect(await measure(AT_MS + 1000)).toMatchObject({ cpu: { value: 1 } });
  expect(usages).toEqual([]);
});

test('an instance that has come back begins anew, and says nothing by what it was', async () => {
  usages = [
    [usage(0, 10, 9000, 0), usage(1, 10, 0, 0)],
    [usage(0, 10, 100, 1000), usage(1, 10, 250, 1000)],
  ];
  expect(await measure()).toMatchObject({ cpu: { kind: 'value', value: 0.25, samples: 1 } });
});

test('without a running instance there is no data', async () => {
  const none = { kind: 'no_data', why: 'no instance of v1 runs' };
  expect(await measure()).toEqual({ memory: none, cpu: none });
});

test('with none that was seen before there is no figure of the processor', async () => {
  usages = [[usage(0, 10, 9000, 0)], [usage(0, 10, 100, 1000)]];
  expect(await measure()).toEqual({
    memory: { kind: 'value', value: 10, samples: 1 },
    cpu: { kind: 'no_data', why: 'there is no earlier reading' },
  });
});
