import { beforeEach, describe, expect, test } from 'vitest';
import type { WatchRequest } from '../../src/activities/requests.ts';
import { createWatchActivities } from '../../src/activities/watch.ts';
import type { Reading } from '../../src/domain/judge/measurement.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import {
  type ActivityRig,
  GOOD,
  START_MS,
  createActivityRig,
  specOf,
  targetOf,
  unhealthy,
} from '../support/activity-rig.ts';

const MINUTES_2 = 120_000;
const WINDOW_MS = 60_000;
const slow = (samples: number): Reading => ({
  ...GOOD,
  latency_p95: { kind: 'value', value: 999, samples },
});
const SLOW = slow(1000);

let rig: ActivityRig;
beforeEach(() => {
  rig = createActivityRig();
  rig.metrics.set('v1', GOOD);
  rig.metrics.set('v2', GOOD);
});

function watch(
  changes: Partial<WatchRequest> = {},
  document: Partial<ReleaseDocument> = {},
  heartbeatDetails?: unknown,
) {
  const spec = specOf(document);
  const { service, traffic, environment, metrics, thresholds, watch: watching, health } = spec;
  const { watchRelease } = createWatchActivities(rig.deps);
  return rig.run(
    watchRelease,
    {
      ...{ service, traffic, environment, metrics, thresholds, watch: watching, health },
      target: targetOf('v2'),
      weightPercent: 10,
      fromMs: START_MS,
      untilMs: START_MS + MINUTES_2,
      baseline: targetOf('v1'),
      limits: spec.validation,
      ...changes,
    },
    { heartbeatDetails },
  );
}

describe('beside production, in the same window', () => {
  const beside = { beside: targetOf('v1') };
  const document = { performance_thresholds: {} };

  test('a version that becomes slow together with production is not to blame', async () => {
    rig.after(30_000, () => {
      rig.metrics.set('v1', SLOW);
      rig.metrics.set('v2', SLOW);
    });
    expect(await watch(beside, document)).toMatchObject({ verdict: { kind: 'pass' } });
  });

  test('one that is slower than production now is, whatever production was before', async () => {
    rig.metrics.set('v1', ({ toMs }) => (toMs <= START_MS ? SLOW : GOOD));
    rig.after(30_000, () => rig.metrics.set('v2', SLOW));
    expect(await watch(beside, document)).toMatchObject({
      verdict: { kind: 'fail', findings: [{ measured: 999, baseline: 40, limit: 70 }, {}] },
    });
    expect(rig.elapsedMs()).toBe(30_000);
  });

  test('it keeps the thresholds as well: the stricter limit counts', async () => {
    const strict = { performance_thresholds: { max_latency_p95: '60ms' } };
    const some: Reading = { ...GOOD, latency_p95: { kind: 'value', value: 65, samples: 1000 } };
    rig.metrics.set('v2', some);
    expect(await watch(beside, strict)).toMatchObject({ verdict: { kind: 'fail' } });
    const loose = { performance_thresholds: { max_latency_p95: '500ms' } };
    rig.metrics.set('v2', SLOW);
    rig.metrics.set('v1', GOOD);
    expect(await watch(beside, loose)).toMatchObject({
      verdict: { findings: [{ limit: 70, kind: 'violation' }, {}] },
    });
  });

  test('both sides are looked at over the same time', async () => {
    const windows: string[] = [];
    for (const version of ['v1', 'v2']) {
      rig.metrics.set(version, ({ fromMs, toMs }) => {
        windows.push(`${fromMs - START_MS}-${toMs - START_MS}`);
        return GOOD;
      });
    }
    await watch(beside);
    const pairs = Array.from({ length: windows.length / 2 }, (_, at) => windows.slice(2 * at));
    expect(pairs.every(([one, other]) => one === other)).toBe(true);
    expect(windows).toHaveLength(48);
  });
});

