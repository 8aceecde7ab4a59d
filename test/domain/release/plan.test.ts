import { expect, test } from 'vitest';
import { planOf } from '../../../src/domain/release/plan.ts';
import type { ReleaseDocument } from '../../../src/domain/release/release.schema.ts';
import { specOf } from './specs.ts';

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
