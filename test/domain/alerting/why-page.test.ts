import { expect, test } from 'vitest';
import { whyPage } from '../../../src/domain/alerting/why-page.ts';

const NOW = 1_795_000_000_000;
const REPEAT = 14_400_000;

const log = (firing: string, resolved: string, ageMs = 0) => ({
  firing: [...firing],
  resolved: [...resolved],
  atMs: NOW - ageMs,
});

test.each([
  ['none before, one fires', null, 'a', '', true, 'first_page'],
  ['none before, only resolved', null, '', 'a', true, null],
  ['none before, nothing', null, '', '', true, null],
  ['another one', log('a', ''), 'ab', '', true, 'new_alerts'],
  ['another one instead', log('a', ''), 'b', '', true, 'new_alerts'],
  ['one again after all were resolved', log('', 'a'), 'a', '', true, 'first_page'],
  ['another one after all were resolved', log('', 'a'), 'b', '', true, 'first_page'],
  ['all resolved', log('ab', ''), '', 'ab', true, 'all_resolved'],
  ['all resolved, not sent', log('ab', ''), '', 'ab', false, 'all_resolved'],
  ['all gone without a word', log('ab', ''), '', '', true, 'all_resolved'],
  ['all resolved, told before', log('', 'ab'), '', 'ab', true, null],
  ['all resolved, long ago', log('', 'ab', 2 * REPEAT), '', 'ab', true, null],
  ['one of two resolved', log('ab', ''), 'a', 'b', true, 'some_resolved'],
  ['one of two resolved, not sent', log('ab', ''), 'a', 'b', false, null],
  ['one of two resolved, told before', log('a', 'b'), 'a', 'b', true, null],
  ['unchanged', log('a', ''), 'a', '', true, null],
  ['unchanged for less', log('a', '', REPEAT), 'a', '', true, null],
  ['unchanged for longer', log('a', '', REPEAT + 1), 'a', '', true, 'repeat_interval'],
  ['fewer fire, and long ago', log('ab', '', REPEAT + 1), 'a', 'b', false, 'repeat_interval'],
] as const)('%s', (_name, before, firing, resolved, sendResolved, reason) => {
  const present = { firing: new Set(firing), resolved: new Set(resolved) };
  expect(whyPage(before, present, { sendResolved, repeatIntervalMs: REPEAT }, NOW)).toBe(reason);
});

test.each([
  ['none before, and only resolved', null, '', 'a', 'all_resolved'],
  ['none before, and another fires', null, 'b', 'a', 'first_page'],
  ['all were resolved before', log('', 'b'), '', 'ab', 'all_resolved'],
] as const)('an end that may have been told of: %s', (_name, before, firing, resolved, reason) => {
  const present = { firing: new Set(firing), resolved: new Set(resolved), mayBeTold: true };
  const timing = { sendResolved: true, repeatIntervalMs: REPEAT };
  expect(whyPage(before, present, timing, NOW)).toBe(reason);
});
