import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Report } from '../../../src/domain/escalation/incident.ts';
import { type Opening, readOpening } from '../../../src/domain/escalation/opening.ts';

const REPORT: Report = {
  ...{ title: 'checkout is down', text: 'since 3:10', severity: 'error', source: 'probe' },
  labels: { service: 'checkout' },
  links: [{ text: 'runbook', url: 'https://wiki.example.org/checkout' }],
};
const WHOLE: Opening = {
  ...{ schemaVersion: 1, policy: 'night', key: '3f9ac0ff'.repeat(8) },
  ...{ who: 'monitor', why: 'its alert fires', requestId: 'alert-4711' },
  report: REPORT,
};

function opened(input: unknown): Opening {
  const read = readOpening(input);
  if (read.kind === 'unusable') throw new Error(read.why);
  return read.opening;
}

function fault(input: unknown): string {
  const read = readOpening(input);
  return read.kind === 'unusable' ? read.why : 'none';
}

test('what the client starts an incident with is kept as it is', () => {
  expect(opened(WHOLE)).toEqual(WHOLE);
});

test.each([
  ['absent', undefined],
  ['null', null],
])('what is %s and may be is filled in', (_name, value) => {
  const { title } = REPORT;
  const report = { title, text: value, severity: value, source: value, labels: value };
  expect(opened({ ...WHOLE, schemaVersion: value, report: { ...report, links: value } })).toEqual({
    ...WHOLE,
    report: {
      ...{ title, text: '', severity: 'critical', source: 'monitor', labels: {}, links: [] },
    },
  });
  const links = [{ text: value, url: 'https://example.org' }];
  expect(opened({ ...WHOLE, report: { ...REPORT, links } }).report.links).toEqual([
    { text: '', url: 'https://example.org' },
  ]);
});

test.each([
  [undefined, /^the input: is missing: write one JSON object; key: is missing: write the hex /],
  [null, /^the input: is missing/],
  ['night', /^the input: is "night": write one JSON object/],
  [[WHOLE], /^the input: is \[\{.*…: write one JSON object/],
  [{}, /key: is missing.*who: is missing.*requestId: is.*why: is.*policy: is.*report: is missing/],
])('%j starts nothing', (input, why) => {
  expect(fault(input)).toMatch(why);
});

test.each([
  [{ schemaVersion: 2 }, 'schemaVersion: is 2: write 1'],
  [{ who: ' ' }, 'who: is " ": write who reports it'],
  [{ why: 7 }, 'why: is 7: write why it is reported'],
  [{ requestId: '' }, 'requestId: is "": write one that this report alone has'],
  [{ policy: {} }, 'policy: is {}: write the name of one of the paging file'],
  [{ report: [] }, /^report: is \[\]: write one JSON object; report.title: is missing/],
])('an input with %j says what to write there', (changes, why) => {
  expect(fault({ ...WHOLE, ...changes })).toMatch(why);
});

test.each([7, '', 'two words', 'x'.repeat(65), 'schlüssel'])('the key %j is none', (key) => {
  expect(fault({ ...WHOLE, key })).toMatch(/^key: is .*: write the hex digits of the workflow id/);
});

test.each([
  [{ title: '' }, 'report.title: is "": write what is wrong, in a line'],
  [{ text: 7 }, 'report.text: is 7: write a text'],
  [{ severity: 'bad' }, 'report.severity: is "bad": write critical, error, warning, info'],
  [{ source: {} }, 'report.source: is {}: write a text'],
  [{ labels: [] }, 'report.labels: is []: write one JSON object'],
  [{ labels: { port: 80 } }, 'report.labels.port: is 80: write a text'],
  [{ links: {} }, 'report.links: is {}: write a list'],
  [{ links: [null] }, /^report.links.0: is missing: write one JSON object; report.links.0.url: is/],
  [
    { links: [{ text: 'x', url: 'javascript:alert(1)' }] },
    'report.links.0.url: is "javascript:alert(1)": begin it with http:// or https://',
  ],
])('a report with %j says what to write there', (changes, why) => {
  expect(fault({ ...WHOLE, report: { ...REPORT, ...changes } })).toMatch(why);
});

test('what is too long is cut, and what nobody knows is left out', () => {
  const long = 'x'.repeat(20_000);
  const { who, why, requestId, policy, report, ...others } = opened({
    ...WHOLE,
    ...{ who: long, why: long, requestId: long, policy: long, carried: {}, odd: long },
    report: { ...REPORT, title: long, text: long, labels: { a: long }, odd: long },
  });
  expect([who, why, requestId, policy].map(({ length }) => length)).toEqual(Array(4).fill(1000));
  expect([report.title.length, report.text.length, report.labels.a?.length]).toEqual([
    1000, 8000, 1024,
  ]);
  expect(Object.keys(report)).not.toContain('odd');
  expect(Object.keys(others)).toEqual(['schemaVersion', 'key']);
});

test('however much is wrong, the message is short', () => {
  const labels = Object.fromEntries(
    Array.from({ length: 5000 }, (_, at) => [`${at}${'x'.repeat(300)}`, { at }] as const),
  );
  const why = fault({ ...WHOLE, report: { ...REPORT, labels } });
  expect(why).toMatch(/; and 4990 more$/);
  expect(why.length).toBeLessThan(3000);
});

test('whatever is given, it is read without an error, and what is read is read again', () => {
  const part = fc.oneof(fc.jsonValue(), fc.constantFrom('night', 'critical', 'https://a.example'));
  const some = (whole: object) =>
    fc.dictionary(fc.constantFrom(...Object.keys(whole)), part, { maxKeys: 2 });
  const input = fc.oneof(
    part,
    fc.tuple(some(WHOLE), some(REPORT)).map(([asked, report]) => ({
      ...{ ...WHOLE, report: { ...REPORT, ...report } },
      ...asked,
    })),
  );
  fc.assert(
    fc.property(input, (given) => {
      const read = readOpening(given);
      if (read.kind === 'opening') expect(opened(read.opening)).toEqual(read.opening);
      else expect(read.why).not.toBe('');
    }),
  );
});
