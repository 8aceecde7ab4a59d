import { describe, expect, test } from 'vitest';
import type { ArmLook } from '../../../src/domain/judge/arm-judge.ts';
import type { KayentaSaid } from '../../../src/domain/judge/kayenta-arms.ts';
import type { Finding, Verdict } from '../../../src/domain/judge/verdict.ts';
import { scoreOf, withComparison } from '../../../src/domain/judge/with-comparison.ts';
import { isBreach, isGood, isKnown } from '../../../src/domain/release/decide.ts';

const BUDGET = 'error budget spent 0.9 of 1 %';

function finding(changes: Partial<Finding> = {}): Finding {
  return { signal: 'error_rate', kind: 'ok', severity: 'critical', sentence: 'errors', ...changes };
}

const look = (findings: readonly Finding[], more: Partial<ArmLook> = {}): ArmLook => ({
  ...{ findings, holds: false, mismatch: undefined },
  ...more,
});

const by = (kind: Verdict['kind']): Verdict => ({
  ...{ kind, findings: [finding()], summary: `limits: ${kind}` },
});

const LOST = finding({ kind: 'violation', sentence: 'more errors' });
const SMALL = finding({ kind: 'violation', severity: 'warning', sentence: 'a few more' });
const QUIET = finding({ signal: 'heap', kind: 'no_data', sentence: 'no heap' });
const RARE = finding({ ...QUIET, signal: 'depth', severity: 'warning', sentence: 'no depth' });
/** Kayenta's judge of the same look. */
const scored = (kind: KayentaSaid['kind'], score: number, holds = false): ArmLook =>
  look([finding()], { kayenta: { kind, score, holds, summary: 'a score', findings: [] } });
const SPLIT = 'traffic split is 3 %, intended 10 %';

test.each<[Verdict['kind'], ArmLook, Partial<Verdict>]>([
  ['pass', look([finding()]), { kind: 'pass', score: 100 }],
  ['warn', look([finding()]), { kind: 'warn' }],
  ['pass', look([LOST]), { kind: 'fail', summary: `more errors; ${BUDGET}`, score: 50 }],
  ['no_data', look([LOST]), { kind: 'fail' }],
  ['pass', look([SMALL]), { kind: 'warn', action: 'step_back' }],
  ['pass', look([SMALL, LOST]), { kind: 'fail' }],
  ['fail', look([finding()]), { kind: 'fail', summary: 'limits: fail' }],
  ['fail', look([LOST], { mismatch: SPLIT }), { kind: 'fail', summary: 'limits: fail' }],
  ['pass', look([LOST], { mismatch: SPLIT }), { kind: 'inconclusive', summary: SPLIT }],
  ['no_data', look([], { mismatch: SPLIT }), { kind: 'inconclusive' }],
  ['no_data', look([finding()]), { kind: 'no_data', summary: 'limits: no_data' }],
  ['pass', look([QUIET]), { kind: 'no_data', summary: 'no heap' }],
  ['pass', look([QUIET], { holds: true }), { kind: 'no_data', action: 'hold' }],
  ['pass', look([RARE]), { kind: 'no_data', action: 'step_back', summary: 'no depth' }],
  ['warn', look([QUIET, RARE]), { kind: 'no_data', summary: 'no heap; no depth' }],
  ['no_data', look([RARE]), { kind: 'no_data', summary: 'limits: no_data; no depth' }],
  ['pass', look([]), { kind: 'pass', summary: 'limits: pass' }],
  ['pass', scored('pass', 100), { kind: 'pass', score: 100 }],
  ['pass', scored('warn', 80), { kind: 'warn', action: 'step_back', score: 80 }],
  ['pass', scored('fail', 50), { kind: 'fail', summary: `Kayenta's judge: a score; ${BUDGET}` }],
  ['no_data', scored('fail', 50), { kind: 'fail' }],
  ['pass', scored('no_data', 0), { kind: 'no_data', score: 0 }],
  ['pass', scored('no_data', 0, true), { kind: 'no_data', action: 'hold' }],
  ['pass', scored('inconclusive', 0), { kind: 'inconclusive' }],
  ['no_data', scored('pass', 100), { kind: 'no_data', summary: 'limits: no_data' }],
  ['fail', scored('pass', 100), { kind: 'fail', summary: 'limits: fail' }],
  ['warn', scored('pass', 100), { kind: 'warn' }],
])('limits %s and a comparison: %#', (kind, said, expected) => {
  expect(withComparison(by(kind), said, BUDGET)).toMatchObject(expected);
});

test('limits that would wait for a person do not, where what is compared says back', () => {
  const held = { ...by('no_data'), action: 'hold' } as const;
  expect(withComparison(held, look([QUIET]), BUDGET)).not.toHaveProperty('action');
  expect(withComparison(held, look([RARE]), BUDGET)).toHaveProperty('action', 'hold');
});

test('what is compared and what it cost is part of a verdict that passes', () => {
  const { summary, findings } = withComparison(by('pass'), look([finding()]), BUDGET);
  expect(summary).toBe(`limits: pass; errors; ${BUDGET}`);
  expect(findings).toHaveLength(2);
});

describe('the health score', () => {
  test.each([
    [[], 0],
    [[finding()], 100],
    [[finding({ weight: 3 }), LOST], 75],
    [[finding(), QUIET], 50],
  ])('of %j is %i', (findings, score) => {
    expect(scoreOf(findings)).toBe(score);
  });
});

test('only what is known to be good is good', () => {
  const verdicts: readonly (readonly [Verdict, boolean, boolean, boolean])[] = [
    [by('pass'), true, false, true],
    [by('warn'), true, false, true],
    [{ ...by('warn'), action: 'step_back' }, false, true, true],
    [by('fail'), false, true, true],
    [by('no_data'), false, false, false],
    [{ ...by('no_data'), action: 'hold' }, false, false, false],
    [{ ...by('no_data'), action: 'step_back' }, false, false, false],
    [by('inconclusive'), false, false, false],
  ];
  for (const [verdict, good, breach, known] of verdicts) {
    expect([isGood(verdict), isBreach(verdict), isKnown(verdict)]).toEqual([good, breach, known]);
  }
});
