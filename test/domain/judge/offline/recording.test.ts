import { describe, expect, test } from 'vitest';
import { readRecording, requireRecording } from '../../../../src/domain/judge/offline/recording.ts';

const read = (text: string) => requireRecording({ text, file: 'a.csv' });

function problemsOf(text: string): readonly string[] {
  const found = readRecording({ text, file: 'a.csv' });
  if (found.kind === 'read') return [];
  return found.problems.map(
    ({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`,
  );
}

const matrix = (result: readonly unknown[], more: object = {}): string =>
  JSON.stringify({ status: 'success', data: { resultType: 'matrix', result }, ...more });

describe('what is read', () => {
  test.each([
    ['CSV', 'time,requests,errors,depth\n1772359200,10,1,\n1772359260,12,0,3.5\n'],
    [
      'CSV with CRLF, quotes and a byte order mark',
      '\uFEFFtime,"requests",errors,depth\r\n"1772359200",10,1,NaN\r\n1772359260, 12 ,0,3.5',
    ],
    [
      'CSV with ISO times',
      'time,requests,errors,depth\n2026-03-01T11:00:00+01:00,10,1,\n2026-03-01 10:01:00.000Z,12,0,3.5',
    ],
    [
      'CSV with milliseconds',
      'time,requests,errors,depth\n1772359200000,10,1,\n1772359260000,12,0,3.5',
    ],
    [
      'JSON rows',
      '[{"time":1772359200,"requests":10,"errors":1},\n{"time":1772359260,"requests":12,"errors":0,"depth":3.5}]',
    ],
    [
      'an answer of Prometheus',
      matrix([
        {
          metric: { __name__: 'requests', v: '1' },
          values: [
            [1772359200, '10'],
            [1772359260, '12'],
          ],
        },
        {
          metric: { __name__: 'errors', v: '1' },
          values: [
            [1772359200, '1'],
            [1772359260, '0'],
          ],
        },
        { metric: { __name__: 'depth', v: '1' }, values: [[1772359260, '3.5']] },
      ]),
    ],
  ])('%s: the same rows, and what is missing stays missing', (_, text) => {
    const { rows, times, columns } = read(text);
    expect(rows).toBe(2);
    expect(times).toEqual([1_772_359_200_000, 1_772_359_260_000]);
    expect(Object.fromEntries(columns)).toEqual({
      requests: [10, 12],
      errors: [1, 0],
      depth: [null, 3.5],
    });
  });

  test('JSON values have no times', () => {
    const { times, columns } = read('{"p95": [1, null, 3], "heap": [4, 5, 6]}');
    expect(times).toBeUndefined();
    expect(Object.fromEntries(columns)).toEqual({ p95: [1, null, 3], heap: [4, 5, 6] });
  });

  test('requests may end at the same time, blocks may not', () => {
    expect(read('time,errors\n1772359200,0\n1772359200,1\n').rows).toBe(2);
    expect(problemsOf('time,requests\n1772359200,1\n1772359200,1\n')).toEqual([
      '3:1 time: "1772359200" is there twice: a time has one row',
    ]);
  });

  test('series of Prometheus are named by the labels in which they differ', () => {
    const series = (labels: object) => ({ metric: labels, values: [[1, '1']] });
    const names = (...all: readonly object[]) => [...read(matrix(all.map(series))).columns.keys()];
    expect(names({})).toEqual(['value']);
    expect(names({ version: 'v1' })).toEqual(['value']);
    expect(names({ __name__: 'up', pod: 'a' })).toEqual(['up']);
    expect(
      names({ __name__: 'up', pod: 'a', v: '1' }, { __name__: 'up', pod: 'b', v: '1' }),
    ).toEqual(['up{pod="a"}', 'up{pod="b"}']);
  });

  test('no rows and no series are no problem of the file: there is no data', () => {
    expect(read('time,requests\n').rows).toBe(0);
    expect(read('[]').rows).toBe(0);
    expect(read(matrix([])).rows).toBe(0);
  });
});

describe('what is refused, with its place and how to mend it', () => {
  test.each([
    ['', '1:1 : is empty'],
    ['  \n ', '1:1 : is empty'],
    ['requests,errors\n1,2', '1:1 : the first column is "requests", and not time'],
    ['time;requests\n1;2', 'columns are separated by commas'],
    ['time\n1', 'has no column but time'],
    ['time,a,a\n1,2,3', '1:8 : the column a is there twice'],
    ['time,a,\n1,2,3', '1:8 : a column has no name'],
    ['time,\u001b[31m\n1,2', '1:6 : "?[31m" is no name of a column'],
    ['time,a\n1,2,3', '2:1 : has 3 cells, the header has 2'],
    ['time,a\n\n1,2', '2:1 : is an empty line'],
    ['time,a\n1,"2', '2:3 : a quote begins here and does not end'],
    ['time,a\n1,"2"3', '2:6 : text behind the quote'],
    ['time,a\n1,2"3', '2:4 : a quote within a cell'],
    ['time,a\n1,two', '2:3 a: "two" is not a number'],
    ['time,a\n1,"1,5"', 'write the decimal point as a dot'],
    ['time,a\n1,0x10', '"0x10" is not a number'],
    ['time,a\n1,+Inf', '+Inf is no measurement'],
    ['time,a\n1,1e999', '"1e999" is too large'],
    ['time,a\n,1', '2:1 time: a row has no time'],
    ['time,a\nyesterday,1', '"yesterday" is no time'],
    ['time,a\n2026-03-01T10:00:00,1', 'has no time zone'],
    ['time,a\n2026-02-30T10:00:00Z,1', 'is no time'],
    ['time,a\n-5,1', '"-5" is no time'],
    ['time,a\n1772359200,1\n1772359260000,1', '3:1 time: "1772359260000" is epoch milliseconds'],
    ['time,a\n1772359260,1\n1772359200,1', '3:1 time: "1772359200" is before the row above'],
    ['time,requests\n1,1.5', '2:3 requests: 1.5 is no count'],
    ['time,requests\n1,-1', '-1 is no count'],
    ['time,requests,errors\n1,5,6', '2:5 errors: 6 errors of 5 requests'],
    ['time,errors\n1,6', 'each row is one request'],
    ['time,latency_ms\n1,-0.1', '-0.1 is below zero'],
    ['[1]', '1:2 : "1" is no row'],
    ['[{"time":1,"a":"2"}]', '1:16 a: "text 2" is not a number'],
    ['[{"time":1,"a":2},\n {"time":0.5,"a":2}]', '2:10 time: "0.5" is before the row above'],
    ['[{"time":1,"a":2,"a":3}]', '1:18 : the key "a" is there twice'],
    ['[{"time":1,"a":2}', 'is not JSON'],
    ['{"a":[1],"b":[1,2]}', 'has 2 values, a has 1: write null'],
    ['{"a":5}', '1:6 a: "5" is no array of values'],
    ['{"requests":[1]}', 'requests has no times here'],
    ['{"a":[1,[2]]}', '1:9 a: an array is not a number'],
    ['{"status":"error","error":"bad query"}', 'Prometheus answered "error": "bad query"'],
    ['{"status":"success","data":{"resultType":"vector","result":[]}}', '"vector" is no matrix'],
    [matrix([{ metric: {}, values: [[1, '+Inf']] }]), '+Inf is no measurement'],
    [
      matrix([
        {
          metric: {},
          values: [
            [2, '1'],
            [1, '1'],
          ],
        },
      ]),
      'is before the row above',
    ],
    [matrix([{ metric: {}, values: [5] }]), 'a row has no time'],
    [matrix([{ metric: {}, values: [], histograms: [] }]), 'a native histogram'],
    [matrix([5]), 'a series without its metric'],
    [matrix([], { warnings: ['store gateway down'] }), 'the answer is incomplete'],
    [
      matrix([{ metric: { __name__: 'requests' }, values: [[1, '59.7']] }]),
      'write round(increase(…))',
    ],
  ])('%j', (text, problem) => {
    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  test('a failure has every problem with file, line and column', () => {
    expect(() => read('time,a\n1,x\n2,y\n')).toThrow(
      /^a\.csv:2:3: a: "x" is not a number.*\na\.csv:3:3: a: "y" is not a number/,
    );
  });

  test('whoever has many problems begins with the first twenty', () => {
    const rows = Array.from({ length: 1000 }, (_, at) => `${at + 1},x`);
    expect(problemsOf(`time,a\n${rows.join('\n')}`)).toHaveLength(20);
  });

  test.each([
    ['more than 64 MiB', 'x'.repeat(64 * 1024 * 1024 + 1), '67108864 is the most'],
    [
      'more than 1,000,000 rows',
      `time,a\n${Array.from({ length: 1_000_001 }, (_, at) => `${at + 1},1\n`).join('')}`,
      'more than 1000000 rows',
    ],
    [
      '101 columns',
      `time,${Array.from({ length: 101 }, (_, at) => `c${at}`).join()}\n`,
      '100 is the most',
    ],
    ['a cell without an end', `time,a\n1,${'9'.repeat(20_000)}`, 'is this CSV?'],
    ['arrays in arrays', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'is no row'],
    ['no text at all', '\u0000\u0001\u0002', 'and not time'],
  ])('%s', (_, text, problem) => {
    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  test('names that every object has are columns like any other', () => {
    const { columns } = read('time,__proto__,constructor\n1,2,3');
    expect([...columns.keys()]).toEqual(['__proto__', 'constructor']);
    expect(read('[{"time":1,"__proto__":2}]').columns.get('__proto__')).toEqual([2]);
  });
});
