import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fingerprint } from '../../../src/domain/alerting/fingerprint.ts';
import { formatLabels, labelsProblem } from '../../../src/domain/alerting/labels.ts';
import {
  type Matcher,
  OPERATORS,
  formatMatchers,
  matchesAll,
} from '../../../src/domain/alerting/matcher.ts';
import { readMatchers } from '../../../src/domain/alerting/read-matchers.ts';
import { fullMatch, regexProblem } from '../../../src/domain/alerting/regex.ts';

describe('the fingerprint of labels', () => {
  test.each([
    [{ alertname: 'A', severity: 'page' }, 'f2f95d02269594eb'],
    [{ severity: 'page', alertname: 'A', empty: '' }, 'f2f95d02269594eb'],
    [{}, 'cbf29ce484222325'],
  ])('of %j is %s', (labels, expected) => {
    expect(fingerprint(labels)).toBe(expected);
  });

  test('is FNV-1a of 64 bits, as whole numbers of any size compute it', () => {
    const label = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(label, label, (name, value) => {
        let hash = 0xcbf29ce484222325n;
        const encoder = new TextEncoder();
        for (const byte of [...encoder.encode(name), 255, ...encoder.encode(value), 255]) {
          hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
        }
        expect(fingerprint({ [name]: value })).toBe(hash.toString(16).padStart(16, '0'));
      }),
    );
  });

  test('sorts names by their bytes, where halves of characters sort otherwise', () => {
    expect(formatLabels({ '😀': 'a', '\uffee': 'b' })).toBe('{"\uffee"="b", "😀"="a"}');
  });
});

test.each([
  [{}, 'has no labels: an alert is known by them, like alertname'],
  [{ a: '' }, 'has no labels: an alert is known by them, like alertname'],
  [{ '': 'b' }, 'has a label without a name, for "b"'],
  [{ a: '\ud800' }, 'label "a" is no text: it has half of a character'],
  [{ a: 'x'.repeat(2049) }, 'label a has 2049 characters; 2048 is the most'],
  [{ alertname: 'A', 'any name': '😀' }, null],
])('labels %j: %s', (labels, problem) => {
  expect(labelsProblem(labels)).toBe(problem);
});

/** What each text is read as; a text that teaches when it is wrong begins with `!`. */
const READ: readonly (readonly [string, string])[] = [
  ['', '{}'],
  ['{}', '{}'],
  ['foo=bar', '{foo="bar"}'],
  ['{foo=bar}', '{foo="bar"}'],
  ['{foo="bar",}', '{foo="bar"}'],
  ['foo=bar,', '{foo="bar"}'],
  [' { foo = "bar" , baz != qux } ', '{foo="bar",baz!="qux"}'],
  ['foo=~"a|b",bar!~c.*', '{foo=~"a|b",bar!~"c.*"}'],
  ['foo=""', '{foo=""}'],
  ['foo="a\\nb\\"c\\\\"', '{foo="a\\nb\\"c\\\\"}'],
  ['"ns/key name"="x"', '{"ns/key name"="x"}'],
  ['foo🙂=bar', '{"foo🙂"="bar"}'],
  ['{"foo"="\\U0001f642"}', '{foo="🙂"}'],
  ['"a"="\\xf0\\x9f\\x99\\x82"', '{a="🙂"}'],
  ['foo=a:b/c', '{foo="a:b/c"}'],
  ['foo', '!at 4: the text ends, but here comes =, !=, =~ or !~ after foo'],
  ['"a"=', '!at 5: the text ends, but here comes a value after "a"=, like "x" or "" for none'],
  ['"a"="b', '!at 5: the quote that begins here is never closed'],
  ['"a"="\\q"', '!at 5: "\\q": \\q is no escape: write \\\\ for a backslash'],
  ['"a"="\\xff"', '!at 5: "\\xff": its bytes are no UTF-8'],
  ["'a'=b", "!at 1: ' must stand in double quotes"],
  ['{,}', '!at 2: there is ,, but here comes the name of a label'],
  ['""=b', '!at 1: a label has no empty name'],
  ['"a"==b', '!at 5: there is =, but here comes a value after "a"=, like "x" or "" for none'],
];

