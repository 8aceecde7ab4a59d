import { describe, expect, test } from 'vitest';
import { lintPaging } from '../../../src/domain/paging/lint/lint-paging.ts';

const NOW_MS = Date.parse('2026-01-05T10:00:00Z');

/** The rules that a file breaks, each with its line and severity. */
function lint(text: string): readonly string[] {
  const problems = lintPaging({ text, file: 'paging.yaml', readFile: () => '' }, NOW_MS);
  return problems.map(
    ({ line, severity, rule, path, message }) =>
      `${line} ${severity} ${rule} ${path}: ${message.split(/[:;]/)[0]}`,
  );
}

interface Parts {
  readonly people?: string;
  readonly channels?: string;
  readonly schedules?: string;
  readonly teams?: string;
  readonly policy?: string;
  readonly rest?: string;
}

const ADA = '{ ada: { contacts: { mail: { channel: mail, to: ada@example.org } } } }';
const MAIL = 'mail: { type: email, host: m, from: a@example.org, to: [b@example.org] }';
const LEVELS = 'levels: [{ targets: [{ person: ada }] }]';

/** Five lines and the rest: people, channels, schedules, teams, policies; `p` is the only policy. */
function file({ people, channels, schedules, teams, policy, rest }: Parts = {}): string {
  return [
    `people: ${people ?? ADA}`,
    `channels: { ${MAIL}${channels === undefined ? '' : `, ${channels}`} }`,
    `schedules: ${schedules ?? '{}'}`,
    `teams: ${teams ?? '{}'}`,
    `policies: { p: { ${policy ?? LEVELS} } }`,
    rest ?? 'last_resort: [mail]',
  ].join('\n');
}

const HOURS = "business_hours: [{ between: '09:00-17:00', timezone: UTC }]";
const ALWAYS = "business_hours: [{ between: '00:00-24:00', timezone: America/Chicago }]";
const OTHER = 'levels: [{ wait: 1m, targets: [{ channel: mail }] }]';

const rotation = (rest: string, starts = '2026-01-01T00:00', members = '[ada]'): string =>
  `{ rotation: { every: daily, starts: ${starts} }, members: ${members}, ${rest} }`;
const scheduleOf = (...layers: readonly string[]): string =>
  `{ time_zone: UTC, layers: [${layers.join(', ')}] }`;

describe('lint', () => {
  test('has nothing to say of a file in which everybody is paged', () => {
    expect(lint(file())).toEqual([]);
  });

  test('says what a file cannot be read for, each at its place', () => {
    expect(lint(file({ rest: '' }))).toEqual(['1 error not-valid last_resort: is missing']);
    expect(lint(file({ policy: 'levels: [{ targets: [{ person: eve }] }]' }))).toEqual([
      '5 error not-valid policies.p.levels.0.targets.0: there is no person eve in this file',
    ]);
    expect(lint('policies: [')).toEqual([expect.stringMatching(/^1 error not-valid : /)]);
  });
});

describe('of levels, lint finds', () => {
  const overrides = (...list: readonly string[]): string => `overrides: [${list.join(', ')}]`;

  test.each([
    [
      'those of a policy whose overrides leave no hour and no severity',
      [`{ hours: inside, ${OTHER} }`, `{ hours: outside, ${OTHER} }`],
      HOURS,
      [
        '5 error unreachable-level policies.p.levels: no round goes by these levels',
        // Their only person is still somebody: nothing else is wrong.
      ],
    ],
    [
      'those of an override behind one that always holds',
      [`{ severity: [critical, error], ${OTHER} }`, `{ severity: [error], ${OTHER} }`],
      HOURS,
      ['5 error unreachable-level policies.p.overrides.1: never holds'],
    ],
    [
      'those of an override for outside hours that there are none of',
      [`{ hours: outside, ${OTHER} }`],
      '',
      ['5 error unreachable-level policies.p.overrides.0: never holds'],
    ],
    [
      'those of an override for outside hours that have no end',
      [`{ hours: outside, ${OTHER} }`],
      ALWAYS,
      ['5 error unreachable-level policies.p.overrides.0: never holds'],
    ],
    [
      'those of an override that is over when it has waited',
      [`{ hours: outside, wait_for: business_hours, ${OTHER} }`],
      HOURS,
      ['5 error unreachable-level policies.p.overrides.0.levels: is never used'],
    ],
    [
      'a repeat of such a one',
      ['{ hours: outside, wait_for: business_hours, repeat: 3 }'],
      HOURS,
      ['5 error unreachable-level policies.p.overrides.0.repeat: is never used'],
    ],
    [
      'nothing, where it only waits, or waits by its severity',
      [
        '{ severity: [warning], hours: outside, wait_for: business_hours }',
        `{ severity: [info], wait_for: business_hours, ${OTHER} }`,
      ],
      HOURS,
      [],
    ],
    [
      'nothing, where an override takes the levels of the policy at every hour',
      ['{ hours: inside, repeat: 2 }', `{ hours: outside, ${OTHER} }`],
      HOURS,
      [],
    ],
  ])('%s', (_, list, hours, expected) => {
    const policy = [LEVELS, hours, overrides(...list)].filter((part) => part !== '').join(', ');
    expect(lint(file({ policy }))).toEqual(expected);
  });

  test('those whose every target reaches nobody', () => {
    const people = `{ ada: { contacts: { mail: { channel: mail } }, notify: [] }, bob: {}, cy: {} }`;
    const targets = '[{ person: bob }, { team: core }, { schedule: past }]';
    const wrong = lint(
      file({
        people,
        teams: '{ core: { members: [cy] } }',
        schedules: `{ past: ${scheduleOf(rotation('until: 2026-01-02T00:00'))} }`,
        policy: `levels: [{ targets: ${targets} }, { targets: [{ person: ada }] }, { targets: [{ channel: mail }] }]`,
      }),
    );
    expect(wrong).toEqual([
      '1 error no-contact people.ada: notify names none of the contacts of ada',
      '1 error no-contact people.bob: bob has no contact',
      '1 error no-contact people.cy: cy has no contact',
      '3 warning schedule-gap schedules.past: nobody is on call for 90d of the next 90 days, from 2026-01-05T10',
      '3 warning idle-part schedules.past.layers.0: layer 1 has nobody on call in the next 90 days',
      '5 error empty-level policies.p.levels.0.targets: pages nobody, and is passed over',
      '5 error empty-level policies.p.levels.1.targets: pages nobody, and is passed over',
    ]);
  });

  test('none that pages by channels of its own, but says who has no contact there', () => {
    const wrong = lint(
      file({
        people: '{ ada: {}, bob: { contacts: { chat: { channel: chat } } } }',
        channels: 'chat: { type: log }',
        policy: 'levels: [{ targets: [{ person: ada }, { person: bob }], channels: [chat] }]',
      }),
    );
    expect(wrong).toEqual([
      '1 warning no-contact people.ada: ada has no contact',
      '5 warning no-contact-in-channel policies.p.levels.0.channels.0: ' +
        'ada has no contact in chat, so that only the channel itself is told',
    ]);
  });
});

