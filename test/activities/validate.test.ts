import { beforeEach, describe, expect, test } from 'vitest';
import type { ValidateRequest } from '../../src/activities/requests.ts';
import { createValidateActivities } from '../../src/activities/validate.ts';
import type { ProbeAnswer } from '../../src/providers/health/probe-load.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { type ActivityRig, createActivityRig, specOf, targetOf } from '../support/activity-rig.ts';

let rig: ActivityRig;
/** How each version answers the probe load. */
let answers: Record<string, (count: number) => ProbeAnswer>;
let asked: Record<string, number>;

function answered(tookMs: number, status = 200): (count: number) => ProbeAnswer {
  return () => ({ kind: 'answered', status, tookMs });
}

beforeEach(() => {
  rig = createActivityRig();
  answers = { v1: answered(40), v2: answered(40) };
  asked = {};
  rig.deps.probe = async ({ headers }) => {
    const version = headers['x-belay-version'] ?? 'v2';
    const count = (asked[version] = (asked[version] ?? 0) + 1);
    return answers[version]?.(count) ?? { kind: 'lost', why: 'nobody', tookMs: 0 };
  };
});

function validate(
  changes: Partial<ValidateRequest> & { readonly document?: Partial<ReleaseDocument> } = {},
  heartbeatDetails?: unknown,
) {
  const { document = {}, ...request } = changes;
  const { service, traffic, environment, metrics, thresholds, validation } = specOf(document);
  const { validateCandidate } = createValidateActivities(rig.deps);
  return rig.run(
    validateCandidate,
    {
      ...{ service, traffic, environment, metrics, thresholds, validation },
      candidate: targetOf('v2'),
      stable: targetOf('v1'),
      ...request,
    },
    { heartbeatDetails },
  );
}

test('both sides get the same load for the whole window, and the candidate is judged', async () => {
  const { verdict, baseline } = await validate();
  expect(verdict).toMatchObject({ kind: 'pass' });
  // Two requests a second for half a minute, to each side.
  expect(asked).toEqual({ v1: 60, v2: 60 });
  expect(rig.elapsedMs()).toBeGreaterThanOrEqual(29_500);
  expect(baseline).toMatchObject({
    latency_p95: { kind: 'value', samples: 60 },
    error_rate: { kind: 'value', value: 0, samples: 60 },
  });
});

describe('a candidate fails', () => {
  test('that is slower than its limit', async () => {
    answers.v2 = answered(300);
    expect((await validate()).verdict).toMatchObject({ kind: 'fail' });
  });

  test('that is much slower than stable under the same load', async () => {
    answers.v2 = answered(80);
    const { verdict } = await validate();
    expect(verdict.kind).toBe('fail');
    expect(verdict.summary).toMatch(/p95 is 8\d ms on v2, (39|40|41) ms on stable, limit/);
  });

  test('that answers with errors', async () => {
    answers.v2 = (count) => ({
      kind: 'answered',
      status: count % 10 === 0 ? 500 : 200,
      tookMs: 40,
    });
    expect((await validate()).verdict).toMatchObject({
      kind: 'fail',
      findings: [{}, { signal: 'error_rate', kind: 'violation', measured: 0.1 }],
    });
  });

  test('that loses requests: no answer is an error too', async () => {
    answers.v2 = (count) =>
      count % 2 === 0 ? { kind: 'lost', why: 'reset', tookMs: 1 } : answered(40)(count);
    expect((await validate()).verdict).toMatchObject({
      findings: [{}, { signal: 'error_rate', measured: 0.5 }],
    });
  });
});

test('an error of the caller’s is an answer like any other', async () => {
  answers.v2 = answered(40, 404);
  expect((await validate()).verdict).toMatchObject({ kind: 'pass' });
});

test('throughput is not judged where there is no live traffic', async () => {
  const document = { performance_thresholds: { min_throughput: '9999/s' } };
  expect((await validate({ document })).verdict).toMatchObject({ kind: 'pass' });
});

test('memory is judged already, as a warning', async () => {
  rig.metrics.set('v2', { memory: { kind: 'value', value: 2e9, samples: 2 } });
  const document = { performance_thresholds: { max_memory_usage: '1GB' } };
  const { verdict } = await validate({ document });
  expect(verdict).toMatchObject({ kind: 'warn' });
  expect(verdict.summary).toContain('memory is 1.9 GiB');
});

describe('without enough answers', () => {
  test('the load goes on within the budget', async () => {
    answers.v2 = (count) =>
      count < 60 ? { kind: 'lost', why: 'refused', tookMs: 0 } : answered(40)(count);
    const document = {
      performance_thresholds: { max_latency_p95: '250ms', max_error_rate: '100%' },
      validation: {
        window: '30s',
        requests_per_second: 2,
        no_data_budget: '20s',
        max_error_rate_increase: '100%',
      },
    };
    const { verdict } = await validate({ document });
    expect(verdict.kind).toBe('pass');
    expect(rig.elapsedMs()).toBeGreaterThan(35_000);
  });

  test('the verdict is that nothing is known, and never a pass', async () => {
    const document = {
      validation: { window: '5s', requests_per_second: 2, no_data_budget: '1s', min_samples: 1000 },
    };
    const { verdict } = await validate({ document });
    expect(verdict.kind).toBe('no_data');
    expect(verdict.summary).toContain('1000 are needed');
  });
});

describe('the first release', () => {
  test('is asked at its instances in turn, as the load balancer does not know it', async () => {
    const urls: string[] = [];
    rig.deps.probe = async ({ url, headers }) => {
      urls.push(url);
      expect(headers).toEqual({});
      return { kind: 'answered', status: 200, tookMs: 40 };
    };
    const { verdict, baseline } = await validate({ stable: null });
    expect({ kind: verdict.kind, baseline }).toEqual({ kind: 'pass', baseline: null });
    expect(urls.slice(0, 3)).toEqual([
      'http://127.0.0.1:4000/',
      'http://127.0.0.1:4001/',
      'http://127.0.0.1:4000/',
    ]);
  });

  test.each([
    ['no thresholds', {}],
    ['a threshold that means nothing yet', { min_throughput: '9999/s' }],
  ])('with %s has its health alone, and that is said', async (_name, thresholds) => {
    const document = { performance_thresholds: thresholds };
    const { verdict } = await validate({ stable: null, document });
    expect(verdict).toMatchObject({ kind: 'warn', findings: [] });
    expect(verdict.summary).toContain('neither thresholds nor a baseline');
  });
});

describe('a later attempt', () => {
  test('keeps what has been answered, and sends only the rest', async () => {
    const startedMs = rig.clock.nowMs();
    await rig.clock.pause(25_000, new AbortController().signal);
    const latency = { counts: { 187: 50 }, total: 50 };
    const side = { latency, requests: 50, errors: 0 };
    await validate({}, { startedMs, candidate: side, stable: side });
    expect(asked).toEqual({ v1: 10, v2: 10 });
  });
});

test('a validation that is called off throws', async () => {
  rig.after(5000, () => rig.cancel());
  await expect(validate()).rejects.toMatchObject({ name: 'CancelledFailure' });
});
