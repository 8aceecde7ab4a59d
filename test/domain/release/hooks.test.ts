import { expect, test } from 'vitest';
import { callInputOf } from '../../../src/domain/release/hooks.ts';

const CALLER = { service: 'shop', version: 'v2', stable: null, workflowId: 'release/shop/7' };

test.each([
  ['migrate', 'on expand', 'release/shop/7/migrate/hook'],
  ['migrate', 'before traffic', 'release/shop/7/migrate/hook'],
  ['migrate', 'undo', 'release/shop/7/migrate/undo'],
  ['migrate', 'gate', 'release/shop/7/migrate/gate'],
])('%s %s has the key %s', (name, when, key) => {
  expect(callInputOf(CALLER, name, when)).toEqual({ ...CALLER, name, when, key });
});
