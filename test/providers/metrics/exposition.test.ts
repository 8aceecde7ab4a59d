import * as fc from 'fast-check';
import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { readExposition } from '../../../src/providers/metrics/exposition.ts';

describe('a line is read', () => {
  test.each([
    ['a bare series', 'up 1', { name: 'up', labels: {}, value: 1 }],
    ['labels', 'a{b="c",d="e"} 2', { name: 'a', labels: { b: 'c', d: 'e' }, value: 2 }],
    ['no labels in braces', 'a{} 2', { name: 'a', labels: {}, value: 2 }],
    ['a comma at the end', 'a{b="c",} 2', { name: 'a', labels: { b: 'c' }, value: 2 }],
    [
      'blanks everywhere',
      '  a { b = "c" , d="e" }\t 2  ',
      { name: 'a', labels: { b: 'c', d: 'e' }, value: 2 },
    ],
    [
      'blanks within braces',
      'a{ b = "c" , d="e" }   2',
      { name: 'a', labels: { b: 'c', d: 'e' }, value: 2 },
    ],
    ['a timestamp', 'a 2 1395066363000', { name: 'a', labels: {}, value: 2 }],
    ['a timestamp before 1970', 'a 2 -1', { name: 'a', labels: {}, value: 2 }],
    ['an exponent', 'a 1.458255915e+09', { name: 'a', labels: {}, value: 1_458_255_915 }],
    ['a sign', 'a -3.5', { name: 'a', labels: {}, value: -3.5 }],
    ['infinity', 'a{le="+Inf"} +Inf', { name: 'a', labels: { le: '+Inf' }, value: Infinity }],
    ['infinity below zero', 'a -Inf', { name: 'a', labels: {}, value: -Infinity }],
    ['what is no number', 'a NaN', { name: 'a', labels: {}, value: Number.NaN }],
    ['colons in a name', 'job:rate:5m 1', { name: 'job:rate:5m', labels: {}, value: 1 }],
    [
      'braces and commas in a value',
      'a{b="{c=\\"d\\"}, }"} 1',
      { name: 'a', labels: { b: '{c="d"}, }' }, value: 1 },
    ],
    [
      'escapes in a value',
      'a{b="\\\\ \\" \\n"} 1',
      { name: 'a', labels: { b: '\\ " \n' }, value: 1 },
    ],
    ['an empty value', 'a{b=""} 1', { name: 'a', labels: { b: '' }, value: 1 }],
    [
      'the name of a prototype',
      'a{__proto__="b"} 1',
      { name: 'a', labels: JSON.parse('{"__proto__":"b"}'), value: 1 },
    ],
    ['a carriage return', 'a 1\r', { name: 'a', labels: {}, value: 1 }],
  ])('with %s', (_name, line, expected) => {
    expect(readExposition(line)).toEqual([expected]);
  });
});

test.each([
  ['a word', 'hello world again and again'],
  ['a page of HTML', '<!doctype html>'],
  ['JSON', '{"status":"ok"}'],
  ['no value', 'a{b="c"}'],
  ['a value that is text', 'a one'],
  ['an open brace', 'a{b="c" 1'],
  ['an open quote', 'a{b="c} 1'],
  ['a label without quotes', 'a{b=c} 1'],
  ['a label without a name', 'a{="c"} 1'],
  ['something after the timestamp', 'a 1 2 3'],
])('%s is not a sample, and the line is named', (_name, line) => {
  expect(() => readExposition(`# HELP up x\nup 1\n\n${line}\n`)).toThrow('line 4 is not a sample');
});

test('comments, types and empty lines are passed over', () => {
  expect(readExposition('# HELP a b\n# TYPE a counter\n\n   \n#x\n# EOF')).toEqual([]);
  expect(readExposition('')).toEqual([]);
});

test('what the common client library writes is read whole', async () => {
  const registry = new Registry();
  const common = { help: 'a "b" \\ c\nd', registers: [registry] };
  new Counter({ name: 'c_total', labelNames: ['code'], ...common }).inc({ code: 'a"b\\c\nd' }, 3);
  new Gauge({ name: 'g', ...common }).set(-1.5);
  new Histogram({ name: 'h', buckets: [1, 2.5], ...common }).observe(2);
  new Summary({ name: 's', percentiles: [0.5], ...common }).observe(7);
  const samples = readExposition(await registry.metrics());
  expect(samples).toEqual([
    { name: 'c_total', labels: { code: 'a"b\\c\nd' }, value: 3 },
    { name: 'g', labels: {}, value: -1.5 },
    { name: 'h_bucket', labels: { le: '1' }, value: 0 },
    { name: 'h_bucket', labels: { le: '2.5' }, value: 1 },
    { name: 'h_bucket', labels: { le: '+Inf' }, value: 1 },
    { name: 'h_sum', labels: {}, value: 2 },
    { name: 'h_count', labels: {}, value: 1 },
    { name: 's', labels: { quantile: '0.5' }, value: 7 },
    { name: 's_sum', labels: {}, value: 7 },
    { name: 's_count', labels: {}, value: 1 },
  ]);
});

test('any labels and value come back as they were written', () => {
  const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,10}$/);
  const sample = fc.record({
    name,
    labels: fc.dictionary(name, fc.string(), { maxKeys: 4 }),
    value: fc.double().map((value) => (value === 0 ? 0 : value)),
  });
  const escaped = (text: string): string =>
    text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 5 }), (samples) => {
      const lines = samples.map(({ name: series, labels, value }) => {
        const inside = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
        const written = Number.isFinite(value)
          ? String(value)
          : `${value}`.replace('Infinity', 'Inf');
        return `${series}{${inside.join(',')}} ${written}\n`;
      });
      expect(readExposition(lines.join(''))).toEqual(
        samples.map(({ labels, ...rest }) => ({ ...rest, labels: { ...labels } })),
      );
    }),
  );
});

test('no text makes it hang or fail in another way', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '{', '}', '"', '\\', ',', '=', ' ', '1', '\n') }),
      (text) => {
        try {
          expect(Array.isArray(readExposition(text))).toBe(true);
        } catch (error) {
          expect(String(error)).toMatch(/line \d+ is not a sample/);
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(() => readExposition(`a{b="${'\\'.repeat(50_000)}`)).toThrow('line 1 is not a sample');
});
