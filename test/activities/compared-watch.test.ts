import { beforeEach, describe, expect, test } from 'vitest';
import type { Reading } from '../../src/domain/judge/measurement.ts';
import type { ArmMetric } from '../../src/domain/judge/arm-metric.ts';
import type { Comparison, WatchRequest } from '../../src/activities/requests.ts';
import { createWatchActivities } from '../../src/activities/watch.ts';
import { Failure } from '../../src/domain/failure.ts';
import { newWatch, watchUntil } from '../../src/activities/watch-loop.ts';
import { errorBudgetOf, grantAt } from '../../src/domain/release/error-budget.ts';
import type { WatchResult } from '../../src/domain/release/decide.ts';
import { planOf } from '../../src/domain/release/plan.ts';
import { createTrafficSource } from '../../src/providers/metrics/traffic.ts';
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

let rig: ActivityRig;
beforeEach(() => {
  rig = createActivityRig();
  rig.metrics.set('v1', GOOD);
  rig.metrics.set('v2', GOOD);
  serve(START_MS - 14 * 60_000, START_MS, { v1: { requests: 100, errors: 2 } });
});

type Traffic = Readonly<Record<string, { readonly requests: number; readonly errors: number }>>;

/** So much in every five seconds, from a moment to another. */
function serve(fromMs: number, toMs: number, versions: Traffic): void {
  for (let atMs = fromMs; atMs < toMs; atMs += EVERY_MS) {
    for (const [version, { requests, errors }] of Object.entries(versions)) {
      for (let count = 0; count < requests; count += 1) {
        // Errors come in turns of a few, not all in every block.
        const isBad = (atMs / EVERY_MS + count * 7) % requests < errors;
        rig.router.record({
          ...{ service: SERVICE, version, audience: 'live', latencyMs: 20 },
          ...{ kind: isBad ? 'faulty' : 'good', atMs: atMs + count },
        });
      }
    }
  }
}

/** The same as it comes, while the watch goes on. */
function live(versions: Traffic, forMs = MINUTES_10): void {
  for (let atMs = 0; atMs < forMs; atMs += EVERY_MS) {
    rig.after(atMs, () => serve(START_MS + atMs, START_MS + atMs + EVERY_MS, versions));
  }
}

function requestWith(changes: Partial<WatchRequest>): WatchRequest {
  const spec = specOf();
  const { service, traffic, environment, metrics, thresholds, health } = spec;
  return {
    ...{ service, traffic, environment, metrics, thresholds, health },
    watch: spec.watch,
    target: targetOf('v2'),
    weightPercent: 50,
    fromMs: START_MS,
    untilMs: START_MS + MINUTES_10,
    baseline: targetOf('v1'),
    beside: targetOf('v1'),
    limits: spec.validation,
    compare: COMPARE,
    ...changes,
  };
}

function watch(changes: Partial<WatchRequest> = {}) {
  const { watchRelease } = createWatchActivities(rig.deps);
  return rig.run(watchRelease, requestWith(changes));
}

/** The same in two attempts: what the first had at its crash, as JSON, is all that the next has. */
async function watchTwice(changes: Partial<WatchRequest>, crashAfterMs: number) {
  const plan = { ...requestWith(changes), others: [] };
  let details = newWatch(plan.fromMs);
  const attempt = (signal: AbortSignal): Promise<WatchResult> =>
    watchUntil(rig.deps, plan, details, (newer) => (details = newer), signal);
  const crash = new AbortController();
  rig.after(crashAfterMs, () => crash.abort());
  await expect(attempt(crash.signal)).rejects.toMatchObject({ name: 'AbortError' });
  details = JSON.parse(JSON.stringify(details));
  const crashed = details;
  return { crashed, result: await attempt(new AbortController().signal) };
}