describe('of schedules, lint finds', () => {
  const office = scheduleOf(rotation('restrictions: [{ between: "09:00-17:00" }]'));
  const night = scheduleOf(rotation('restrictions: [{ between: "17:00-09:00" }]'));
  const lunch = scheduleOf(rotation('restrictions: [{ between: "17:00-08:00" }]'));
  const both = 'levels: [{ targets: [{ schedule: day }] }, { targets: [{ schedule: night }] }]';

  test('gaps of those that a policy pages, and no others', () => {
    const policy = 'levels: [{ targets: [{ schedule: day }, { person: ada }] }]';
    const schedules = `{ day: ${office}, unused: ${office} }`;
    expect(lint(file({ schedules, policy }))).toEqual([
      '3 warning schedule-gap schedules.day: nobody is on call for 60d of the next 90 days, ' +
        'first from 2026-01-05T17',
    ]);
  });

  test('times at which a whole policy has nobody', () => {
    const holes = lint(file({ schedules: `{ day: ${office}, night: ${lunch} }`, policy: both }));
    expect(holes.filter((line) => line.includes('never-covered'))).toEqual([
      '5 error never-covered policies.p.levels: no level pages anybody for 3d18h of the next 90 ' +
        'days, first from 2026-01-06T08',
    ]);
    const whole = lint(file({ schedules: `{ day: ${office}, night: ${night} }`, policy: both }));
    expect(whole.filter((line) => line.includes('error'))).toEqual([]);
  });

  test('layers and overrides that do nothing', () => {
    const layers = [rotation('name: below'), rotation('name: above')].join(', ');
    const overrides =
      '[{ from: 2026-02-01T00:00, to: 2026-02-02T00:00, person: nobody, replaces: bob }]';
    const schedules = `{ day: { time_zone: UTC, layers: [${layers}], overrides: ${overrides} } }`;
    const people = ADA.replace('{ ada', '{ bob: { contacts: { mail: { channel: mail } } }, ada');
    const policy = 'levels: [{ targets: [{ schedule: day }] }]';
    expect(lint(file({ schedules, people, policy }))).toEqual([
      '3 warning idle-part schedules.day.layers.0: below has nobody on call in the next 90 days',
      '3 warning idle-part schedules.day.overrides.0: changes nothing, as whom it names is not on call then',
    ]);
  });
});

describe('of people and channels, lint finds', () => {
  const rules = (after: string): string =>
    '{ ada: { contacts: { mail: { channel: mail }, late: { channel: mail } }, ' +
    `notify: [{ contact: mail }, { contact: late, after: ${after} }] } }`;
  const two =
    'levels: [{ wait: 5m, targets: [{ person: ada }] }, { targets: [{ channel: mail }] }]';

  test.each([
    ['10m', two, []],
    [
      '11m',
      two,
      [
        '1 warning late-rule people.ada.notify.1: late after 11m never comes, as nobody is waited for so long by p (after 10m)',
      ],
    ],
    ['11m', `${two}, repeat: 1`, []],
    ['11m', `levels: [{ wait: 1m, targets: [{ person: ada }], channels: [mail] }]`, []],
  ])('a rule of %s where %s', (after, policy, expected) => {
    expect(lint(file({ people: rules(after), policy }))).toEqual(expected);
  });

  test('channels that nothing uses, also not as a fallback of one that is used', () => {
    const channels =
      'a: { type: log, fallback: b }, b: { type: log }, c: { type: log, fallback: d }, d: { type: log }';
    const people = '{ ada: { contacts: { a: { channel: a } } } }';
    expect(lint(file({ channels, people }))).toEqual([
      '2 warning unused-channel channels.c: nothing pages by c',
      '2 warning unused-channel channels.d: nothing pages by d',
    ]);
  });

  test('a last resort that reaches only a log', () => {
    const channels = 'out: { type: log }';
    const policy = `${LEVELS}, last_resort: [out]`;
    expect(lint(file({ channels, policy, rest: 'last_resort: [out]' }))).toEqual([
      '5 warning only-logged policies.p.last_resort: only writes to a log when nobody answers',
      '6 warning only-logged last_resort: only writes to a log when nobody answers',
    ]);
  });
});
