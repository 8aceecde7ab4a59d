import { beforeEach, expect, test } from 'vitest';
import type { Comparison, WatchRequest } from '../../src/activities/requests.ts';
import { createWatchActivities } from '../../src/activities/watch.ts';
import type { OwnMetric } from '../../src/domain/judge/arm-metric.ts';
import type { Reading } from '../../src/domain/judge/measurement.ts';
import { Failure } from '../../src/domain/failure.ts';
import {
  type ActivityRig,
  GOOD,
  SERVICE,
  START_MS,
  createActivityRig,
  specOf,
  targetOf,
} from '../support/activity-rig.ts';
import { COMPARE, METRIC } from '../support/comparison.ts';

const MINUTES_10 = 600_000;
const EVERY_MS = 5000;
const BUDGET_MS = specOf().watch.noDataBudgetMs;

let rig: ActivityRig;
beforeEach(() => {
  rig = createActivityRig();
  for (const version of ['v1', 'v2']) rig.metrics.set(version, GOOD);
  for (let atMs = 0; atMs < MINUTES_10; atMs += 100) {
    const kind = atMs % 2000 === 0 ? 'faulty' : 'good';
    const request = { service: SERVICE, audience: 'live', kind, latencyMs: 20 } as const;
    rig.after(atMs, () => {
      for (const version of ['v1', 'v2']) {
        rig.router.record({ ...request, version, atMs: START_MS + atMs });
      }
    });
  }
});

function watch(compare: Comparison, changes: Partial<WatchRequest> = {}) {
  const spec = specOf();
  const { service, traffic, environment, metrics, thresholds, health } = spec;
  return rig.run(createWatchActivities(rig.deps).watchRelease, {
    ...{ service, traffic, environment, metrics, thresholds, health, compare },
    ...{ watch: spec.watch, limits: spec.validation, weightPercent: 50 },
    ...{ target: targetOf('v2'), baseline: targetOf('v1'), beside: targetOf('v1') },
    ...{ fromMs: START_MS, untilMs: START_MS + MINUTES_10, purpose: 'judge' },
    ...changes,
  });
}

function own(changes: Partial<OwnMetric>): Comparison {
  return {
    ...COMPARE,
    errors: undefined,
    metrics: [{ ...METRIC, name: 'heap', direction: 'increase', noData: 'fail', ...changes }],
    own: {
      server: { url: 'http://p', timeoutMs: 1000, headersFromEnv: {} },
      queries: { heap: 'q' },
    },
  };
}

test.each([
  ['fail', 'critical', { kind: 'no_data', summary: 'no heap of both versions' }],
  ['hold', 'critical', { kind: 'no_data', action: 'hold' }],
  ['fail', 'warning', { kind: 'no_data', action: 'step_back' }],
  ['hold', 'warning', { kind: 'no_data', action: 'hold' }],
] as const)(
  'a metric without values never passes: %s, of severity %s',
  async (noData, severity, verdict) => {
    rig.askPrometheus = async () => {
      throw new Failure('MetricsUnreachable', 'refused');
    };
    expect(await watch(own({ noData, severity }))).toMatchObject({ verdict });
    expect(rig.elapsedMs()).toBe(BUDGET_MS);
  },
);

const steady = async () => ({ kind: 'value', value: 1, samples: 1 }) as const;
const SHORT = { untilMs: START_MS + 15_000 };
const patient = { ...specOf().watch, noDataBudgetMs: 300_000 };

test.each([
  ['sequential', /^\d value\(s\) of heap, 45 are needed/],
  ['mann_whitney', /^\d value\(s\) of heap, 10 are needed/],
] as const)('a step that is over before %s could look is without data', async (method, summary) => {
  rig.askPrometheus = steady;
  expect(await watch(own({ method }), SHORT)).toMatchObject({
    verdict: { kind: 'no_data', summary: expect.stringMatching(summary) },
  });
  expect(rig.elapsedMs()).toBeLessThanOrEqual(15_000 + BUDGET_MS);
});