describe('a candidate whose errors are below every limit', () => {
  test('fails where they are clearly more than those of stable, with the evidence', async () => {
    live({ v1: { requests: 100, errors: 2 }, v2: { requests: 100, errors: 8 } });
    const result = await watch();
    expect(result).toMatchObject({
      kind: 'judged',
      verdict: {
        kind: 'fail',
        summary: expect.stringMatching(/worse than stable.*error budget spent 0\.5 of 1 %/),
      },
    });
    if (result.kind !== 'judged') throw new Error('it was not judged');
    const finding = result.verdict.findings.find(({ method }) => method === 'sequential');
    expect(finding).toMatchObject({ kind: 'violation', signal: 'error_rate', alpha: 0.005 });
    expect(finding?.pValue).toBeLessThanOrEqual(0.005);
    expect(finding?.effect?.estimate).toBeGreaterThan(2);
    expect(finding?.effect?.low).toBeGreaterThan(1);
    expect(rig.elapsedMs()).toBeLessThan(MINUTES_10 / 2);
    expect(JSON.stringify(result).length).toBeLessThan(4096);
  });

  test('passes where they are as many as those of stable', async () => {
    live({ v1: { requests: 100, errors: 2 }, v2: { requests: 100, errors: 2 } });
    expect(await watch()).toMatchObject({ verdict: { kind: 'pass', score: 100 } });
    expect(rig.elapsedMs()).toBe(MINUTES_10);
  });

  test('fails by the rank test of its blocks as well, where the file wants that', async () => {
    live({ v1: { requests: 100, errors: 2 }, v2: { requests: 100, errors: 8 } });
    const errors: ArmMetric = { ...METRIC, method: 'mann_whitney' };
    const latency: ArmMetric = { ...METRIC, method: 'mann_whitney' };
    const result = await watch({ compare: { ...COMPARE, errors, latency } });
    expect(result).toMatchObject({
      verdict: {
        kind: 'fail',
        summary: expect.stringMatching(/errors, compared: worse than stable, error rate/),
        findings: expect.arrayContaining([
          expect.objectContaining({ method: 'mann_whitney', signal: 'latency_p95', kind: 'ok' }),
        ]),
      },
    });
  });

  test('is not taken back by a point more in one window, as the test decides that', async () => {
    live({ v1: { requests: 100, errors: 2 }, v2: { requests: 100, errors: 2 } });
    const errors = (rate: number): Reading => ({
      ...GOOD,
      error_rate: { kind: 'value', value: rate, samples: 1000 },
    });
    rig.metrics.set('v2', errors(0.04));
    expect(await watch()).toMatchObject({ verdict: { kind: 'pass' } });
    rig.metrics.set('v2', errors(0.12));
    expect(
      await watch({ thresholds: specOf({ performance_thresholds: {} }).thresholds }),
    ).toMatchObject({ verdict: { kind: 'fail', summary: expect.stringContaining('limit 10 %') } });
  });

  test('goes one weight down where more of them are only a warning', async () => {
    live({ v1: { requests: 100, errors: 2 }, v2: { requests: 100, errors: 8 } });
    const errors: ArmMetric = { ...METRIC, severity: 'warning' };
    expect(await watch({ compare: { ...COMPARE, errors } })).toMatchObject({
      verdict: { kind: 'warn', action: 'step_back' },
    });
  });

  test('is nobody’s fault where the split is not the intended one', async () => {
    live({ v1: { requests: 100, errors: 2 }, v2: { requests: 30, errors: 8 } });
    expect(await watch()).toMatchObject({
      verdict: {
        kind: 'inconclusive',
        summary: expect.stringMatching(/^traffic split is 2\d\.\d %, intended 50 %$/),
      },
    });
  });

  test('without errors on either side passes: there is nothing to compare', async () => {
    live({ v1: { requests: 100, errors: 0 }, v2: { requests: 100, errors: 0 } });
    expect(await watch()).toMatchObject({ verdict: { kind: 'pass' } });
  });
});

