import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { type PlanFacts, type Step, planOf } from '../../../src/domain/release/plan.ts';
import type { ReleaseDocument } from '../../../src/domain/release/release.schema.ts';
import { specOf } from './specs.ts';

const TEN: PlanFacts = { stableInstances: 10, fast: false };
const environment = { kind: 'memory', instances: 10 } as const;

/** A plan in one line: names, with the share or the number of instances that a step aims at. */
function outline(changes: Partial<ReleaseDocument>, facts = TEN): string {
  return planOf(specOf({ environment, ...changes }), facts)
    .map(shown)
    .join(' ');
}

function shown(step: Step): string {
  switch (step.kind) {
    case 'deploy':
    case 'scale':
      return `${step.kind}=${step.instances}`;
    case 'batch':
      return `${step.from}→${step.to}`;
    case 'weight':
      return `${step.weightPercent}%`;
    default:
      return step.name;
  }
}

const END = 'stabilize promote keep retire';

describe('a plan', () => {
  test.each<readonly [string, Partial<ReleaseDocument>, string]>([
    ['blue-green', {}, `deploy=10 prove validate 100% ${END}`],
    [
      'blue-green by weights, promoted by a person',
      { switch_steps: [10, 50, 100], promotion: 'manual' },
      `deploy=10 prove validate promotion 10% 50% 100% ${END}`,
    ],
    ['a canary', { strategy: 'canary' }, `deploy=10 prove 1% 5% 10% 25% 50% 100% ${END}`],
    [
      'a canary that goes no higher than 25 % before promotion',
      { strategy: 'canary', canary_traffic_percent: 25 },
      `deploy=10 prove 1% 5% 10% 25% 100% ${END}`,
    ],
    [
      'a limit between two of the default weights is a weight of its own',
      { strategy: 'canary', canary_traffic_percent: 30 },
      `deploy=10 prove 1% 5% 10% 25% 30% 100% ${END}`,
    ],
    [
      'a canary that scales by steps grows before each weight that it cannot carry',
      { strategy: 'canary', steps: [{ scale: 2 }, { weight: 20 }, { weight: 50 }] },
      `deploy=1 prove scale=2 20% scale=5 50% scale=10 100% ${END}`,
    ],
    [
      'rolling in batches of a fifth',
      { strategy: 'rolling' },
      '0→2 2→4 4→6 6→8 8→10 stabilize promote retire',
    ],
    [
      'rolling in batches that do not divide the whole',
      { strategy: 'rolling', rolling: { batch: 4, max_surge: 4 } },
      '0→4 4→8 8→10 stabilize promote retire',
    ],
    [
      'an A/B test',
      { strategy: 'ab_test', ab_test: { share: 30 } },
      `deploy=10 prove affinity 30% compare 100% ${END}`,
    ],
    [
      'an A/B test by header',
      { strategy: 'ab_test', ab_test: { match: { header: 'x-arm', exact: 'b' } } },
      `deploy=10 prove match compare 100% ${END}`,
    ],
    [
      'gates and hooks at their moments',
      {
        strategy: 'canary',
        steps: [{ weight: 50 }],
        gates: [{ name: 'window', before: 'stabilizing', person: {} }],
        hooks: [
          { name: 'grow', on: 'expand', webhook: { url: 'http://hooks.example/grow' } },
          { name: 'shrink', on: 'contract', webhook: { url: 'http://hooks.example/shrink' } },
          { name: 'warm', before: 'traffic', webhook: { url: 'http://hooks.example/warm' } },
        ],
      },
      `grow deploy=10 prove warm 50% 100% window ${END} shrink`,
    ],
  ])('of %s', (_name, changes, expected) => {
    expect(outline(changes)).toBe(expected);
  });

  test.each(['blue_green', 'canary', 'rolling', 'ab_test'] as const)(
    'of a first release by %s gives all of the traffic at once, as there is nothing beside it',
    (strategy) => {
      const first = { stableInstances: null, fast: false };
      expect(outline({ strategy }, first)).toBe(
        'deploy=10 prove validate 100% stabilize promote retire',
      );
    },
  );

  test('of a version that was stable a moment ago has no steps and no validation', () => {
    const fast = { stableInstances: 10, fast: true };
    expect(outline({ strategy: 'canary' }, fast)).toBe(`deploy=10 prove 100% ${END}`);
  });

  test('divides the time over the steps, and watches all of the traffic once', () => {
    const plan = planOf(
      specOf({ strategy: 'canary', rollout_duration: '60m', stabilization_period: '10m' }),
      TEN,
    );
    const times = plan.flatMap((step) => ('forMs' in step ? [[step.name, step.forMs]] : []));
    expect(times.slice(0, 7)).toEqual([
      ['weight-1', 600_000],
      ['weight-5', 600_000],
      ['weight-10', 600_000],
      ['weight-25', 600_000],
      ['weight-50', 600_000],
      ['weight-100', 0],
      ['stabilize', 1_200_000],
    ]);
  });

  test('gives every step a name of its own', () => {
    const weights = fc.uniqueArray(fc.integer({ min: 1, max: 99 }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(weights, (all) => {
        const steps = all.toSorted((a, b) => a - b).map((weight) => ({ weight }));
        const plan = planOf(specOf({ strategy: 'canary', steps }), TEN);
        expect(new Set(plan.map(({ name }) => name)).size).toBe(plan.length);
      }),
    );
  });
});
test.each<[string, ReleaseDocument['rolling'], readonly string[]]>([
  ['a fifth at a time, by default', {}, ['0→2', '2→4', '4→6', '6→8', '8→10']],
  ['batches as written', { batch: '50%' }, ['0→5', '5→10']],
  ['no more than may be missing', { batch: 5, max_unavailable: '40%' }, ['0→4', '4→8', '8→10']],
  ['no more than may be more', { batch: 10, max_surge: 6 }, ['0→6', '6→10']],
  [
    'a surge, with which none is missing',
    { batch: 5, max_surge: 5, max_unavailable: 1 },
    ['0→5', '5→10'],
  ],
])('a rolling update changes %s', (_name, rolling, batches) => {
  const spec = specOf({ strategy: 'rolling', rolling });
  const plan = planOf(spec, { stableInstances: 10, fast: false });
  const found = plan.flatMap((step) => (step.kind === 'batch' ? [`${step.from}→${step.to}`] : []));
  expect(found).toEqual(batches);
});

test('a scale never ends instances that have users, whatever stable has', () => {
  const spec = specOf({
    strategy: 'canary',
    environment: { kind: 'memory', instances: 10 },
    steps: [{ weight: 50, for: '1m' }, { scale: '50%' }, { hold: '1m' }, { weight: 100 }],
  });
  let instances = 0;
  for (const step of planOf(spec, { stableInstances: 4, fast: false })) {
    if (step.kind !== 'scale' && step.kind !== 'deploy') continue;
    expect(step.instances).toBeGreaterThanOrEqual(instances);
    ({ instances } = step);
  }
  expect(instances).toBe(10);
});
