import { describe, expect, test } from 'vitest';
import type { InhibitRule } from '../../../src/domain/alerting/alerting.schema.ts';
import { canInhibit, inhibitedBy, inhibitorsOf } from '../../../src/domain/alerting/inhibition.ts';
import type { Labels } from '../../../src/domain/alerting/labels.ts';
import { readMatchers } from '../../../src/domain/alerting/read-matchers.ts';

function rule(source: string, target: string, equal: readonly string[] = []): InhibitRule {
  const read = (text: string) => {
    const result = readMatchers(text);
    return result.kind === 'valid' ? result.matchers : [];
  };
  return {
    name: undefined,
    source: [...read(source)],
    target: [...read(target)],
    equal: [...equal],
  };
}

function inhibited(rules: readonly InhibitRule[], firing: readonly Labels[], labels: Labels) {
  const sources = firing.map((one, at) => ({ fingerprint: `f${at}`, labels: one }));
  return inhibitedBy(inhibitorsOf(rules, sources), labels);
}

describe('an alert is inhibited by a firing one that matches the source, with equal labels', () => {
  const simple = [rule('s=1', 't=1', ['e'])];
  const two = [rule('s=1', 't=1', ['e']), rule('s2=1', 't2=1', ['e2'])];
  test.each([
    ['nothing fires', simple, [], { t: '1', e: '1' }, null],
    ['the source fires', simple, [{ s: '1', e: '1' }], { t: '1', e: '1' }, 'f0'],
    ['no target', simple, [{ s: '1', e: '1' }], { t: '0', e: '1' }, null],
    ['another value', simple, [{ s: '1', e: '1' }], { t: '1', e: '2' }, null],
    ['both lack the label', simple, [{ s: '1' }], { t: '1' }, 'f0'],
    ['only one lacks it', simple, [{ s: '1' }], { t: '1', e: '1' }, null],
    ['an empty one is a missing one', simple, [{ s: '1', e: '' }], { t: '1' }, 'f0'],
    [
      'the second of two sources',
      simple,
      [
        { s: '1', e: '2' },
        { s: '1', e: '1' },
      ],
      { t: '1', e: '1' },
      'f1',
    ],
    ['the second rule', two, [{ s2: '1', e2: 'x' }], { t2: '1', e2: 'x' }, 'f0'],
    ['sides of two rules', two, [{ s: '1', e: 'x' }], { t2: '1', e: 'x' }, null],
    ['nothing need be equal', [rule('s=1', 't=1')], [{ s: '1', x: '1' }], { t: '1', x: '2' }, 'f0'],
    ['an empty rule and another alert', [rule('', '')], [{ a: '1' }], { b: '1' }, null],
  ] as const)('%s', (_name, rules, firing, labels, by) => {
    expect(inhibited(rules, firing, labels)).toBe(by);
  });
});

describe('what matches both sides is not inhibited by another that does', () => {
  const both = [rule('s=1', 't=1', ['e'])];
  test.each([
    ['itself', [{ s: '1', t: '1' }], { s: '1', t: '1' }, null],
    ['another of both sides', [{ s: '1', t: '1', x: '1' }], { s: '1', t: '1' }, null],
    ['by one that is only a source', [{ s: '1' }], { s: '1', t: '1' }, 'f0'],
    ['only a target, by one of both sides', [{ s: '1', t: '1' }], { t: '1' }, 'f0'],
  ] as const)('%s', (_name, firing, labels, by) => {
    expect(inhibited(both, firing, labels)).toBe(by);
  });

  test('and can inhibit all the same', () => {
    expect(canInhibit(both, { s: '1', t: '1' })).toBe(true);
    expect(canInhibit(both, { t: '1' })).toBe(false);
  });
});
