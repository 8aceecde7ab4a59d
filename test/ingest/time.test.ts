import { expect, test } from 'vitest';
import { readTime, writeTime } from '../../src/ingest/time.ts';

test.each([
  ['2026-01-05T08:00:00Z', '2026-01-05T08:00:00.000Z'],
  ['2026-01-05T08:00:00.123456789Z', '2026-01-05T08:00:00.123Z'],
  ['2026-01-05t08:00:00.5z', '2026-01-05T08:00:00.500Z'],
  ['2026-01-05T08:00:00.999999999-09:30', '2026-01-05T17:30:00.999Z'],
  ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
])('%s is %s', (text, iso) => {
  const ms = readTime(text);
  expect(ms).toBe(Date.parse(iso));
  expect(writeTime(ms ?? 0)).toBe(iso);
});

test.each([undefined, '', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000000Z'])(
  '%s is no time that somebody has given',
  (text) => {
    expect(readTime(text)).toBeUndefined();
  },
);

test.each([
  '2026-01-05',
  '2026-01-05T08:00:00',
  '2026-01-05 08:00:00Z',
  '2026-02-29T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-01-05T25:00:00Z',
  '2026-01-05T08:00:60Z',
  '1767600000',
  '+012026-01-05T08:00:00Z',
])('%s is no time', (text) => {
  expect(readTime(text)).toBeNull();
});

test.each([
  [8_640_000_000_000_000, '9999-12-31T23:59:59.999Z'],
  [-8_640_000_000_000_000, '0001-01-01T00:00:00.000Z'],
])('%i, which has no four digits for its year, is written as %s', (ms, text) => {
  expect(writeTime(ms)).toBe(text);
});