test.each([
  ['sequential', 45],
  ['mann_whitney', 10],
] as const)('it goes on within its budget until %s has its values', async (method, least) => {
  rig.askPrometheus = steady;
  expect(await watch(own({ method }), { ...SHORT, watch: patient })).toMatchObject({
    verdict: { kind: 'pass' },
  });
  expect(rig.elapsedMs()).toBeGreaterThan(least * EVERY_MS);
  expect(rig.elapsedMs()).toBeLessThanOrEqual((least + 2) * EVERY_MS);
});

test.each([
  ['from its beginning', 0, 20_000],
  ['from its beginning, over a long step', 0, MINUTES_10],
  ['in its last minutes', MINUTES_10 - 60_000, MINUTES_10],
])('errors that nobody has counted %s never pass by limits', async (_, awayMs, forMs) => {
  const { countsByBlock } = rig.router;
  rig.router.countsByBlock = async (...query) => {
    if (rig.elapsedMs() >= awayMs) throw new Failure('TrafficUnreachable', 'away');
    return countsByBlock(...query);
  };
  expect(await watch(COMPARE, { untilMs: START_MS + forMs })).toMatchObject({
    verdict: { kind: 'no_data', summary: 'no errors of both versions' },
  });
  expect(rig.elapsedMs()).toBeLessThanOrEqual(forMs + BUDGET_MS);
});

test('a step without room for a block is judged by its limits', async () => {
  expect(await watch(COMPARE, { untilMs: START_MS + 5000 })).toMatchObject({
    verdict: { kind: 'pass' },
  });
  expect(rig.elapsedMs()).toBe(5000);
});

test.each([
  ['as intended', [900, 100], 'pass'],
  ['not as intended', [900, 300], 'inconclusive'],
  ['unknown, where no more of an arm are counted', [1_000_000, 400_000], 'pass'],
] as const)('under affinity the split of users is %s', async (_, [stable, candidate], kind) => {
  const routes = ['v1', 'v2'].map((version) => ({ ...targetOf(version), weightPercent: 50 }));
  const affinity = { cookie: 'belay_user', maxAgeS: 60, salt: 's' };
  const change = { service: SERVICE, key: 'k', generation: 1, routes, affinity };
  await rig.router.apply(change, new AbortController().signal);
  rig.router.setAssignments(SERVICE, [
    { version: 'v1', users: stable },
    { version: 'v2', users: candidate },
  ]);
  const split = { split: 0.1, splitUnits: 'users' } as const;
  const { verdict } = { verdict: undefined, ...(await watch({ ...COMPARE, ...split })) };
  expect(verdict).toMatchObject({ kind });
});

const BREACH_MS = 90_000;

test('a young breach of a limit is not hurried by a comparison that is only a warning', async () => {
  const worse: Comparison = own({ severity: 'warning', method: 'mann_whitney' });
  rig.askPrometheus = async (_server, _query, { version, fromMs }) => {
    const value = (version === 'v2' ? 9 : 1) + ((fromMs / EVERY_MS) % 3) / 100;
    return { kind: 'value', value, samples: 1 };
  };
  const slow: Reading = { ...GOOD, latency_p95: { kind: 'value', value: 999, samples: 1000 } };
  // It is broken for half a minute, in the middle of which the comparison is lost.
  rig.after(BREACH_MS, () => rig.metrics.set('v2', slow));
  rig.after(BREACH_MS + 30_000, () => rig.metrics.set('v2', GOOD));
  const watchFor = { ...specOf().watch, breachForMs: 60_000 };
  expect(await watch(worse, { watch: watchFor })).toMatchObject({
    verdict: { kind: 'warn', action: 'step_back' },
  });
  expect(rig.elapsedMs()).toBe(BREACH_MS + 30_000);
});

test('a comparison tells its window, both figures, the limit and what it may spend', async () => {
  const { verdict } = { verdict: undefined, ...(await watch(COMPARE)) };
  expect(verdict?.findings.find(({ method }) => method === 'sequential')).toMatchObject({
    ...{ windowMs: 595_000, limit: 0.1, measured: 298 / 119, baseline: 298 / 119, samples: 298 },
    ...{ alpha: 0.005, pValue: 1, severity: 'critical', effect: { estimate: 1 } },
  });
});
