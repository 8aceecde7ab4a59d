import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../../src/domain/document/problem.ts';
import { readRelease } from '../../../src/domain/release/release-file.ts';

/** Lines 1 to 5 of every file here; what a case adds begins in line 6. */
const HEAD = `service: shop
version: '2'
strategy: blue_green
environment: { kind: memory }
traffic: { kind: memory }
`;

function problemsOf(text: string): readonly string[] {
  const read = readRelease({
    forTests: true,
    ...{ text, file: 'r.yaml', folder: '/', version: undefined },
  });
  return read.kind === 'valid' ? [] : read.problems.map(formatProblem);
}

describe('a hostile file', () => {
  const letters = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
  const laughs = [
    'a: &a [x, x, x, x, x, x, x, x, x]',
    ...letters.map((letter, index) => {
      const before = letters[index - 1] ?? 'a';
      return `${letter}: &${letter} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`;
    }),
  ].join('\n');

  test.each([
    ['nothing', '', 'a release file is a set of keys'],
    ['only a comment', '# later', 'a release file is a set of keys'],
    ['a list', '- service: shop', 'a release file is a set of keys'],
    ['a word', 'shop', 'a release file is a set of keys'],
    ['more than a file should', `# ${'x'.repeat(70_000)}`, '65536 is the most'],
    ['a key twice', `${HEAD}service: other`, 'Map keys must be unique'],
    ['a key twice in a block', HEAD.replace('memory }', 'memory, kind: x }'), 'must be unique'],
    ['a key twice as JSON', '{"service": "a", "service": "b"}', 'Map keys must be unique'],
    ['JSON that was cut off', '{"service": "shop"', 'Flow map must end with a }'],
    ['tabs before a key', 'a:\n\tb: 1', 'Tabs are not allowed as indentation'],
    ['two documents', `${HEAD}---\n${HEAD}`, 'a second document begins here'],
    ['aliases upon aliases', `${HEAD}${laughs}`, 'Excessive alias count'],
    ['an alias of itself', `${HEAD}a: &a [*a]`, 'r.yaml:6:8: *a stands within &a itself'],
    ['an alias of nothing', `${HEAD}watch: *shared`, 'r.yaml:6:8: *shared stands for nothing'],
    ['lists in lists', `x: ${'['.repeat(20_000)}`, 'is nested too deep'],
    ['maps in maps', `${'{a: '.repeat(10_000)}${'}'.repeat(10_000)}`, 'is nested too deep'],
    ['items of items', '- '.repeat(20_000), 'is nested too deep'],
    ['a tag that runs code', `${HEAD}x: !!js/function "f"`, 'r.yaml:6:4: Unresolved tag'],
    ['a tag of its own', `${HEAD}cleanup_delay: !minutes 5m`, 'r.yaml:6:16: Unresolved tag'],
    ['the prototype as a key', `${HEAD}__proto__: { a: 1 }`, 'r.yaml:6:1: __proto__ cannot be'],
    [
      'the prototype as a variable',
      HEAD.replace('memory }', 'process, command: [a], env: { __proto__: b } }'),
      'r.yaml:4:52: __proto__ cannot be a key',
    ],
    ['the constructor as a key', `${HEAD}constructor: 1`, 'constructor: unknown key'],
    ['a list as a key', `${HEAD}? [a]\n: b`, 'a key must be plain text'],
    ['a number as a key', `${HEAD}7: b`, 'r.yaml:6:1: 7: unknown key'],
    ['a merge of blocks', `${HEAD}watch: { <<: { window: 1m } }`, 'watch.<<: unknown key'],
    ['a date as a service', HEAD.replace('shop', '2026-01-01T10:00:00Z'), 'service: a service is'],
    ['a character of control', `${HEAD}"\\0": 1`, 'holds a NUL character'],
  ])('with %s is refused', (_name, text, expected) => {
    const problems = problemsOf(text);
    expect(problems[0]).toContain(expected);
    expect(problems.length).toBeLessThanOrEqual(2);
  });

  test('leaves every object of this process as it was', () => {
    problemsOf(`${HEAD}__proto__: { polluted: 1 }\nconstructor: { prototype: { polluted: 1 } }`);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });

  test('with thousands of wrong keys is answered with the first fifty', () => {
    const many = Array.from({ length: 3000 }, (_, index) => `k${index}: 1`).join('\n');
    const problems = problemsOf(HEAD + many);
    expect(problems).toHaveLength(51);
    expect(problems[0]).toContain('r.yaml:6:1: k0: unknown key');
    expect(problems[50]).toBe('r.yaml:56:1: and 2950 more problems from here on');
  });

  test('with a key of thousands of letters is answered like any other', () => {
    expect(problemsOf(`${HEAD}? ${'k'.repeat(60_000)}\n: 1`)[0]).toContain('r.yaml:6:3:');
  });
});
