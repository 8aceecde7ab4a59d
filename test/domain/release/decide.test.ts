import { describe, expect, test } from 'vitest';
import type { Finding, Verdict } from '../../../src/domain/judge/verdict.ts';
import {
  type WatchResult,
  afterWatch,
  isGood,
  triggerOf,
} from '../../../src/domain/release/decide.ts';

function finding(signal: Finding['signal'], kind: Finding['kind']): Finding {
  return { signal, kind, severity: 'critical', sentence: `${signal} is ${kind}` };
}

function judged(kind: Verdict['kind'], ...findings: Finding[]): WatchResult {
  return { kind: 'judged', verdict: { kind, findings, summary: `it is ${kind}` } };
}

const UNHEALTHY: WatchResult = { kind: 'unhealthy', report: '2 of 2 checks failed' };
const SLOW = judged('fail', finding('latency_p95', 'violation'));
const FAULTY = judged('fail', finding('latency_p95', 'ok'), finding('error_rate', 'violation'));
const UNKNOWN = judged('no_data', finding('error_rate', 'no_data'));

describe.each([
  ['with a way back', { autoRollback: true, hasFallback: true }, 'roll_back'],
  ['where a person wants to decide', { autoRollback: false, hasFallback: true }, 'hold'],
  ['without a way back', { autoRollback: true, hasFallback: false }, 'hold'],
  ['without either', { autoRollback: false, hasFallback: false }, 'hold'],
] as const)('%s', (_name, policy, whenBad) => {
  test.each(['pass', 'warn'] as const)('a verdict of %s promotes', (kind) => {
    expect(afterWatch(judged(kind), policy)).toEqual({ kind: 'promote', reason: `it is ${kind}` });
  });

  test.each([
    ['a slow version', SLOW, 'performance'],
    ['a faulty version', FAULTY, 'error_rate'],
    ['a version of which nothing is known', UNKNOWN, 'performance'],
    ['an unhealthy version', UNHEALTHY, 'health_check'],
  ] as const)(`%s leads to ${whenBad}`, (_bad, result, trigger) => {
    const next = afterWatch(result, policy);
    expect(next).toMatchObject({ kind: whenBad, trigger });
    const reason = result.kind === 'judged' ? result.verdict.summary : result.report;
    expect(next.reason.startsWith(reason)).toBe(true);
    expect(next.reason.includes('no version to go back to')).toBe(!policy.hasFallback);
  });
});

test.each([
  ['pass', true],
  ['warn', true],
  ['fail', false],
  ['no_data', false],
] as const)('a verdict of %s is good: %s', (kind, good) => {
  expect(isGood({ kind, findings: [], summary: '' })).toBe(good);
});

test('an error rate that is merely unknown is not what a rollback is for', () => {
  const findings = [finding('error_rate', 'no_data'), finding('latency_p95', 'violation')];
  expect(triggerOf({ kind: 'fail', findings, summary: '' })).toBe('performance');
});
