import { describe, expect, test } from 'vitest';
import { mayPass, readRetryAfter } from '../../src/providers/retry-after.ts';

describe('Retry-After', () => {
  const NOW_MS = Date.UTC(2026, 10, 24, 9, 0, 0);

  test.each([
    ['0', 0],
    ['7', 7000],
    [' 7 ', 7000],
    ['86400', 300_000],
    ['9'.repeat(400), 300_000],
    ['Tue, 24 Nov 2026 09:01:00 GMT', 60_000],
    ['Tuesday, 24-Nov-26 09:01:00 GMT', 60_000],
    ['Tue, 24 Nov 2026 08:00:00 GMT', 0],
    ['Wed, 25 Nov 2026 09:00:00 GMT', 300_000],
  ])('%s is %d ms', (text, ms) => {
    expect(readRetryAfter(text, NOW_MS)).toBe(ms);
    expect(readRetryAfter([text, '1'], NOW_MS)).toBe(ms);
  });

  test.each([undefined, '', '-5', '1.5', 'soon', 'in 5', '7 s', 'Tue, 99 Nov 2026 99:00:00 GMT'])(
    '%j is neither seconds nor a date',
    (text) => {
      expect(readRetryAfter(text, NOW_MS)).toBeUndefined();
    },
  );
});

test.each([408, 425, 429, 500, 502, 503, 504, 599])('a request may be taken after %d', (status) => {
  expect(mayPass(status)).toBe(true);
});

test.each([301, 400, 401, 403, 404, 409, 410, 413, 422, 451])('%d stays as it is', (status) => {
  expect(mayPass(status)).toBe(false);
});
