import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { releaseSchema } from '../../../src/domain/release/release.schema.ts';
import { isAtLeast, parseAfter } from '../../../src/domain/release/version-order.ts';

describe('a version is at least the wanted one', () => {
  test.each([
    // number by number
    ['v12', 'v12', true],
    ['v13', 'v12', true],
    ['v9', 'v12', false],
    ['12', 'v12', true],
    ['V12', 'v12', true],
    ['v12.0', 'v12', true],
    ['v12', 'v12.0.1', false],
    ['2.10.0', '2.9.9', true],
    ['2.4.1', '2.4.10', false],
    ['007', '7', true],
    ['1.99999999999999999998', '1.99999999999999999999', false],
    ['2026-11-25', '2026-11-24', true],
    ['2026-11-25', '2026-12-01', false],
    ['2026.11.25', '2026-11-25', true],
    // pre-releases
    ['2.0.0-rc.1', '2.0.0', false],
    ['2.0.0', '2.0.0-rc.1', true],
    ['2.0.0-rc.1', '1.9.9', true],
    ['v12-beta', 'v12', false],
    ['1.0.0-alpha', '1.0.0-alpha.1', false],
    ['1.0.0-alpha.beta', '1.0.0-alpha.1', true],
    ['1.0.0-beta.2', '1.0.0-beta.11', false],
    ['1.0.0-rc10', '1.0.0-rc2', true],
    ['1.0.0-rc.1', '1.0.0-beta.11', true],
    // builds
    ['1.2.3+b7', '1.2.3', true],
    ['1.2.3', '1.2.3+b7', true],
    ['1.2.3-rc.1+b7', '1.2.3', false],
    // long numbers
    ['20261125', '20261124', true],
    ['20261125', '20261201', false],
    ['20261125', 'v12', 'unknown'],
    ['1234567', 'v12', 'unknown'],
    // everything else
    ['3f2a9c1', '3f2a9c1', true],
    ['3f2a9c1', 'v12', 'unknown'],
    ['v12', '3f2a9c1', 'unknown'],
    ['12e4567', '12', 'unknown'],
    ['green', 'green', true],
    ['green', 'blue', 'unknown'],
    ['v1.2.0-5-gabc1234', 'v1.2.0', 'unknown'],
    ['v1.2.0', 'v1.2.0-5-gabc1234', 'unknown'],
    ['', 'v1', 'unknown'],
  ])('%s of %s: %s', (version, wanted, expected) => {
    expect(isAtLeast(version, wanted)).toBe(expected);
  });
});

const number = fc.oneof(fc.nat(12), fc.nat(100_000)).map(String);
const early = fc.array(fc.constantFrom('alpha', 'beta', 'rc', 'rc2', 'rc10', '1', '2', '11'), {
  minLength: 1,
  maxLength: 3,
});
const ordered = fc
  .record({
    v: fc.constantFrom('', 'v'),
    numbers: fc.array(number, { minLength: 1, maxLength: 4 }),
    early: fc.option(early),
    build: fc.constantFrom('', '+b1', '+b2'),
  })
  .map(({ v, numbers, early: parts, build }) => {
    const end = parts === null ? '' : `-${parts.join('.')}`;
    return `${v}${numbers.join('.')}${end}${build}`;
  });

test('versions with numbers are in a total order', () => {
  fc.assert(
    fc.property(ordered, ordered, ordered, (a, b, c) => {
      expect(isAtLeast(a, a)).toBe(true);
      const [ab, ba, bc, ac] = [isAtLeast(a, b), isAtLeast(b, a), isAtLeast(b, c), isAtLeast(a, c)];
      expect([ab, ba, bc, ac]).not.toContain('unknown');
      expect(ab === true || ba === true).toBe(true);
      if (ab === true && bc === true) expect(ac).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('what is unknown one way is unknown the other way, whatever the text', () => {
  const any = fc.oneof(ordered, fc.string(), fc.stringMatching(/^[0-9a-f]{7,40}$/));
  fc.assert(
    fc.property(any, any, (a, b) => {
      expect(isAtLeast(a, b) === 'unknown').toBe(isAtLeast(b, a) === 'unknown');
    }),
  );
});

describe('what a gate waits for', () => {
  test.each([
    ['payments >= v12', 'payments', 'v12'],
    ['  payments>=2.4.1-rc.1 ', 'payments', '2.4.1-rc.1'],
    ['a-1 >= 3f2a9c1', 'a-1', '3f2a9c1'],
  ])('%j is %s, %s', (text, service, version) => {
    expect(parseAfter(text)).toEqual({ kind: 'after', service, version });
  });

  test.each([
    ['payments', '"payments" has no >='],
    ['', '"" has no >='],
    ['payments v12', '"payments v12" has no >='],
    ['payments > v12', '"payments > v12" has >, and only >= is known'],
    ['payments == v12', '"payments == v12" has ==, and only >= is known'],
    ['payments =>v12', '"payments =>v12" has =>, and only >= is known'],
    ['Payments >= v12', '"Payments" in "Payments >= v12" is no name of a service'],
    [' >= v12', '"" in " >= v12" is no name of a service'],
    ['payments >= ', '"" in "payments >= " is no version'],
    ['payments >= v12 or so', '"v12 or so" in "payments >= v12 or so" is no version'],
  ])('%j is refused', (text, message) => {
    expect(parseAfter(text)).toEqual({
      kind: 'invalid',
      message: `${message}: write it like payments >= v12`,
    });
  });

  test('names and versions are those of a release file', () => {
    const { service, version } = releaseSchema.shape;
    const word = fc.oneof(fc.stringMatching(/^[a-z0-9-]{1,65}$/), fc.stringMatching(/^[\w.+-]+$/));
    fc.assert(
      fc.property(word, (text) => {
        expect(parseAfter(`${text} >= v1`).kind === 'after').toBe(service.safeParse(text).success);
        expect(parseAfter(`a >= ${text}`).kind === 'after').toBe(version.safeParse(text).success);
      }),
    );
  });
});
