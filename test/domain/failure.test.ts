import { describe, expect, test } from 'vitest';
import { FAILURES, Failure, isFailureCode } from '../../src/domain/failure.ts';

describe.each(Object.entries(FAILURES))('%s', (code, { httpStatus, exit, mend, retry }) => {
  test('has a status, an exit status and one sentence that says what to do', () => {
    expect(code).toMatch(/^[A-Z][A-Za-z]+$/);
    expect(httpStatus).toBeGreaterThanOrEqual(400);
    expect(httpStatus).toBeLessThan(600);
    expect(exit).toBeGreaterThan(0);
    expect(exit).toBeLessThan(126);
    expect(mend).toMatch(/^[A-Z`].*[.]$/);
  });

  test('is only retried where the fault is not the caller’s', () => {
    expect(retry && httpStatus < 500).toBe(false);
  });
});

test.each([
  ['NoData', true],
  ['nodata', false],
  ['toString', false],
  ['__proto__', false],
  [undefined, false],
  [{ code: 'NoData' }, false],
])('%j is a code: %s', (value, expected) => {
  expect(isFailureCode(value)).toBe(expected);
});

test('a failure keeps its code, its cause and when to come back', () => {
  const cause = new Error('refused');
  const failure = new Failure('NotificationUndelivered', 'later', { cause, retryAfterMs: 5000 });
  expect(failure).toBeInstanceOf(Error);
  expect(failure).toMatchObject({
    name: 'Failure',
    code: 'NotificationUndelivered',
    message: 'later',
    cause,
    retryAfterMs: 5000,
  });
  expect(new Failure('NoData', 'none').retryAfterMs).toBeUndefined();
});
