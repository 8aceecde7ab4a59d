import { describe, expect, test } from 'vitest';
import { parseSelector } from '../../../src/providers/metrics/series-selector.ts';

const LABELS = { code: '503', path: '/a "b"\\c', method: 'GET' };

test.each([
  ['a', true],
  [' a ', true],
  ['a{}', true],
  ['a{code="503"}', true],
  ['a{code="50"}', false],
  ['a{code!="200"}', true],
  ['a{code!="503"}', false],
  ['a{code=~"5.."}', true],
  ['a{code=~"5"}', false],
  ['a{code=~"4..|5.."}', true],
  ['a{code!~"2.."}', true],
  ['a{code!~"5.."}', false],
  ['a{code=~"5..", method="GET"}', true],
  ['a{code=~"5..", method="POST"}', false],
  ['a{code="503",}', true],
  ['a{ code = "503" , method =~ "G.*" }', true],
  ['a{path="/a \\"b\\"\\\\c"}', true],
  ['a{absent=""}', true],
  ['a{absent!=""}', false],
  ['a{absent=~".*"}', true],
  ['a{absent=~".+"}', false],
  ['a{constructor=""}', true],
  ['a{toString!=""}', false],
])('%s takes the series: %s', (selector, taken) => {
  expect(parseSelector(selector).matches(LABELS)).toBe(taken);
});

test('the name may have colons', () => {
  expect(parseSelector('job:errors:rate5m{a="b"}').name).toBe('job:errors:rate5m');
});

describe('what is no selector is refused for good', () => {
  test.each([
    '',
    '{a="b"}',
    '1a',
    'rate(a[1m])',
    'a{b}',
    'a{b=c}',
    'a{b="c" d="e"}',
    'a{b=="c"}',
    'a{b="c"',
    'a{b=~"("}',
    'a{"b"="c"}',
  ])('%j', (text) => {
    expect(() => parseSelector(text)).toThrow(expect.objectContaining({ code: 'MetricsInvalid' }));
  });
});
