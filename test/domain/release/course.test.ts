import { expect, test } from 'vitest';
import { type Policy, failed, newCourse, nextMove } from '../../../src/domain/release/course.ts';
import { planOf } from '../../../src/domain/release/plan.ts';
import { refuse } from '../../../src/domain/release/steer.ts';
import { specOf } from './specs.ts';

const POLICY: Policy = { autoRollback: true, hasFallback: true };
const contract = { type: 'migrate_schema', task_queue: 'db-hooks' };

test('a hook that fails after the version before has gone waits for a person: nothing can go back', () => {
  const spec = specOf({ hooks: [{ name: 'drop', on: 'contract', activity: contract }] });
  const plan = planOf(spec, { stableInstances: 2, fast: false });
  const fresh = newCourse(plan, 0);
  const late = { ...fresh, at: plan.length - 1, touched: true, promoted: true };
  expect(nextMove(late)).toMatchObject({ kind: 'enter', step: { name: 'drop' } });
  const trouble = { trigger: 'HookFailed', reason: 'the table is locked', canRetry: true } as const;
  const after = failed(late, trouble, POLICY);
  expect(nextMove(after)).toMatchObject({ kind: 'stay', why: 'held' });
  expect(after.held?.reason).toBe('the table is locked (there is no version to go back to)');
  expect(refuse(after, 'retry', {}, POLICY)).toBeUndefined();
  expect(refuse(after, 'promote', {}, POLICY)).toBeUndefined();
  expect(refuse(after, 'abort', {}, POLICY)).toBe('the version before is being removed');
});
