import { expect, test } from 'vitest';
import { answerText } from '../../../src/domain/release/answer-text.ts';

test.each<readonly [string, unknown, string]>([
  ['text', 'three tables', 'three tables'],
  ['the text of an object', { text: 'three tables', rows: 7 }, 'three tables'],
  ['an object without one', { rows: 7 }, ''],
  ['a text that is none', { text: ['three'] }, ''],
  ['null', null, ''],
  ['nothing', undefined, ''],
  ['a number', 7, ''],
  ['several lines', ' three\r\n\u2028tables\t', 'three tables'],
  ['what turns a terminal around', 'a\u202eb\u001b[2Jc\u0000', 'a b [2Jc'],
  ['too much', 'x'.repeat(10_000), 'x'.repeat(500)],
  ['half of a character at the end', `${'x'.repeat(499)}😀`, `${'x'.repeat(499)}\ufffd`],
])('%s becomes one short line', (_name, answer, line) => {
  expect(answerText(answer)).toBe(line);
});
