import { expect, test } from 'vitest';
import { FAILURES, isFailureCode } from '../../../src/domain/failure.ts';
import { callInputOf, hookFailureCode } from '../../../src/domain/release/hooks.ts';

const CALLER = { service: 'shop', version: 'v2', stable: null, workflowId: 'release/shop/7' };

test.each([
  ['migrate', 'on expand', 'release/shop/7/on-expand-migrate'],
  ['migrate', 'before traffic', 'release/shop/7/before-traffic-migrate'],
  ['migrate', 'undo', 'release/shop/7/undo-migrate'],
  ['migrate', 'gate', 'release/shop/7/gate-migrate'],
])('%s %s has the key %s', (name, when, key) => {
  expect(callInputOf(CALLER, name, when)).toEqual({ ...CALLER, name, when, key });
});

test('whatever a hook throws is its own failure, but that nobody took or answered the call', () => {
  const codes = Object.keys(FAILURES).filter(isFailureCode);
  const kept = codes.filter((code) => hookFailureCode(code) === code);
  expect(kept).toEqual(['HookFailed', 'HookUnreachable', 'NoWorker']);
  expect(new Set(codes.map(hookFailureCode))).toEqual(new Set(kept));
});
