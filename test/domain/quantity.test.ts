import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  durationMs,
  formatBytes,
  formatDuration,
  ratePerSecond,
  ratioOfPercent,
  sizeBytes,
} from '../../src/domain/quantity.ts';

describe('a duration', () => {
  test.each([
    ['0s', 0],
    ['250ms', 250],
    ['90s', 90_000],
    ['1m30s', 90_000],
    ['1h30m', 5_400_000],
    ['2d3h4m5s6ms', 183_845_006],
    ['007s', 7000],
  ])('%s is %d ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  test.each([
    ...[
      '',
      ' ',
      '10',
      's',
      '1.5h',
      '-1s',
      '1s1m',
      '1m1m',
      '10min',
      '1 m',
      '1M',
      '1w',
      '٣s',
      '1s\n',
    ],
    `${'9'.repeat(20)}s`,
    '106751991168d',
  ])('%j is none', (text) => {
    expect(durationMs(text)).toBeUndefined();
  });

  test('is read back exactly as it was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (ms) => {
        expect(durationMs(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  test('is written in the largest units, each once, none of them empty', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (ms) => {
        const text = formatDuration(ms);
        expect(text === '0s' || !/(?<!\d)0/.test(text)).toBe(true);
        const [, hours, minutes, seconds, rest] =
          /^(?:\d+d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text) ?? [];
        expect(Number(hours ?? 0)).toBeLessThan(24);
        expect(Number(minutes ?? 0)).toBeLessThan(60);
        expect(Number(seconds ?? 0)).toBeLessThan(60);
        expect(Number(rest ?? 0)).toBeLessThan(1000);
      }),
    );
  });

  test.each([
    [-5, '0s'],
    [0.9, '0s'],
    [1999.9, '1s999ms'],
  ])('of %d ms is cut to %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('a size', () => {
  test.each([
    ['512MiB', 536_870_912],
    ['1.5GB', 1_500_000_000],
    ['0B', 0],
    ['1KB', 1000],
    ['1KiB', 1024],
    ['0.0001KB', 0],
  ])('%s is %d bytes', (text, bytes) => {
    expect(sizeBytes(text)).toBe(bytes);
  });

  test.each(['512', '512mb', 'MiB', '-1MB', '1.MB', '.5MB', '1 MB', '1e3B', '1PB'])(
    '%j is none',
    (text) => {
      expect(sizeBytes(text)).toBeUndefined();
    },
  );

  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [536_870_912, '512 MiB'],
  ])('%d bytes are shown as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test('that is shown is right within a twentieth of its unit', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        const [amount, unit] = formatBytes(bytes).split(' ');
        const one = sizeBytes(`1${unit}`) ?? Number.NaN;
        expect(Math.abs(Number(amount) * one - bytes)).toBeLessThanOrEqual(one * 0.0501);
      }),
    );
  });
});

test.each([
  ['1%', 0.01],
  ['0%', 0],
  ['100%', 1],
  ['12.5%', 0.125],
  ['150%', 1.5],
])('%s is the share %d', (text, share) => {
  expect(ratioOfPercent(text)).toBe(share);
});

test.each(['1', '%', '-1%', '1 %', '1.%', '1%%'])('%j is no share', (text) => {
  expect(ratioOfPercent(text)).toBeUndefined();
});

test.each([
  ['20/s', 20],
  ['600/m', 10],
  ['3600/h', 1],
  ['0.5/s', 0.5],
])('%s is %d a second', (text, rate) => {
  expect(ratePerSecond(text)).toBeCloseTo(rate, 12);
});

test.each(['20', '20/d', '/s', '20/', '20 /s', '20s', '-1/s'])('%j is no rate', (text) => {
  expect(ratePerSecond(text)).toBeUndefined();
});