describe('a metric of the file’s own', () => {
  const own = (method: ArmMetric['method']): Partial<Comparison> => ({
    errors: undefined,
    metrics: [{ ...METRIC, method, name: 'heap', direction: 'increase', noData: 'fail' }],
    own: {
      server: { url: 'http://p', timeoutMs: 1000, headersFromEnv: {} },
      queries: { heap: 'q' },
    },
  });
  let asked = 0;
  /** Each arm's value in a block, the candidate's this many times stable's. */
  const answer = (ratio: number): void => {
    asked = 0;
    live({ v1: { requests: 100, errors: 0 }, v2: { requests: 100, errors: 0 } });
    rig.askPrometheus = async (_server, query, { version, fromMs, toMs }) => {
      expect({ query, forMs: toMs - fromMs }).toEqual({ query: 'q', forMs: EVERY_MS });
      asked += 1;
      const value = 1e8 + 1e6 * ((fromMs / EVERY_MS) % 7) + 1e5 * (asked % 3);
      return { kind: 'value', value: version === 'v2' ? value * ratio : value, samples: 1 };
    };
  };

  test.each(['sequential', 'mann_whitney'] as const)('is compared by %s', async (method) => {
    answer(1.5);
    expect(await watch({ compare: { ...COMPARE, ...own(method) } })).toMatchObject({
      verdict: {
        kind: 'fail',
        findings: expect.arrayContaining([
          expect.objectContaining({ signal: 'heap', method, kind: 'violation' }),
        ]),
      },
    });
  });

  test.each(['sequential', 'mann_whitney'] as const)(
    'passes by %s where it is the same',
    async (method) => {
      answer(1.01);
      expect(await watch({ compare: { ...COMPARE, ...own(method) } })).toMatchObject({
        verdict: { kind: 'pass' },
      });
      expect(asked).toBeGreaterThan(200);
    },
  );

  test.each([
    ['fail', { kind: 'no_data' }],
    ['hold', { kind: 'no_data', action: 'hold' }],
    ['ignore', { kind: 'pass' }],
  ] as const)('without values is never taken for zero: %s', async (noData, verdict) => {
    answer(1);
    rig.askPrometheus = async () => {
      throw new Failure('MetricsUnreachable', 'refused');
    };
    const { metrics = [], ...rest } = own('sequential');
    const compare = { ...COMPARE, ...rest, metrics: metrics.map((one) => ({ ...one, noData })) };
    expect(await watch({ compare })).toMatchObject({ verdict });
    const budgetMs = noData === 'ignore' ? MINUTES_10 : specOf().watch.noDataBudgetMs;
    expect(rig.elapsedMs()).toBe(budgetMs);
  });

  test('whose values stop coming is without data from then on', async () => {
    answer(1);
    const { askPrometheus } = rig;
    rig.askPrometheus = async (...question) =>
      rig.elapsedMs() < 300_000 ? askPrometheus(...question) : { kind: 'no_data', why: 'gone' };
    expect(await watch({ compare: { ...COMPARE, ...own('sequential') } })).toMatchObject({
      verdict: { kind: 'no_data', summary: 'no heap of both versions' },
    });
  });
});

describe('a comparison', () => {
  test('that begins again after a crash goes on, and decides as if there had been none', async () => {
    const both = { v1: { requests: 100, errors: 3 }, v2: { requests: 100, errors: 8 } };
    live(both);
    const whole = await watch();
    const wholeMs = rig.elapsedMs();

    rig = createActivityRig();
    rig.metrics.set('v1', GOOD);
    rig.metrics.set('v2', GOOD);
    serve(START_MS - 14 * 60_000, START_MS, { v1: { requests: 100, errors: 2 } });
    live(both);
    const { crashed, result } = await watchTwice({}, wholeMs / 2);
    expect(crashed.compared?.judge.errors).toMatchObject({ kind: 'counts' });
    expect(result).toEqual(whole);
    expect(rig.elapsedMs()).toBe(wholeMs);
  });

  test('waits while the load balancer cannot be asked, and then looks at all of it', async () => {
    live({ v1: { requests: 100, errors: 2 }, v2: { requests: 100, errors: 8 } });
    const { countsByBlock } = rig.router;
    rig.router.countsByBlock = async (query, signal) => {
      if (rig.elapsedMs() < 120_000) throw new Failure('TrafficUnreachable', 'away');
      return countsByBlock(query, signal);
    };
    expect(await watch()).toMatchObject({ verdict: { kind: 'fail' } });
    expect(rig.elapsedMs()).toBeGreaterThanOrEqual(120_000);
  });
});

