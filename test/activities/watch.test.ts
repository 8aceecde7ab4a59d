import { beforeEach, describe, expect, test } from 'vitest';
import type { WatchRequest } from '../../src/activities/requests.ts';
import { createWatchActivities } from '../../src/activities/watch.ts';
import { Failure } from '../../src/domain/failure.ts';
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

const SLOW: Reading = { ...GOOD, latency_p95: { kind: 'value', value: 999, samples: 1000 } };
const MINUTES_2 = 120_000;

let rig: ActivityRig;
beforeEach(() => {
  rig = createActivityRig();
  rig.metrics.set('v1', GOOD);
  rig.metrics.set('v2', GOOD);
});

function watch(
  changes: Partial<WatchRequest> & { readonly document?: Partial<ReleaseDocument> } = {},
  heartbeatDetails?: unknown,
) {
  const { document = {}, ...request } = changes;
  const spec = specOf(document);
  const { service, traffic, environment, metrics, thresholds, watch: watching, health } = spec;
  const { watchRelease } = createWatchActivities(rig.deps);
  return rig.run(
    watchRelease,
    {
      ...{ service, traffic, environment, metrics, thresholds, watch: watching, health },
      target: targetOf('v2'),
      weightPercent: 100,
      fromMs: START_MS,
      untilMs: START_MS + MINUTES_2,
      baseline: targetOf('v1'),
      limits: spec.validation,
      ...request,
    },
    { heartbeatDetails },
  );
}

test('a good version is watched to the end', async () => {
  expect(await watch()).toMatchObject({ kind: 'judged', verdict: { kind: 'pass' } });
  expect(rig.elapsedMs()).toBe(MINUTES_2);
});

describe('the watch ends at once', () => {
  test('when a limit is broken, with the evidence', async () => {
    rig.after(40_000, () => rig.metrics.set('v2', SLOW));
    const result = await watch();
    expect(result).toMatchObject({
      kind: 'judged',
      verdict: {
        kind: 'fail',
        findings: [{ signal: 'latency_p95', measured: 999, limit: 250 }, {}],
      },
    });
    expect(rig.elapsedMs()).toBe(40_000);
  });

  test('also while health checks are slow, which are let go', async () => {
    let letGo = 0;
    rig.checkHealth = (_request, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          letGo += 1;
          reject(signal.reason);
        });
      });
    rig.metrics.set('v2', SLOW);
    expect(await watch()).toMatchObject({ verdict: { kind: 'fail' } });
    expect(letGo).toBe(1);
  });

  test('when the instances are unhealthy three times in a row', async () => {
    rig.after(20_000, () => (rig.checkHealth = async () => unhealthy('503')));
    expect(await watch()).toEqual({ kind: 'unhealthy', report: '503' });
    expect(rig.elapsedMs()).toBe(30_000);
  });

  test('but not for a check that fails now and then', async () => {
    let rounds = 0;
    rig.checkHealth = async () => {
      rounds += 1;
      return rounds % 3 === 0 ? { kind: 'healthy', checks: 1 } : unhealthy('now and then');
    };
    expect(await watch()).toMatchObject({ kind: 'judged', verdict: { kind: 'pass' } });
  });

  test('when there has been no data for as long as the budget', async () => {
    rig.after(20_000, () => rig.metrics.set('v2', {}));
    expect(await watch()).toMatchObject({ kind: 'judged', verdict: { kind: 'no_data' } });
    // The last look with data was 5 s before the data ended.
    expect(rig.elapsedMs()).toBe(45_000);
  });
});

describe('a limit that must be broken for a while', () => {
  const patient = (watching: NonNullable<ReleaseDocument['watch']>) =>
    specOf({ watch: { interval: '5s', window: '1m', no_data_budget: '30s', ...watching } }).watch;
  const p95 = (value: number): Reading => ({
    ...GOOD,
    latency_p95: { kind: 'value', value, samples: 1000 },
  });

  test('ends the watch when it has been', async () => {
    rig.after(40_000, () => rig.metrics.set('v2', SLOW));
    expect(await watch({ watch: patient({ breach_for: '20s' }) })).toMatchObject({
      verdict: { kind: 'fail' },
    });
    expect(rig.elapsedMs()).toBe(60_000);
  });

  test('does not where it is kept again in between', async () => {
    rig.after(40_000, () => rig.metrics.set('v2', SLOW));
    rig.after(50_000, () => rig.metrics.set('v2', GOOD));
    expect(await watch({ watch: patient({ breach_for: '20s' }) })).toMatchObject({
      verdict: { kind: 'pass' },
    });
  });

  test('is not kept again before the figure is well within it', async () => {
    rig.after(40_000, () => rig.metrics.set('v2', p95(260)));
    // Within the limit of 250 ms, but not by a tenth.
    rig.after(50_000, () => rig.metrics.set('v2', p95(240)));
    const watching = patient({ breach_for: '20s', hysteresis: '10%' });
    expect(await watch({ watch: watching })).toMatchObject({ verdict: { kind: 'fail' } });
    expect(rig.elapsedMs()).toBe(60_000);
  });

  test('decides nothing at the end of the watch before it is clear', async () => {
    rig.after(110_000, () => rig.metrics.set('v2', SLOW));
    expect(await watch({ watch: patient({ breach_for: '20s' }) })).toMatchObject({
      verdict: { kind: 'fail' },
    });
    expect(rig.elapsedMs()).toBe(130_000);
  });
});

