import { expect, test } from 'vitest';
import { errorBudgetOf, grantAt } from '../../../src/domain/release/error-budget.ts';
import { planOf } from '../../../src/domain/release/plan.ts';
import type { ReleaseDocument } from '../../../src/domain/release/release.schema.ts';
import { specOf } from './specs.ts';

const FACTS = { stableInstances: 10, fast: false };

function budget(document: Partial<ReleaseDocument>, facts: Parameters<typeof planOf>[1] = FACTS) {
  const spec = specOf({ ...document, environment: { kind: 'memory', instances: 10 } });
  return { spec, ledger: errorBudgetOf(spec, planOf(spec, facts)) };
}

const CANARY: Partial<ReleaseDocument> = { strategy: 'canary' };

test('is divided over the steps at which both versions have users', () => {
  const { ledger } = budget(CANARY);
  expect(Object.keys(ledger?.accounts ?? {})).toEqual(
    [1, 5, 10, 25, 50].map((weight) => `errors/weight-${weight}`),
  );
  const planned = Object.values(ledger?.accounts ?? {}).reduce((sum, { alpha }) => sum + alpha, 0);
  expect(planned).toBeCloseTo(0.009, 12);
  expect(ledger).toMatchObject({ alpha: 0.01, reserve: expect.closeTo(0.001, 12) });
});

test('is divided by weight over what is compared', () => {
  const judge = { alpha: '5%', errors: { weight: 3 }, latency: { method: 'sequential' } } as const;
  const { ledger } = budget({ ...CANARY, judge });
  const { 'errors/weight-1': errors, 'latency/weight-1': latency } = ledger?.accounts ?? {};
  expect((errors?.alpha ?? 0) / (latency?.alpha ?? 1)).toBeCloseTo(3, 9);
});

test.each<[string, Partial<ReleaseDocument>, Parameters<typeof planOf>[1]]>([
  ['all of the traffic moves at once', { strategy: 'blue_green' }, FACTS],
  ['there is no version before', CANARY, { stableInstances: null, fast: false }],
  ['limits alone judge', { ...CANARY, judge: { errors: { method: 'threshold' } } }, FACTS],
])('there is none where %s', (_name, document, facts) => {
  expect(budget(document, facts).ledger).toBeUndefined();
});

test('a comparison that begins again never gets fresh alpha, and all of them stay within', () => {
  const { spec, ledger } = budget(CANARY);
  let now = ledger;
  let spent = 0;
  const alphas: number[] = [];
  for (let time = 0; time < 200 && now !== undefined; time += 1) {
    const opened = grantAt(now, `weight-${[1, 5, 10, 25, 50][time % 5]}`, spec);
    if (opened === undefined) break;
    now = opened.ledger;
    const alpha = opened.granted.errors?.alpha ?? 0;
    alphas.push(alpha);
    spent += alpha;
  }
  expect(spent).toBeLessThanOrEqual(0.01);
  expect(alphas.slice(0, 5).every((alpha) => alpha > 0.0017)).toBe(true);
  expect(alphas.slice(5).every((alpha) => alpha < 0.0006)).toBe(true);
  // What is left in the end is too little for any evidence: then limits alone judge.
  expect(alphas.length).toBeLessThan(200);
});

test('what has been spent is said', () => {
  const { spec, ledger } = budget(CANARY);
  if (ledger === undefined) throw new Error('there is one');
  expect(grantAt(ledger, 'weight-1', spec)?.granted.budget).toBe('error budget spent 0.18 of 1 %');
  expect(grantAt(ledger, 'stabilize', spec)).toBeUndefined();
});
