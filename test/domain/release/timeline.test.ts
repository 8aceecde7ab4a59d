import { expect, test } from 'vitest';
import type { Progress, TimelineEntry } from '../../../src/domain/release/progress.ts';
import { renderTimeline } from '../../../src/domain/release/timeline.ts';

const AT_MS = Date.UTC(2026, 10, 24, 9, 30, 5);

const PROGRESS: Progress = {
  workflowId: 'release/shop/7',
  kind: 'release',
  service: 'shop',
  number: 7,
  version: 'v2',
  fallback: 'v1',
  strategy: 'blue_green',
  who: 'ada',
  why: 'merge of #88',
  startedAtMs: AT_MS,
  phase: 'stabilizing',
  phaseSinceMs: AT_MS,
  phaseUntilMs: undefined,
  weights: [
    { version: 'v1', weightPercent: 0 },
    { version: 'v2', weightPercent: 100 },
  ],
  verdict: undefined,
  warnings: [],
  rolledBackBy: undefined,
  steps: [],
  at: 0,
  waiting: undefined,
  preview: undefined,
  audit: [],
  verbs: ['abort'],
  timeline: [{ atMs: AT_MS, phase: 'deploying', text: 'starting 2 × v2' }],
  outcome: undefined,
  reason: undefined,
  endedAtMs: undefined,
};

test('says who released what and why, where it stands and what has happened', () => {
  expect(renderTimeline(PROGRESS)).toBe(
    [
      '**shop v2** · release 7 · blue_green · by ada: merge of #88',
      '',
      '| phase | since | traffic | fallback |',
      '| --- | --- | --- | --- |',
      '| stabilizing | 09:30:05Z | v1 0 %, v2 100 % | v1 |',
      '',
      'A person can now: abort.',
      '',
      '- `09:30:05Z` deploying: starting 2 × v2',
    ].join('\n'),
  );
});

test('says the outcome with its reason, and no verbs, once it has ended', () => {
  const text = renderTimeline({
    ...PROGRESS,
    phase: 'ended',
    verbs: [],
    outcome: 'rolled_back',
    reason: 'error rate is 9 %',
  });
  expect(text).toContain('**rolled_back**: error rate is 9 %');
  expect(text).not.toContain('A person can');
});

test('says what is not known, and that there is no way back', () => {
  const text = renderTimeline({ ...PROGRESS, weights: [], fallback: undefined });
  expect(text).toContain('| stabilizing | 09:30:05Z | not known yet | none |');
});

test('keeps what people and programs wrote on one line', () => {
  const timeline: TimelineEntry[] = [
    { atMs: AT_MS, phase: 'checking', text: 'log:\n\n# no licence\r\n- x' },
  ];
  const lines = renderTimeline({ ...PROGRESS, why: 'a\n\n| b', timeline }).split('\n');
  expect(lines).toHaveLength(9);
  expect(lines[0]).toContain('a | b');
  expect(lines[8]).toBe('- `09:30:05Z` checking: log: # no licence - x');
});

test('drops the oldest entries first where there are too many to show', () => {
  const timeline = Array.from({ length: 500 }, (_, index): TimelineEntry => {
    return { atMs: AT_MS, phase: 'stabilizing', text: `look ${index} ${'x'.repeat(900)}` };
  });
  const text = renderTimeline({ ...PROGRESS, timeline });
  expect(Buffer.byteLength(text)).toBeLessThan(20_000);
  expect(text).toContain('look 499');
  expect(text).not.toContain('look 0 ');
});