describe('Kayenta’s judge', () => {
  const KAYENTA: Comparison = {
    ...{ ...COMPARE, errors: undefined, budget: 'outside the error budget' },
    kayenta: {
      ...{ pass: 95, marginal: 75, groupWeights: {} },
      metrics: (['errors', 'latency'] as const).map((name) => ({
        ...{ name, group: name, critical: false, direction: 'increase', noData: 'fail' },
      })),
    },
  };

  test('fails a candidate with more errors, and not before the step is over', async () => {
    live({ v1: { requests: 100, errors: 2 }, v2: { requests: 100, errors: 8 } });
    expect(await watch({ compare: KAYENTA })).toMatchObject({
      verdict: {
        ...{ kind: 'fail', score: 50 },
        summary: expect.stringMatching(
          /^Kayenta's judge: score 50, 95 passes .*errors is higher.*; outside the error budget$/,
        ),
      },
    });
    expect(rig.elapsedMs()).toBe(MINUTES_10);
  });

  test('lets one pass that is no worse', async () => {
    live({ v1: { requests: 100, errors: 2 }, v2: { requests: 100, errors: 2 } });
    const result = await watch({ compare: KAYENTA });
    expect(result).toMatchObject({ verdict: { kind: 'pass', score: 100 } });
    expect(JSON.stringify(result).length).toBeLessThan(4096);
  });

  test('takes a weight back where the score is marginal', async () => {
    live({ v1: { requests: 100, errors: 2 }, v2: { requests: 100, errors: 8 } });
    const kayenta = KAYENTA.kayenta && { ...KAYENTA.kayenta, groupWeights: { errors: 20 } };
    expect(
      await watch({ compare: { ...KAYENTA, ...(kayenta === undefined ? {} : { kayenta }) } }),
    ).toMatchObject({ verdict: { kind: 'warn', action: 'step_back', score: 80 } });
  });

  test('never lets a step pass that is too short to tell', async () => {
    live({ v1: { requests: 100, errors: 2 }, v2: { requests: 100, errors: 2 } }, 15_000);
    const budgetMs = specOf().watch.noDataBudgetMs;
    expect(await watch({ compare: KAYENTA, untilMs: START_MS + 15_000 })).toMatchObject({
      verdict: { kind: 'inconclusive', summary: expect.stringContaining('too few') },
    });
    expect(rig.elapsedMs()).toBeLessThanOrEqual(15_000 + budgetMs);
  });
});

test('the next step is granted a part of its own, which a crash there does not renew', async () => {
  const spec = specOf({
    ...{
      strategy: 'canary',
      steps: [
        { weight: 25, for: '10m' },
        { weight: 50, for: '10m' },
      ],
    },
  });
  const ledger = errorBudgetOf(spec, planOf(spec, { stableInstances: 2, fast: false }));
  if (ledger === undefined) throw new Error('nothing is compared');
  const first = grantAt(ledger, 'weight-25', spec);
  const second = first && grantAt(first.ledger, 'weight-50', spec);
  if (first === undefined || second === undefined) throw new Error('nothing was granted');
  live({ v1: { requests: 100, errors: 2 }, v2: { requests: 100, errors: 2 } });
  await watch({ compare: { ...COMPARE, ...first.granted } });

  const fromMs = START_MS + MINUTES_10;
  live({ v1: { requests: 100, errors: 2 }, v2: { requests: 100, errors: 8 } }, 2 * MINUTES_10);
  const compare = { ...COMPARE, ...second.granted };
  const { crashed, result } = await watchTwice(
    { fromMs, untilMs: fromMs + MINUTES_10, compare },
    MINUTES_10 + 20_000,
  );
  const alpha = second.granted.errors?.alpha ?? 1;
  expect(crashed.compared?.judge.errors).toMatchObject({ kind: 'counts', alpha, blocks: 2 });
  if (result.kind !== 'judged') throw new Error('it was not judged');
  const finding = result.verdict.findings.find(({ method }) => method === 'sequential');
  expect(finding).toMatchObject({ kind: 'violation', alpha });
  expect((first.granted.errors?.alpha ?? 1) + alpha).toBeLessThanOrEqual(spec.judge.alpha);
});

test('a service with hardly any traffic ends without data within its budget, and never passes', async () => {
  // One request a second, of which the candidate gets one in a hundred.
  for (let second = -14 * 60; second < 600; second += 1) {
    const atMs = START_MS + second * 1000;
    const version = second >= 0 && second % 100 === 50 ? 'v2' : 'v1';
    const request = { service: SERVICE, version, audience: 'live', kind: 'good' } as const;
    rig.after(Math.max(0, second * 1000), () =>
      rig.router.record({ ...request, latencyMs: 20, atMs }),
    );
  }
  const source = createTrafficSource(rig.router);
  rig.deps.metrics = (spec) =>
    spec.kind === 'environment' ? { signals: [], measure: async () => ({}) } : source;
  const spec = specOf({ watch: { no_data_budget: '2m' } });
  const compare = { ...COMPARE, split: 0.01 };
  const result = await watch({ watch: spec.watch, weightPercent: 1, compare });
  expect(result).toMatchObject({ kind: 'judged', verdict: { kind: 'no_data' } });
  expect(rig.elapsedMs()).toBeLessThanOrEqual(120_000 + EVERY_MS);
});
