import { describe, expect, test } from 'vitest';
import { renderExplain } from '../../src/cli/render/explain.ts';
import { renderHistory, renderRun, renderServices } from '../../src/cli/render/history.ts';
import { renderStatusLine } from '../../src/cli/render/progress.ts';
import { renderQueue } from '../../src/cli/render/queue.ts';
import { renderSteered } from '../../src/cli/render/steered.ts';
import { createStyle } from '../../src/cli/render/style.ts';
import {
  type AuditEntry,
  PHASES,
  type Progress,
  VERBS,
  type Waiting,
} from '../../src/domain/release/progress.ts';
import { AT_MS, PROGRESS, VIEW } from './progress.ts';

const PLAIN = createStyle(false);
const NOW_MS = AT_MS + 10_000;
/** What a terminal of usual height shows without scrolling, with a prompt above and below. */
const SCREEN_LINES = 50;

function explain(changes: Partial<Progress> = {}): string {
  return renderExplain({ ...PROGRESS, ...changes }, VIEW.queue, NOW_MS, PLAIN);
}

test('explain says where a release stands, what is around it, who waits and what helps', () => {
  expect(explain()).toBe(
    [
      'shop v2  progressing',
      '',
      'run       release/shop/7 (canary), asked by ada: merge of #88',
      'phase     progressing since 2026-11-24 09:30:05 (10s)',
      'doing     Gives the candidate more of the traffic, step by step, and judges it at each.',
      'until     2026-11-24 09:33:05, 2m50s to go',
      'traffic   v1 75 %, v2 25 %',
      'fallback  v1',
      "preview   curl -H 'x-belay-version: v2' http://127.0.0.1:8080",
      '',
      'steps (4 of 8)',
      '  … 2 before',
      '  done   go',
      '  now    weight-25   25 %   2m50s to go',
      '  ahead  weight-100  100 %',
      '  ahead  stabilize          for 10m',
      '  ahead  promote',
      '  … 1 after',
      '',
      'lately',
      '  09:30:05  progressing   v2 gets 25 %',
      '',
      'waiting for their turn',
      '  1  v3  since 2026-11-24 09:31:05  by bob: a fix  request build-9',
      '',
      'next',
      '  belay pause shop --why "…"                 stays at this step; watching goes on',
      '  belay promote shop --why "…"               ' +
        'goes on at once; where it is held, keeps the candidate',
      '  belay promote shop --full --why "…"        goes on to all of the traffic at once',
      '  belay step-back shop --why "…"             one weight or batch down, and stays there',
      '  belay abort shop --why "…"                 ' +
        'traffic back to what was stable, then the candidate is removed',
      '  belay extend shop weight-25 10m --why "…"  makes a step last longer',
      '',
    ].join('\n'),
  );
});

const ASKED: AuditEntry = {
  atMs: AT_MS,
  verb: 'pause',
  who: 'cleo',
  why: 'a look first',
  requestId: 'r-1',
  step: 'weight-25',
};

describe('what it waits for', () => {
  test.each<[Waiting, Partial<Progress>, string, string]>([
    [
      { why: 'gate', text: 'belay approve lets it go on', untilMs: NOW_MS + 3_600_000 },
      { at: 2, verbs: ['pause', 'approve', 'reject'] },
      'at the gate go, until 2026-11-24 10:30:15, 1h to go: belay approve lets it go on',
      'belay approve shop go',
    ],
    [
      { why: 'paused', text: 'a look first', untilMs: undefined },
      { audit: [ASKED], verbs: ['abort', 'resume'] },
      'paused by cleo, until somebody says so: a look first',
      'belay resume shop',
    ],
    [
      { why: 'frozen', text: 'weekend', untilMs: NOW_MS + 60_000 },
      { verbs: ['abort', 'resume'] },
      'in a freeze window, until 2026-11-24 09:31:15, 1m to go: weekend',
      'belay resume shop',
    ],
    [
      { why: 'held', text: 'the gate was silent', untilMs: undefined },
      { verbs: ['promote', 'abort', 'retry'] },
      'held, until somebody says so: the gate was silent',
      'belay retry shop',
    ],
  ])('%j', (waiting, changes, sentence, first) => {
    const progress = { ...PROGRESS, ...changes, waiting };
    const text = explain(progress);
    expect(text).toContain(`waits     ${sentence}\n`);
    expect(text).toContain(`next\n  ${first} --why`);
    expect(renderStatusLine(progress, NOW_MS)).toContain(`; waits ${sentence}`);
  });
});

test('status and explain say which incident has been opened, as belay incident takes it', () => {
  const incident = `incident/3f9ac0ffee12${'0'.repeat(52)}`;
  expect(explain({ incident })).toContain(`incident  ${incident}\n`);
  const progress = { ...PROGRESS, incident };
  expect(renderStatusLine(progress, NOW_MS)).toMatch(/; incident 3f9ac0ffee12$/);
  expect(renderStatusLine(PROGRESS, NOW_MS)).not.toContain('incident');
});

test('explain has a sentence for every phase, and a way to say every verb', () => {
  for (const phase of PHASES) expect(explain({ phase })).toMatch(/^doing {5}[A-Z].*\.$/m);
  const text = explain({ verbs: VERBS });
  for (const command of ['step-back', 'promote shop --full', 'approve', 'extend']) {
    expect(text).toContain(`belay ${command}`);
  }
  expect(text.match(/^ {2}belay .* --why "…" +\S/gm)).toHaveLength(VERBS.length);
});

test('explain stays one screen, however much there is to say', () => {
  const many = Array.from({ length: 30 }, (_, index) => index);
  const text = explain({
    verbs: VERBS,
    steps: many.map((index) => ({ name: `s-${index}`, kind: 'weight', phase: 'progressing' })),
    at: 15,
    audit: many.map(() => ASKED),
    timeline: many.map((index) => ({ atMs: AT_MS, phase: 'progressing', text: `entry ${index}` })),
  });
  expect(text.split('\n').length).toBeLessThan(SCREEN_LINES);
  expect(text).toContain('… 14 before');
  expect(text).toContain('… 11 after');
  expect(text).toContain('… 27 before');
});

test('the history of one run has all of its steps, and all that people asked', () => {
  const audit = Array.from({ length: 5 }, (_, index) => ({ ...ASKED, requestId: `r-${index}` }));
  const text = renderRun({ ...PROGRESS, audit }, NOW_MS, PLAIN);
  for (const { name } of PROGRESS.steps) expect(text).toContain(name);
  expect(text).toContain(
    '  2026-11-24 09:30:05  pause  at weight-25  by cleo: a look first  request r-4',
  );
  expect(text).toContain('timeline\n');
});

test('the queue stands in the history of its service and in the list of services', () => {
  expect(renderHistory(VIEW, PLAIN)).toContain(renderQueue(VIEW.queue));
  expect(renderServices([VIEW])).toMatch(/^shop +v1 +- +1 +-$/m);
  expect(renderQueue([])).toBe('');
});

test('a verb is answered with what it met and what follows', () => {
  expect(renderSteered('shop', 'pause', { phase: 'progressing', step: 'weight-25' })).toBe(
    'shop was progressing, at weight-25: it stays where it is; belay resume lets it go on\n',
  );
});
