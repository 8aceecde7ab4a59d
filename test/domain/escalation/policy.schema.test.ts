import { expect, test } from 'vitest';
import { readPaging } from '../../../src/domain/paging/paging-file.ts';
import { levels } from './snapshots.ts';

/** Where a paging file with this policy is wrong, and how. */
function problemsOf(policy: unknown): readonly string[] {
  const text = JSON.stringify({
    people: { ada: { contacts: { phone: { channel: 'pager' } } } },
    channels: { pager: { type: 'memory' } },
    policies: { night: policy },
    last_resort: ['pager'],
  });
  const read = readPaging({ text, file: 'paging.yaml', readFile: () => '', forTests: true });
  if (read.kind === 'valid') return [];
  return read.problems.map(({ path, message }) => `${path}: ${message}`);
}

const LEVELS = levels(5);

test.each<[string, unknown, RegExp]>([
  ['no level', { levels: [] }, /^policies\.night\.levels: .*at least one level/],
  ['21 levels', { levels: levels(...Array(21).fill(1)) }, /^policies\.night\.levels: .*20/],
  ['no target', { levels: [{ targets: [] }] }, /levels\.0\.targets: .*pages somebody/],
  [
    'a target of no kind',
    { levels: [{ targets: [{ robot: 'x' }] }] },
    /levels\.0\.targets\.0: a target is \{person: NAME\}/,
  ],
  ['no wait', { levels: [{ ...LEVELS[0], wait: '0s' }] }, /levels\.0\.wait/],
  ['much patience', { levels: LEVELS, repeat: 101 }, /^policies\.night\.repeat/],
  ['a part of a round', { levels: LEVELS, repeat: 0.5 }, /^policies\.night\.repeat/],
  ['no such end', { levels: LEVELS, on_exhausted: 'give_up' }, /night\.on_exhausted/],
  ['too short a try', { levels: LEVELS, send_for: '14s' }, /send_for: .*at least 15s/],
  ['an unknown key', { levels: LEVELS, repeats: 1 }, /repeats/],
  [
    'no condition',
    { levels: LEVELS, overrides: [{ repeat: 1 }] },
    /overrides\.0: has no condition: name a severity or hours/,
  ],
  [
    'no change',
    { levels: LEVELS, overrides: [{ severity: ['info'] }] },
    /overrides\.0: changes nothing: name levels, repeat or wait_for/,
  ],
  [
    'hours that are open',
    { levels: LEVELS, overrides: [{ hours: 'inside', wait_for: 'business_hours' }] },
    /overrides\.0\.wait_for: inside business hours there is nothing to wait for/,
  ],
  [
    'a person who is not there',
    { levels: [{ targets: [{ person: 'adda' }] }] },
    /levels\.0\.targets\.0.*no person adda.*did you mean ada/,
  ],
  [
    'a channel that is not there, in an override',
    { levels: LEVELS, overrides: [{ hours: 'inside', levels: [{ targets: [{ channel: 'x' }] }] }] },
    /overrides\.0\.levels\.0.*no channel x/,
  ],
])('%s is said with its place', (_name, policy, problem) => {
  expect(problemsOf(policy)).toContainEqual(expect.stringMatching(problem));
});

test('the largest policy there can be is read', () => {
  const targets = Array.from({ length: 20 }, () => ({ person: 'ada' }));
  const largest = {
    levels: Array.from({ length: 20 }, () => ({ targets, channels: ['pager'] })),
    ...{ repeat: 100, send_for: '15s', ack_timeout: '7d', on_exhausted: 'go_on' },
  };
  expect(problemsOf(largest)).toEqual([]);
});
