import { describe, expect, test } from 'vitest';
import type { AlertCalls, Posted } from '../../src/client/alerts.ts';
import type { PostedAlert } from '../../src/domain/alerting/alert.ts';
import { HOSTILE, MINUTE, NOW_MS, OBEYED, belay, group, member, shard } from './alerting-world.ts';

const ALL = (alerts: readonly PostedAlert[]): Posted => ({
  ...{ accepted: alerts.length, news: alerts.length, refused: [] },
});

async function post(args: readonly string[], world = {}, answer = ALL) {
  const posted: (readonly PostedAlert[])[] = [];
  const calls: Partial<AlertCalls> = { post: async (all) => (posted.push(all), answer(all)) };
  return { ...(await belay(['alert', 'post', ...args], calls, world)), posted };
}

describe('alert post', () => {
  test.each([
    [['Down', 'severity=page'], { labels: { alertname: 'Down', severity: 'page' } }],
    [['alertname=Down', '--label', 'a=b=c'], { labels: { alertname: 'Down', a: 'b=c' } }],
    [
      ['Down', '--annotation', 'summary=~no = answer', '--generator-url', 'https://p/g'],
      {
        labels: { alertname: 'Down' },
        annotations: { summary: '~no = answer' },
        generatorUrl: 'https://p/g',
      },
    ],
    [
      ['Down', '--starts', '2026-11-26T03:00:00Z', '--ends', '2026-11-26T04:10:00+01:00'],
      {
        labels: { alertname: 'Down' },
        startsAtMs: NOW_MS - 20 * MINUTE,
        endsAtMs: NOW_MS - 10 * MINUTE,
      },
    ],
    [
      ['__proto__=x', 'größe=xl'],
      {
        labels: Object.fromEntries([
          ['__proto__', 'x'],
          ['größe', 'xl'],
        ]),
      },
    ],
  ])('%j is one alert', async (args, alert) => {
    const { code, out, err, posted } = await post(args);
    expect({ code, out, err }).toEqual({
      code: 0,
      out: '1 of 1 accepted, 1 of them news\n',
      err: '',
    });
    expect(JSON.stringify(posted)).toEqual(JSON.stringify([[alert]]));
  });

  test.each([
    [[], 'the alert has no labels'],
    [['Down', 'page'], 'A label is written label=value.'],
    [['Down', 'severity=~page'], 'no matcher'],
    [['a=1', 'a=2'], 'a is given twice'],
    [['a=1', '--label', 'a=2'], 'label a is given twice'],
    [['a=1', '--annotation', 'text'], 'An annotation is written name=text.'],
    [['a=1', '--ends', 'soon'], '--ends "soon"'],
    [['a=1', '--starts', '2026-02-01', '--ends', '2026-01-01'], 'ends before it begins'],
    [[`a=${'x'.repeat(3000)}`], '2048 is the most'],
    [['a=1', '--file', 'a.json'], '--file has the labels'],
    [['--file', 'a.json', '--ends', '2026-02-01'], 'cannot be used with'],
  ])('%j is a wrong usage, and posts nothing', async (args, told) => {
    const { code, err, posted, connected } = await post(args);
    expect({ code, posted, connected }).toEqual({ code: 2, posted: [], connected: 0 });
    expect(err).toContain(told);
  });

  const LISTED = {
    labels: { alertname: 'Down' },
    annotations: { summary: 'no answer' },
    ...{ startsAt: '2026-11-26T03:20:00.123456789Z', endsAt: '0001-01-01T00:00:00.000Z' },
    ...{ generatorURL: '', fingerprint: 'a', status: { state: 'active' }, receivers: [] },
  };
  const READ = {
    labels: LISTED.labels,
    annotations: LISTED.annotations,
    startsAtMs: NOW_MS + 123,
  };

  test('takes a file as Alertmanager lists it', async () => {
    const files = { '/srv/a.json': JSON.stringify([LISTED, { labels: { a: 'b' }, endsAt: null }]) };
    const { code, posted } = await post(['--file', 'a.json'], { files });
    expect(code).toBe(0);
    expect(posted).toEqual([[READ, { labels: { a: 'b' } }]]);
  });

  test('keeps every label of a file, whatever its name', async () => {
    const text = '[{"labels":{"__proto__":"x","constructor":"y"},"annotations":{"__proto__":"z"}}]';
    const { code, posted } = await post(['--file', 'a.json'], { files: { '/srv/a.json': text } });
    expect(code).toBe(0);
    expect(JSON.stringify(posted)).toBe(`[${text}]`);
  });

  test('takes the standard input', async () => {
    const { code, out, posted } = await post(['--file', '-', '--json'], { input: '[]' });
    expect({ code, posted }).toEqual({ code: 0, posted: [[]] });
    expect(JSON.parse(out)).toEqual({ accepted: 0, news: 0, refused: [] });
  });

  test.each([
    ['no json', 'it is no JSON'],
    ['{}', 'it is no list'],
    ['[{}]', 'alert 1 of 1, labels: '],
    ['[{"labels":{}},{"labels":{"a":1}}]', 'alert 2 of 2, labels.a: '],
    ['[{"labels":{"a":"b"},"lables":{}}]', 'alert 1 of 1: Unrecognized key: "lables"'],
    ['[{"labels":{"a":"b"},"endsAt":"2026-01-01"}]', 'alert 1 of 1, endsAt: is no time'],
    ['[{"labels":{"a":"b"},"endsAt":"2026-13-01T00:00:00Z"}]', 'endsAt: is no time'],
    [JSON.stringify(Array.from({ length: 50 }, () => ({}))), 'and 30 more'],
  ])('a file that holds %s is refused as a whole', async (text, told) => {
    const { code, err, connected } = await post(['--file', 'a.json'], {
      files: { '/srv/a.json': text },
    });
    expect({ code, connected }).toEqual({ code: 2, connected: 0 });
    expect(err).toMatch(/^AlertInvalid: a\.json/);
    expect(err).toContain(told);
  });

  test('names the standard input where it is wrong, or is not there', async () => {
    const wrong = await post(['--file', '-'], { input: 'x' });
    expect(wrong.err).toMatch(
      /^AlertInvalid: the standard input, of which nothing has been posted/,
    );
    const none = await post(['--file', '-', '--json']);
    expect(none.code).toBe(2);
    expect(JSON.parse(none.out).error.message).toBe(
      'the standard input cannot be read: there is no input',
    );
  });

  test('a file that is not there is told as that', async () => {
    const { code, err } = await post(['--file', 'none.json']);
    expect(code).toBe(2);
    expect(err).toContain('none.json cannot be read: ENOENT');
  });

  test.each([
    ['AlertInvalid', 2],
    ['AlertingFull', 3],
  ] as const)('one that is refused as %s makes the exit status %i', async (code, status) => {
    const files = {
      '/srv/a.json': JSON.stringify([{ labels: { a: 'b' } }, { labels: { [HOSTILE]: HOSTILE } }]),
    };
    const answer = (): Posted => ({
      accepted: 1,
      news: 0,
      refused: [{ at: 1, code, why: HOSTILE }],
    });
    const told = await post(['--file', 'a.json'], { files }, answer);
    expect(told.code).toBe(status);
    expect(told.out).toBe('1 of 2 accepted, 0 of them news\n');
    expect(told.err).toContain('refused: alert 2 of 2 {');
    expect(told.err.trimEnd().split('\n')).toHaveLength(1);
    expect(told.err).not.toMatch(OBEYED);
    const json = await post(['--file', 'a.json', '--json'], { files }, answer);
    expect(json.code).toBe(status);
    expect(json.out).not.toMatch(OBEYED);
    expect(JSON.parse(json.out)).toEqual(answer());
  });
});