describe('a guard', () => {
  const guard = { purpose: 'guard' } as const;

  test('stays to its end without data, and says so then', async () => {
    rig.metrics.set('v2', {});
    expect(await watch(guard)).toMatchObject({ kind: 'judged', verdict: { kind: 'no_data' } });
    expect(rig.elapsedMs()).toBe(MINUTES_2);
  });

  test('ends at its time although the last check failed', async () => {
    rig.after(119_000, () => (rig.checkHealth = async () => unhealthy('503')));
    expect(await watch(guard)).toMatchObject({ kind: 'judged', verdict: { kind: 'pass' } });
    expect(rig.elapsedMs()).toBe(MINUTES_2);
  });

  test('ends at once for a broken limit', async () => {
    rig.after(20_000, () => rig.metrics.set('v2', SLOW));
    expect(await watch(guard)).toMatchObject({ verdict: { kind: 'fail' } });
    expect(rig.elapsedMs()).toBe(20_000);
  });

  test('and for instances that are unhealthy several times in a row', async () => {
    rig.after(20_000, () => (rig.checkHealth = async () => unhealthy('503')));
    expect(await watch(guard)).toEqual({ kind: 'unhealthy', report: '503' });
  });

  test('may have no end', async () => {
    rig.after(2 * 86_400_000, () => rig.metrics.set('v2', SLOW));
    const seldom = { watch: { interval: '1m' } };
    const endless = { ...guard, untilMs: Number.MAX_SAFE_INTEGER };
    expect(await watch(endless, seldom)).toMatchObject({ verdict: { kind: 'fail' } });
    expect(rig.elapsedMs()).toBe(2 * 86_400_000);
  });
});

describe('a window with too few samples', () => {
  const perMinute = (requests: number, latencyMs = 40) =>
    rig.metrics.set('v2', ({ fromMs, toMs }) => {
      const samples = Math.round((requests * (toMs - fromMs)) / WINDOW_MS);
      return {
        latency_p95: { kind: 'value', value: latencyMs, samples },
        error_rate: { kind: 'value', value: 0, samples },
        throughput: { kind: 'value', value: requests / 60, samples },
      };
    });
  const untilMs = START_MS + 10 * MINUTES_2;
  const patient = {
    watch: { min_samples: 50, interval: '5s', window: '1m', no_data_budget: '10m' },
  } as const;

  test('is widened to all that was seen since the beginning', async () => {
    perMinute(10);
    const result = await watch({ untilMs }, patient);
    expect(result).toMatchObject({
      verdict: { kind: 'pass', findings: [{ samples: 200 }, { samples: 200 }] },
    });
    expect(rig.elapsedMs()).toBe(20 * 60_000);
  });

  test('shows what is broken as soon as all together are enough', async () => {
    perMinute(10, 999);
    expect(await watch({ untilMs }, patient)).toMatchObject({ verdict: { kind: 'fail' } });
    expect(rig.elapsedMs()).toBe(300_000);
  });

  test('is not where there was nothing at all: silence is no data', async () => {
    perMinute(10);
    rig.after(600_000, () =>
      rig.metrics.set('v2', ({ fromMs, toMs }) =>
        toMs - fromMs > WINDOW_MS + 5000
          ? GOOD
          : { ...GOOD, error_rate: { kind: 'value', value: 0, samples: 0 }, latency_p95: NONE },
      ),
    );
    const result = await watch({ untilMs }, patient);
    expect(result).toMatchObject({ verdict: { kind: 'no_data' } });
  });

  test('is widened for production beside it as well', async () => {
    rig.metrics.set('v1', ({ fromMs, toMs }) => slow(Math.round((toMs - fromMs) / 6000)));
    const document = { ...patient, performance_thresholds: {} };
    const result = await watch({ untilMs, beside: targetOf('v1') }, document);
    expect(result).toMatchObject({
      verdict: { kind: 'pass', findings: [{ baseline: 999 }, {}] },
    });
  });
});

const NONE = { kind: 'no_data', why: 'no request was answered' } as const;
