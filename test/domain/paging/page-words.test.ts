import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cut,
  factsOf,
  headline,
  onOneLine,
  printable,
  repeatNote,
  webLinks,
} from '../../../src/domain/paging/page-words.ts';
import { INCIDENT, acknowledged, pageOf, resolved } from '../../support/pages.ts';

const anyText = fc
  .array(fc.constantFrom('a', 'é', '💥', '\uD800', '👩‍👩‍👧‍👦', '\n'))
  .map((parts) => parts.join(''));

const LIMITS = { count: 10, name: 20, value: 20, total: 1000 };

describe('a text that is cut', () => {
  test.each([
    ['short', 5, 'short'],
    ['longer', 5, 'long…'],
    ['a💥💥', 5, 'a💥💥'],
    ['a💥💥💥', 5, 'a💥…'],
    ['💥💥', 2, '…'],
    ['ab', 1, '…'],
  ])('%s to %d is %s', (text, max, expected) => {
    expect(cut(text, max)).toBe(expected);
  });

  test('is never longer, and no half of a character', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 50 }), (text, max) => {
        const shown = cut(text.toWellFormed(), max);
        expect(shown.length).toBeLessThanOrEqual(max);
        expect(shown.isWellFormed()).toBe(true);
      }),
    );
  });
});

test.each([
  ['a\r\nb\tc', 'a\nb\tc', 'a b c'],
  ['a\0\u0007\u001B[31mb', 'a   [31mb', 'a [31mb'],
  ['\u202Eabc\u2066', 'abc', 'abc'],
  ['a\u2028b', 'a b', 'a b'],
  ['a\uD800b', 'a\uFFFDb', 'a\uFFFDb'],
  ['  \n ', '', ''],
  ['👩‍👩‍👧‍👦 é', '👩‍👩‍👧‍👦 é', '👩‍👩‍👧‍👦 é'],
])('%j is shown as %j, and on one line as %j', (text, shown, line) => {
  expect(printable(text)).toBe(shown);
  expect(onOneLine(text)).toBe(line);
});

test.each([
  [pageOf(), 'CRITICAL: checkout answers slowly'],
  [pageOf({}, { severity: 'warning', title: 'a\nb' }), 'WARNING: a b'],
  [acknowledged(), 'ACKNOWLEDGED: checkout answers slowly'],
  [resolved(), 'RESOLVED: checkout answers slowly'],
  [pageOf({}, { title: '\u0000' }), 'CRITICAL: An incident without a title'],
])('the headline of page %#', (page, expected) => {
  expect(headline(page)).toBe(expected);
});

describe('the facts', () => {
  test('leave out what is empty, and say who', () => {
    const facts = factsOf(
      acknowledged({ who: undefined, incident: { ...INCIDENT, labels: { a: '', b: 'x' } } }),
      LIMITS,
    );
    expect(facts.map(({ name }) => name)).toEqual([
      'Severity',
      'Status',
      'Source',
      'Policy',
      'Level',
      'Incident',
      'b',
    ]);
    expect(factsOf(acknowledged(), LIMITS)[1]).toEqual({
      name: 'Status',
      value: 'acknowledged by ada',
    });
  });

  test.each([
    [{ ...LIMITS, count: 3 }, 3],
    [{ ...LIMITS, total: 40 }, 2],
    [{ ...LIMITS, total: 0 }, 0],
  ])('end where they no longer fit: %j', (max, count) => {
    expect(factsOf(pageOf(), max)).toHaveLength(count);
  });
});

test.each([
  ['https://example.org/a', true],
  ['http://localhost:8080/', true],
  ['javascript:alert(1)', false],
  ['data:text/html,x', false],
  ['https://example.org/a b', false],
  ['https://example.org/\n', false],
  ['https://', false],
  [`https://example.org/${'x'.repeat(3000)}`, false],
])('%s is a link of the web: %s', (url, isOne) => {
  expect(webLinks({ ...INCIDENT, links: [{ text: 't', url }] })).toHaveLength(isOne ? 1 : 0);
});

test('only a page that may have arrived before says so', () => {
  expect(repeatNote(pageOf())).toBeUndefined();
  expect(repeatNote(pageOf({ maybeRepeated: true }))).toMatch(/may have arrived before/);
});