const SHARDS = [
  shard([
    group([
      member({ alertname: 'Down', instance: 'a' }),
      member({ alertname: 'Down', instance: 'b' }, { heldBy: 'silence', hasBeenPaged: false }),
      member({ alertname: 'Down', instance: 'c' }, { heldBy: 'inhibition' }),
    ]),
  ]),
  shard(
    [
      group(
        [
          member({ alertname: 'Slow' }, { heldBy: 'mute' }),
          member({ alertname: 'Full' }, { isEnded: true, endsAtMs: NOW_MS - 5000 }),
        ],
        {
          ...{ key: '7be2aa10'.padEnd(64, '0'), labels: {}, isStorm: true },
          ...{ openedAtMs: NOW_MS, lastPagedAtMs: null, nextFlushAtMs: null },
          destination: { kind: 'policy', name: 'night' },
        },
      ),
    ],
    { shard: 1 },
  ),
];

const list = (...args: readonly string[]) =>
  belay(['alert', 'list', ...args], { shards: async () => SHARDS });

const rowsOf = (out: string) => out.split('\n').filter((line) => line.includes('{'));

describe('alert list', () => {
  test('tells state, since when, where, when paged and when looked at', async () => {
    const { code, out } = await list();
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'state      since   to            paged    next look  group     alert',
      'firing     3m ago  channel/ops   1m ago   in 2m      3f9ac0ff  {alertname="Down", instance="a"}',
      'silenced   3m ago  channel/ops   not yet  in 2m      3f9ac0ff  {alertname="Down", instance="b"}',
      'inhibited  3m ago  channel/ops   1m ago   in 2m      3f9ac0ff  {alertname="Down", instance="c"}',
      'muted      3m ago  policy/night  not yet  -          7be2aa10  {alertname="Slow"}',
      '1 firing, 1 silenced, 1 inhibited, 1 muted, in 2 groups',
      '',
    ]);
  });

  test.each([
    [['--firing'], ['a']],
    [
      ['--silenced', '--inhibited'],
      ['b', 'c'],
    ],
    [['--muted'], ['Slow']],
    [
      ['--all', 'alertname!=Down'],
      ['Slow', 'Full'],
    ],
    [
      ['Down', 'instance=~"b|c"'],
      ['b', 'c'],
    ],
    [['{alertname="Down",instance!="a"}', '--silenced'], ['b']],
    [['alertname=Nothing'], []],
  ])('%j lists %j', async (args, names) => {
    const rows = rowsOf((await list(...args)).out);
    expect(rows.map((row) => /"([^"]+)"\}$/.exec(row)?.[1])).toEqual(names);
  });

  test('can tell each group with its alerts', async () => {
    const { out } = await list('--group-by-group', '--all');
    expect(out.split('\n')).toEqual([
      '3f9ac0ff  channel/ops  paged 1m ago  next look in 2m  {alertname="Down"}',
      '  firing     3m ago  1m ago   {alertname="Down", instance="a"}',
      '  silenced   3m ago  not yet  {alertname="Down", instance="b"}',
      '  inhibited  3m ago  1m ago   {alertname="Down", instance="c"}',
      '',
      '7be2aa10  policy/night  paged not yet  no next look  a storm: all its new groups',
      '  muted  3m ago  not yet  {alertname="Slow"}',
      '  ended  5s ago  not yet  {alertname="Full"}',
      '',
      '1 firing, 1 silenced, 1 inhibited, 1 muted, 1 ended, in 2 groups',
      '',
    ]);
  });

  test('says when it lists not all, and what the shards warn of', async () => {
    const shards = [
      shard([group([], { more: 12 })], { moreGroups: 7, refused: 3, warnings: [HOSTILE] }),
    ];
    const asked: unknown[] = [];
    const answers: Partial<AlertCalls> = { shards: async (how) => (asked.push(how), shards) };
    const { out } = await belay(['alert', 'list', '--limit', '5'], answers);
    expect(asked).toEqual([{ limit: 5 }]);
    expect(out).toContain('not all are listed: 7 groups, and 12 alerts of groups');
    expect(out).toContain('note: shard 0 had no room for 3 alerts\n');
    expect(out).not.toMatch(OBEYED);
    const { out: json } = await belay(['alert', 'list', '--json'], answers);
    expect(json).not.toMatch(OBEYED);
    expect(JSON.parse(json)).toMatchObject({ isWhole: false, moreGroups: 7, moreAlerts: 12 });
  });

  test('labels of strangers do nothing to the terminal, and no line is wider than it', async () => {
    const labels = { alertname: HOSTILE, [HOSTILE]: 'x'.repeat(2000), z: '\u{1f600}'.repeat(900) };
    const shards = [
      shard([group([member(labels)], { labels, destination: { kind: 'channel', name: HOSTILE } })]),
    ];
    for (const more of [[], ['--group-by-group']]) {
      const world = { terminal: 120 };
      const { out } = await belay(
        ['alert', 'list', ...more],
        { shards: async () => shards },
        world,
      );
      expect(out).not.toMatch(OBEYED);
      expect(out.isWellFormed()).toBe(true);
      expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
      expect(out.split('\n').filter((line) => line.includes('firing'))).toHaveLength(2);
    }
    const { out } = await belay(['alert', 'list', '--json'], { shards: async () => shards });
    expect(out).not.toMatch(OBEYED);
    expect(JSON.parse(out)).toMatchObject({ alerts: [{ labels }], groups: [{ labels }] });
  });

  test('lists thousands', async () => {
    const shards = Array.from({ length: 16 }, (_, of) =>
      shard(
        Array.from({ length: 100 }, (_unused, at) =>
          group(
            Array.from({ length: 10 }, (_never, index) =>
              member({ alertname: `A${at}`, index: `${index}` }),
            ),
            { key: `${of}-${at}-`.padEnd(64, '0') },
          ),
        ),
        { shard: of },
      ),
    );
    const { out } = await belay(['alert', 'list'], { shards: async () => shards });
    expect(out.split('\n')).toHaveLength(16_003);
    expect(out.slice(-100)).toContain('\n16000 firing, in 1600 groups\n');
  });

  test('none is said, and is no failure', async () => {
    const { code, out } = await belay(['alert', 'list'], { shards: async () => [] });
    expect({ code, out }).toEqual({ code: 0, out: 'no such alert\n' });
  });

  test.each([
    [['--limit', '0'], 'It is a number from 1'],
    [['--all', '--firing'], 'cannot be used with'],
    [['a=~"("'], 'a=~'],
    [['=b'], '=b: '],
    [['Down', ''], 'an empty matcher'],
  ])('%j is a wrong usage', async (args, told) => {
    const { code, err } = await list(...args);
    expect(code).toBe(2);
    expect(err).toContain(told);
  });
});

describe('alert beat', () => {
  test('says that a heartbeat is alive', async () => {
    const beats: string[] = [];
    const beat = async (name: string) => void beats.push(name);
    expect(await belay(['alert', 'beat', 'backup'], { beat })).toMatchObject({ code: 0 });
    const { out } = await belay(['alert', 'beat', 'backup', '--json'], { beat });
    expect(JSON.parse(out)).toEqual({ heartbeat: 'backup', isTaken: true });
    expect(beats).toEqual(['backup', 'backup']);
  });

  test('of a name that nobody knows exits 4', async () => {
    expect(await belay(['alert', 'beat', 'nobody'])).toMatchObject({ code: 4 });
  });
});