test.each(READ)('%s is read as %s', (text, expected) => {
  const read = readMatchers(text);
  if (expected.startsWith('!')) {
    expect(read).toMatchObject({ kind: 'invalid' });
    expect(read).toHaveProperty('message', expect.stringContaining(expected.slice(1)));
    expect(read).toHaveProperty('message', expect.stringContaining('is written like'));
  } else {
    expect(read.kind === 'valid' ? formatMatchers(read.matchers) : read.message).toBe(expected);
  }
});

describe('what the two syntaxes read differently is meant in the classic way, with a remark', () => {
  test.each([
    ['foo=bar\\', 'foo', 'bar\\', 'only the classic syntax takes'],
    ['foo=!bar', 'foo', '!bar', 'only the classic syntax takes'],
    ['foo="\\w"', 'foo', '\\w', 'only the classic syntax takes'],
    ['foo=', 'foo', '', 'only the classic syntax takes'],
    ['{foo=bar', 'foo', 'bar', 'only the classic syntax takes'],
    ['foo="\\t"', 'foo', '\\t', 'the two syntaxes read'],
  ])('%s', (text, name, value, remark) => {
    const read = readMatchers(text);
    expect(read).toMatchObject({ kind: 'valid', matchers: [{ name, operator: '=', value }] });
    expect(read).toHaveProperty('remark', expect.stringContaining(remark));
  });
});

test('whatever matchers are written, they are read back', () => {
  const text = fc.string({ unit: 'grapheme' });
  const matchers = fc.array(
    fc.record({
      name: fc.string({ unit: 'grapheme', minLength: 1 }),
      operator: fc.constantFrom(...OPERATORS.slice(0, 2)),
      value: text,
    }),
  );
  fc.assert(
    fc.property(matchers, (list: readonly Matcher[]) => {
      const wellFormed = list.filter(({ name }) => !/[\p{Cc}]/u.test(name));
      expect(readMatchers(formatMatchers(wellFormed))).toMatchObject({ matchers: wellFormed });
    }),
  );
});

test('no text makes the reader fail otherwise than by a message', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '"',
    '\\',
    '=',
    '~',
    '!',
    ',',
    'a',
    ' ',
    '\n',
    '😀',
    "'",
  );
  fc.assert(
    fc.property(fc.array(pieces), (list) => {
      expect(['valid', 'invalid']).toContain(readMatchers(list.join('')).kind);
    }),
  );
});

test.each([
  ['foo="bar"', { foo: 'bar' }, true],
  ['foo!="bar"', {}, true],
  ['foo=""', {}, true],
  ['foo=~"b.*"', { foo: 'bar' }, true],
  ['foo=~"a"', { foo: 'bar' }, false],
  ['foo=~"a|bar"', { foo: 'bar' }, true],
  ['foo=~".+"', {}, false],
  ['foo=~".*"', {}, true],
  ['foo!~"b.*"', { foo: 'bar' }, false],
  ['foo=~"."', { foo: '😀' }, true],
  ['constructor=""', { foo: 'bar' }, true],
  ['{a="1",b="2"}', { a: '1' }, false],
  ['', { a: '1' }, true],
] as const)('%s on %j: %s', (text, labels, expected) => {
  const read = readMatchers(text);
  expect(read.kind === 'valid' && matchesAll(read.matchers, labels)).toBe(expected);
});

describe('a regular expression', () => {
  test.each([
    ['(?=a)a', 'RE2 has no look-around'],
    ['(a)\\1', 'RE2 has no back-references'],
    ['*', 'for any text write .*'],
    ['a)|(b', 'unexpected )'],
    ['[a', 'missing closing ]'],
    ['a{1001}', 'invalid repeat count'],
    ['(.{0,1000}x){0,1}'.repeat(40), 'too large'],
    ['(.{0,300}x){0,3}'.repeat(5), 'too large'],
    ['x'.repeat(4097), '4096 is the most'],
  ])('%s is refused with a reason', (pattern, why) => {
    expect(regexProblem(pattern)).toContain(why);
  });

  test.each([
    ['(a+)+b', 'a'.repeat(2048)],
    ['(x+x+)+y', 'x'.repeat(2048)],
    ['(?:[xy]{0,100}){0,10}z', 'xy'.repeat(1024)],
  ])('%s, made to stall an engine that goes back, takes no time', (pattern, text) => {
    expect(regexProblem(pattern)).toBeNull();
    const begin = performance.now();
    expect(fullMatch(pattern, text)).toBe(false);
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});