test('a gap in the data that is shorter than the budget is bridged', async () => {
  rig.after(20_000, () => rig.metrics.set('v2', {}));
  rig.after(40_000, () => rig.metrics.set('v2', GOOD));
  expect(await watch()).toMatchObject({ verdict: { kind: 'pass' } });
});

test('a version is not good because time is over: it is looked at until it is', async () => {
  rig.after(113_000, () => (rig.checkHealth = async () => unhealthy('a moment, please')));
  rig.after(121_000, () => (rig.checkHealth = async () => ({ kind: 'healthy', checks: 1 })));
  expect(await watch()).toMatchObject({ kind: 'judged', verdict: { kind: 'pass' } });
  // An interval later, not at once: three looks within a moment would be no three in a row.
  expect(rig.elapsedMs()).toBe(MINUTES_2 + 5000);
});

describe('without thresholds', () => {
  const document = { performance_thresholds: {} };

  test('stable’s own figures from before the switch are the limit', async () => {
    rig.metrics.set('v1', ({ toMs }) => (toMs <= START_MS ? GOOD : SLOW));
    rig.after(30_000, () => rig.metrics.set('v2', SLOW));
    const result = await watch({ document });
    expect(result).toMatchObject({
      verdict: { kind: 'fail', findings: [{ measured: 999, baseline: 40, limit: 70 }, {}] },
    });
  });

  test('a first release is watched by its health alone, and that is said', async () => {
    const result = await watch({ document, baseline: null });
    expect(result).toMatchObject({ verdict: { kind: 'warn', findings: [] } });
    rig.checkHealth = async () => unhealthy('503');
    expect(await watch({ document, baseline: null })).toMatchObject({ kind: 'unhealthy' });
  });

  test('a stable of which nothing is known leaves nothing known', async () => {
    rig.metrics.set('v1', {});
    expect(await watch({ document })).toMatchObject({ verdict: { kind: 'no_data' } });
  });
});

describe('throughput', () => {
  const document = { performance_thresholds: { min_throughput: '50/s', max_error_rate: '5%' } };
  const quiet: Reading = { ...GOOD, throughput: { kind: 'value', value: 1, samples: 60 } };

  test('is judged from the first whole window on', async () => {
    rig.metrics.set('v2', quiet);
    expect(await watch({ document })).toMatchObject({ verdict: { kind: 'fail' } });
    expect(rig.elapsedMs()).toBe(60_000);
  });

  test('of a first release alone is waited for, also beyond the budget without data', async () => {
    const alone = { performance_thresholds: { min_throughput: '50/s' } };
    expect(await watch({ document: alone, baseline: null })).toMatchObject({
      verdict: { kind: 'pass' },
    });
    rig = createActivityRig();
    rig.metrics.set('v2', quiet);
    expect(await watch({ document: alone, baseline: null })).toMatchObject({
      verdict: { kind: 'fail' },
    });
    expect(rig.elapsedMs()).toBe(60_000);
  });

  test('is judged at the end where the watch is shorter than a window', async () => {
    rig.metrics.set('v2', quiet);
    const untilMs = START_MS + 20_000;
    expect(await watch({ document, untilMs })).toMatchObject({ verdict: { kind: 'fail' } });
    expect(rig.elapsedMs()).toBe(20_000);
  });
});

describe('a later attempt', () => {
  const details = {
    lookedUntilMs: START_MS - 300_000,
    unhealthyInARow: 2,
    dataAtMs: START_MS - 20_000,
    baseline: GOOD,
  };

  test('looks at the time that nobody has looked at', async () => {
    const windows: number[] = [];
    rig.metrics.set('v2', ({ fromMs, toMs }) => {
      windows.push(toMs - fromMs);
      return GOOD;
    });
    await watch({ fromMs: START_MS - 600_000 }, details);
    expect(windows[0]).toBe(305_000);
    expect(windows[1]).toBe(60_000);
  });

  test('neither forgets that the instances were unhealthy', async () => {
    rig.checkHealth = async () => unhealthy('503');
    expect(await watch({}, details)).toEqual({ kind: 'unhealthy', report: '503' });
    expect(rig.elapsedMs()).toBe(5000);
  });

  test('nor for how long there was no data', async () => {
    rig.metrics.set('v2', {});
    expect(await watch({}, details)).toMatchObject({ verdict: { kind: 'no_data' } });
    expect(rig.elapsedMs()).toBe(10_000);
  });

  test('compares with what stable was before the switch, not with what it is now', async () => {
    rig.metrics.set('v1', SLOW);
    rig.metrics.set('v2', SLOW);
    const document = { performance_thresholds: {} };
    expect(await watch({ document }, details)).toMatchObject({ verdict: { kind: 'fail' } });
  });

  test('that finds details it does not understand begins anew', async () => {
    expect(await watch({}, 'from another time')).toMatchObject({ verdict: { kind: 'pass' } });
  });
});

test('a source that refuses the question ends the watch with its failure', async () => {
  rig.metrics.set('v2', () => {
    throw new Failure('MetricsInvalid', 'no such function');
  });
  await expect(watch()).rejects.toMatchObject({ code: 'MetricsInvalid' });
});

test('a watch that is called off throws, and lets its checks go', async () => {
  rig.after(30_000, () => rig.cancel());
  await expect(watch()).rejects.toMatchObject({ name: 'CancelledFailure' });
});
