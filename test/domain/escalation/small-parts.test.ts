import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { incidentId, incidentKey } from '../../../src/domain/escalation/incident-id.ts';
import type { Report } from '../../../src/domain/escalation/incident.ts';
import { placeInKey } from '../../../src/domain/escalation/page-key.ts';
import { isTooLong } from '../../../src/domain/escalation/history-limits.ts';
import { checkedReport, newestReport } from '../../../src/domain/escalation/report-checks.ts';
import { lastResortOnly } from '../../../src/domain/escalation/snapshot.ts';
import { snapshotOf } from '../../../src/domain/paging/snapshot-of.ts';
import { levels, snapshot } from './snapshots.ts';

test('policy and key tell incidents apart, and nothing else does', () => {
  expect(incidentKey('a', 'bc')).toBe(incidentKey('a', 'bc'));
  expect(incidentKey('a', 'bc')).not.toBe(incidentKey('ab', 'c'));
  expect(incidentId(incidentKey('night', 'x'))).toMatch(/^incident\/[0-9a-f]{64}$/);
});

test('a snapshot has its defaults, and the last resort of the file', () => {
  expect(snapshot({ levels: levels(5) })).toMatchObject({
    ...{ name: 'night', repeat: 0, onExhausted: 'fail', lastResort: ['siren'] },
    ...{ ackTimeoutMs: null, sendForMs: 300_000, overrides: [] },
  });
  expect(snapshot({ levels: levels(5), last_resort: ['own'] }).lastResort).toEqual(['own']);
});

test.each(['none', '__proto__', 'constructor'])('there is no policy %s', (name) => {
  expect(snapshotOf({ policies: {}, lastResort: [], channels: {} }, name)).toBeUndefined();
});

test('without a policy the last resort is paged three times', () => {
  expect(lastResortOnly('nigth', ['siren', 'mail'])).toMatchObject({
    ...{ name: 'nigth', repeat: 2, onExhausted: 'fail', lastResort: ['siren', 'mail'] },
    levels: [{ targets: [{ name: 'siren' }, { kind: 'channel', name: 'mail' }] }],
  });
});

const REPORT: Report = {
  ...{ title: 'down', text: '', severity: 'critical', source: 'probe', labels: {}, links: [] },
};

test.each([
  [{ title: ' \n' }, /needs a title/],
  [{ severity: 'bad' }, /"bad" is no severity: critical, error, warning, info/],
  [{ links: [{ text: 'x', url: 'javascript:alert(1)' }] }, /is no link/],
])('a report of %j is refused', (changes, why) => {
  expect(() => checkedReport({ ...REPORT, ...changes } as Report)).toThrow(why);
});

test('what is too long is cut: somebody is paged about it anyway', () => {
  const long = 'x'.repeat(20_000);
  const many = Array.from({ length: 100 }, (_, at) => [`label ${at}`, long] as const);
  const links = Array.from({ length: 30 }, () => ({ text: 'run', url: 'https://example.org/' }));
  const cut = checkedReport({
    ...REPORT,
    ...{ title: long, text: long, source: long, labels: Object.fromEntries(many), links },
  });
  expect([cut.title.length, cut.text.length, cut.source.length]).toEqual([1000, 8000, 1024]);
  expect([Object.keys(cut.labels).length, cut.links.length]).toEqual([64, 20]);
  expect(Math.max(...Object.values(cut.labels).map(({ length }) => length))).toBe(1024);
});

test('a label may have any name', () => {
  const labels = Object.fromEntries([['__proto__', 'x']]);
  expect(Object.entries(checkedReport({ ...REPORT, labels }).labels)).toEqual([['__proto__', 'x']]);
});

test.each([
  ['pager/ada.phone', 'pager/ada.phone'],
  ['pager/ada.phone+300s', 'pager/ada.phone_2b_300s'],
  ['mail/a_b@example.org', 'mail/a_5f_b_40_example.org'],
])('%s is %s in a key', (place, written) => {
  expect(placeInKey(place)).toBe(written);
});

test('two places are never the same in a key, which providers take', () => {
  const place = fc.string({ maxLength: 300 });
  fc.assert(
    fc.property(place, place, (one, other) => {
      expect(placeInKey(one)).toMatch(/^[A-Za-z0-9._/-]{0,160}$/);
      expect(placeInKey(one) === placeInKey(other)).toBe(one === other);
    }),
  );
  const long = 'p'.repeat(200);
  expect(placeInKey(`${long}a`)).not.toBe(placeInKey(`${long}b`));
});

test('a report that is told again and again has no more labels than one', () => {
  let told = REPORT;
  for (let time = 1; time <= 10; time += 1) {
    const labels = Object.fromEntries(
      Array.from({ length: 63 }, (_, at) => [`l${time}-${at}`, 'x'] as const),
    );
    told = newestReport(told, { ...REPORT, labels: { ...labels, same: String(time) } });
  }
  expect(Object.keys(told.labels)).toHaveLength(64);
  expect(
    newestReport({ ...REPORT, labels: { a: '1', b: '1' } }, { ...REPORT, labels: { b: '2' } })
      .labels,
  ).toEqual({ a: '1', b: '2' });
});

test('a link that is too long to be shown is left out', () => {
  const short = { text: 'x'.repeat(5000), url: 'https://a.example' };
  const { links } = checkedReport({
    ...REPORT,
    links: [{ text: 'long', url: `https://a.example/${'x'.repeat(3_000_000)}` }, short],
  });
  expect(links).toEqual([{ text: `${'x'.repeat(1023)}…`, url: short.url }]);
});

test.each([
  ['short', 19_000, 5_000_000, false],
  ['of many events', 21_000, 5_000_000, true],
  ['of few events with long reports', 6000, 25_000_000, true],
])('a history %s', (_name, historyLength, historySize, isOver) => {
  expect(isTooLong({ historyLength, historySize })).toBe(isOver);
});
