import { describe, expect, test } from 'vitest';
import { readSchedules } from '../../../src/domain/oncall/read-schedules.ts';
import { readPaging } from '../../../src/domain/paging/paging-file.ts';

const FILE = `
people:
  Ada.L@example.org: { contacts: { chat: { channel: slack, to: U024BE7LH } } }
  bob: { contacts: { mail: { channel: mail, to: bob@example.org } } }
channels:
  slack: { type: slack, bot_token: { env: TOKEN }, channel: '#ops', fallback: ops }
  mail: { type: email, host: mail.example.org, from: belay@example.org }
  ops: { type: email, host: mail.example.org, from: belay@example.org, to: [ops@example.org] }
  pager: { type: pagerduty, routing_key: { env: KEY } }
schedules:
  Team_A.night:
    time_zone: UTC
    layers: [{ rotation: { every: daily, starts: 2026-01-01T00:00 }, members: [Ada.L@example.org] }]
policies:
  p:
    levels:
      - { targets: [{ person: Ada.L@example.org }, { schedule: Team_A.night }, { channel: ops }] }
    last_resort: [ops]
    overrides:
      - { severity: [info], levels: [{ targets: [{ channel: pager }] }] }
last_resort: [ops]
`;

function problemsOf(text: string): readonly string[] {
  const read = readPaging({ text, file: 'paging.yaml', readFile: () => '' });
  if (read.kind === 'valid') return [];
  return read.problems.map(({ line, path, message }) => `${line} ${path}: ${message}`);
}

test('people and schedules have the same names in policies, in the file and for belay oncall', () => {
  expect(problemsOf(FILE)).toEqual([]);
  const schedules = readSchedules({ text: FILE, file: 'paging.yaml' }, () => '');
  expect(schedules).toMatchObject({ kind: 'valid' });
  for (const name of ['Team A', '-night', 'x'.repeat(65)]) {
    const wrong = FILE.replace('  Team_A.night:', `  '${name}':`);
    const message = `"${name}": a schedule is named by letters, digits and . _ -, at most 64`;
    expect(problemsOf(wrong)).toContainEqual(expect.stringContaining(message));
    const read = readSchedules({ text: wrong, file: 'paging.yaml' }, () => '');
    expect(JSON.stringify(read)).toContain(JSON.stringify(message).slice(1, -1));
  }
});

describe('an address that no page could go to is an error at its place', () => {
  const own = 'mail: the channel has no address of its own, so a page must name one';

  test.each([
    [
      'to: U024BE7LH',
      'to: ada',
      '3 people.Ada.L@example.org.contacts.chat.to: slack: a place in Slack is an id, like U024BE7LH, or #name',
    ],
    [
      'to: bob@example.org',
      'to: bob',
      '4 people.bob.contacts.mail.to: mail: an address is written like ada@example.org',
    ],
    [', to: bob@example.org', '', `4 people.bob.contacts.mail: ${own}`],
    [
      'channel: mail, to: bob@example.org',
      'channel: pager, to: bob@example.org',
      '4 people.bob.contacts.mail.to: pager: a pagerduty channel has one receiver and no addresses within it',
    ],
    ['fallback: ops', 'fallback: mail', `6 channels.slack.fallback: ${own}`],
    ['{ channel: ops }]', '{ channel: mail }]', `17 policies.p.levels.0.targets.2: ${own}`],
    [
      '{ channel: pager }]',
      '{ channel: mail }]',
      `20 policies.p.overrides.0.levels.0.targets.0: ${own}`,
    ],
    ['    last_resort: [ops]', '    last_resort: [mail]', `18 policies.p.last_resort.0: ${own}`],
    ['\nlast_resort: [ops]', '\nlast_resort: [ops, mail]', `21 last_resort.1: ${own}`],
  ])('%s → %s', (from, to, expected) => {
    expect(problemsOf(FILE.replace(from, to))).toEqual([expected]);
  });

  test('that of a channel which is not there is told once', () => {
    expect(problemsOf(FILE.replace('channel: mail, to', 'channel: mial, to'))).toEqual([
      '4 people.bob.contacts.mail.channel: there is no channel mial in this file: did you mean mail?',
    ]);
  });
});

test('whoever is named as a target cannot be called nobody', () => {
  const wrong = FILE.replace('{ person: Ada.L@example.org }', '{ person: nobody }');
  expect(problemsOf(wrong)).toEqual([
    expect.stringContaining('17 policies.p.levels.0.targets.0.person: nobody is the word for'),
  ]);
});
