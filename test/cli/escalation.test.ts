import { describe, expect, test } from 'vitest';
import { run } from './run-cli.ts';

const PAGING = `
people:
  ada:
    contacts: { mail: { channel: ops-mail, to: ada@example.org }, chat: { channel: ops-slack } }
    notify: [{ contact: chat }, { contact: mail, after: 7m }]
  bob: { contacts: { mail: { channel: ops-mail, to: bob@example.org } } }
channels:
  ops-mail: { type: email, host: mail.example.org, from: belay@example.org, to: [ops@example.org] }
  ops-slack: { type: slack, bot_token: { env: TOKEN }, channel: '#ops', fallback: ops-mail }
schedules:
  primary:
    time_zone: America/Chicago
    layers:
      - rotation: { every: daily, starts: 2020-03-01T02:30 }
        members: [ada, bob]
policies:
  checkout:
    levels:
      - { wait: 20m, targets: [{ schedule: primary }] }
      - { wait: 10m, targets: [{ channel: ops-mail }, { person: bob }], channels: [ops-slack] }
    repeat: 1
    business_hours: [{ between: '09:00-17:00', timezone: Europe/Berlin }]
    overrides: [{ severity: [info], hours: outside, wait_for: business_hours }]
last_resort: [ops-mail]
`;

const world = {
  files: { '/srv/paging.yaml': PAGING, '/etc/belay/paging.yaml': PAGING },
  nowMs: Date.parse('2026-01-05T10:00:00Z'),
};

const escalation = (...args: readonly string[]) => run(['escalation', ...args], world);

