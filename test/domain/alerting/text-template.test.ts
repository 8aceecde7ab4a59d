import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { filled, templateOf } from '../../../src/domain/alerting/text-template.ts';

const bytes = (text: string): number => Buffer.byteLength(JSON.stringify(text));

test.each([
  ['host-00001 does not answer', ['Down', 'host-00001'], '\u007f1\u007f does not answer'],
  [
    'disk of db-01.example on db-01',
    ['db-01', 'db-01.example'],
    'disk of \u007f1\u007f on \u007f0\u007f',
  ],
  ['nothing of them', ['other'], null],
  ['short web is not worth it', ['web'], null],
  ['it has the mark \u007f and other', ['other'], null],
  ['other', ['other', 'other'], '\u007f0\u007f'],
])('%j by %j', (text, values, template) => {
  expect(templateOf(text, values)).toBe(template);
});

test('any text comes back by the same values, and no template is longer', () => {
  const piece = fc.oneof(
    fc.constantFrom('node-', '00001', 'node-00001', '"quoted"', ' ä', '\u007f'),
    fc.string(),
  );
  const text = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(''));
  const values = fc.array(fc.oneof(text, piece), { maxLength: 64 });
  fc.assert(
    fc.property(text, values, (said, of) => {
      const template = templateOf(said, of);
      if (template === null) return;
      expect(filled(template, of)).toBe(said);
      expect(bytes(template)).toBeLessThanOrEqual(bytes(said));
    }),
    { numRuns: 2000 },
  );
});