describe('escalation simulate', () => {
  test('tells every page to the second, and connects to nothing', async () => {
    const asked = ['simulate', 'checkout', '--at', '2026-03-08T01:45'];
    const { code, out, err, connected } = await escalation(...asked);
    expect({ code, err, connected }).toEqual({ code: 0, err: '', connected: 0 });
    expect(out.split('\n')).toEqual([
      'checkout, critical, if nobody answers; times of America/Chicago',
      '',
      'at                         after  level                  who  by                fallback',
      '2026-03-08T01:45:00-06:00  0s     1 of 2, round 1 of 2   bob  ops-mail (mail)',
      '2026-03-08T03:05:00-05:00  20m    2 of 2, round 1 of 2   –    ops-mail',
      '                                                         bob  ops-slack         ops-mail',
      '2026-03-08T03:15:00-05:00  30m    1 of 2, round 2 of 2   ada  ops-slack (chat)  ops-mail',
      '2026-03-08T03:22:00-05:00  37m    1, by their own rules  ada  ops-mail (mail)',
      '2026-03-08T03:35:00-05:00  50m    2 of 2, round 2 of 2   –    ops-mail',
      '                                                         bob  ops-slack         ops-mail',
      '2026-03-08T03:45:00-05:00  1h     last resort            –    ops-mail',
      '',
      '2026-03-08T03:45:00-05:00  1h  NeverAcknowledged: the incident ends as failed',
      'note: level 2: bob has no contact in ops-slack',
      '',
    ]);
  });

  test('tells the same as JSON', async () => {
    const asked = ['simulate', 'checkout', '--at', '2026-03-08T01:45', '--for', '25m', '--json'];
    const { out } = await escalation(...asked);
    expect(JSON.parse(out)).toMatchObject({
      policy: 'checkout',
      severity: 'critical',
      turn: 0,
      timeZone: 'America/Chicago',
      at: '2026-03-08T01:45:00-06:00',
      events: [
        {
          kind: 'level',
          at: '2026-03-08T01:45:00-06:00',
          after: '0s',
          ...{ round: 1, level: 1, levels: 2, rounds: 2, override: null, missing: [] },
          pages: [{ person: 'bob', channel: 'ops-mail', contact: 'mail', fallbacks: [] }],
        },
        {
          kind: 'level',
          at: '2026-03-08T03:05:00-05:00',
          after: '20m',
          missing: ['bob has no contact in ops-slack'],
          pages: [
            { person: null, channel: 'ops-mail' },
            { person: 'bob', channel: 'ops-slack', contact: null, fallbacks: ['ops-mail'] },
          ],
        },
      ],
      end: { kind: 'until', at: '2026-03-08T03:10:00-05:00', after: '25m' },
    });
  });

  test('waits for business hours where the policy does, in the zone that is asked for', async () => {
    const asked = ['--at', '2026-01-03', '--severity', 'info', '--time-zone', 'Europe/Berlin'];
    const { out } = await escalation('simulate', 'checkout', ...asked);
    expect(out).toContain('times of Europe/Berlin');
    expect(out).toMatch(/2026-01-03T00:00:00\+01:00 +0s +waits for business hours +nobody\n/);
    expect(out).toMatch(/2026-01-03T09:00:00\+01:00 +9h +1 of 2, round 1 of 2/);
  });

  test('takes the present for --at, and the file that BELAY_PAGING names', async () => {
    const environment = { BELAY_PAGING: '/etc/belay/paging.yaml' };
    const { '/srv/paging.yaml': _, ...files } = world.files;
    const asked = ['escalation', 'simulate', 'checkout'];
    const { code, out } = await run(asked, { ...world, files, environment });
    expect(code).toBe(0);
    expect(out).toContain('2026-01-05T04:00:00-06:00  0s ');
  });

  test.each([
    [['checkot'], /has no policy "checkot": did you mean checkout\?/],
    [
      ['checkout', '--at', 'noon'],
      /--at "noon": write 2026-03-01T10:00:00Z, or 2026-03-01T10:00 in America\/Chicago/,
    ],
    [['checkout', '--severity', 'bad'], /Allowed choices are critical, error, warning, info/],
    [['checkout', '--for', '5'], /A duration is written like 90m, 12h or 2d/],
    [['checkout', '--for', '401d'], /at most 400d/],
    [['checkout', '--turn', '-1'], /It is a whole number from 0/],
    [['checkout', '--time-zone', 'CET+1'], /A time zone is written like Europe\/Berlin/],
  ])('%j is a wrong usage', async (args, message) => {
    const { code, err } = await escalation('simulate', ...args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  test('says where a file is wrong', async () => {
    const files = { '/srv/paging.yaml': PAGING.replace('{ person: bob }', '{ person: bo }') };
    const { code, err } = await run(['escalation', 'simulate', 'checkout'], { files });
    expect(code).toBe(2);
    expect(err).toContain('paging.yaml:20:55:');
    expect(err).toContain('there is no person bo in this file: did you mean bob?');
  });
});

describe('escalation lint', () => {
  const WARNING =
    'paging.yaml:20:84: warning: policies.checkout.levels.1.channels.0: bob has no contact in ' +
    'ops-slack, so that only the channel itself is told: add one to their contacts ' +
    '[no-contact-in-channel]\n';

  test('exits 0 with warnings, and 1 where they are not taken either', async () => {
    const { code, out, err, connected } = await escalation('lint');
    expect({ code, out, err, connected }).toEqual({
      code: 0,
      out: `${WARNING}0 errors, 1 warning\n`,
      err: '',
      connected: 0,
    });
    expect(await escalation('lint', 'paging.yaml', '--strict')).toMatchObject({ code: 1, out });
  });

  test('tells problems as JSON, and exits 1 with errors', async () => {
    const files = {
      '/srv/other.yaml': PAGING.replace('[ada, bob]', '[ada]\n        until: 2026-02-01T00:00'),
    };
    const json = await run(['escalation', 'lint', 'other.yaml', '--json'], { ...world, files });
    expect(json.code).toBe(0);
    expect(JSON.parse(json.out)).toMatchObject({
      file: 'other.yaml',
      errors: 0,
      warnings: 2,
      problems: [
        { rule: 'schedule-gap', line: 11 },
        { rule: 'no-contact-in-channel', line: 21 },
      ],
    });
    const invalid = { '/srv/paging.yaml': PAGING.replace('last_resort: [ops-mail]', '') };
    const wrong = await run(['escalation', 'lint'], { ...world, files: invalid });
    expect(wrong).toMatchObject({ code: 1, err: '' });
    expect(wrong.out).toContain(
      'error: last_resort: is missing [not-valid]\n1 error, 0 warnings\n',
    );
  });

  test('says so where there is nothing to mend', async () => {
    const files = { '/srv/paging.yaml': PAGING.replace(', channels: [ops-slack] }', ' }') };
    const { code, out } = await run(['escalation', 'lint', '--strict'], { ...world, files });
    expect({ code, out }).toEqual({
      code: 0,
      out: 'paging.yaml: every policy pages somebody at every time\n',
    });
  });

  test('of a file that is not there is a wrong usage', async () => {
    const { code, err } = await escalation('lint', 'none.yaml');
    expect(code).toBe(2);
    expect(err).toContain('PagingFileInvalid: none.yaml cannot be read: ENOENT');
  });
});
