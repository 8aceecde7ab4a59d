import { describe, expect, test } from 'vitest';
import type { AlertCalls } from '../../src/client/alerts.ts';
import type { Silence } from '../../src/domain/alerting/silence.ts';
import { Failure } from '../../src/domain/failure.ts';
import { HOSTILE, MINUTE, NOW_MS, OBEYED, SILENCE, belay, viewWith } from './alerting-world.ts';

const HOUR = 60 * MINUTE;
const OTHER: Silence = {
  ...SILENCE,
  id: '3f9ac077-1111-4222-8333-444455556666',
  matcherSets: [[{ name: 'instance', operator: '=~', value: 'db-.*' }]],
  startsAtMs: NOW_MS + HOUR,
  endsAtMs: NOW_MS + 2 * HOUR,
};
const OVER: Silence = {
  ...SILENCE,
  id: 'release/shop/7',
  startsAtMs: NOW_MS - 2 * HOUR,
  endsAtMs: NOW_MS - HOUR,
};
const ALL = [OTHER, SILENCE, OVER];

/** Runs `belay silence`, and keeps what was asked for. */
async function silence(args: readonly string[], answers: Partial<AlertCalls> = {}, world = {}) {
  const asked: unknown[] = [];
  const told = await belay(
    ['silence', ...args],
    {
      show: async () => viewWith(ALL),
      silence: async (request) => {
        asked.push(request);
        return { ...SILENCE, ...request.silence, id: 'new', updatedAtMs: NOW_MS };
      },
      expire: async (id, request) => {
        asked.push([id, request]);
        return { ...SILENCE, id, endsAtMs: NOW_MS };
      },
      ...answers,
    },
    world,
  );
  return { ...told, asked };
}

const WHY = ['--comment', 'new disks'];
const by = (more: object) => ({
  who: 'ann',
  why: 'new disks',
  requestId: expect.any(String),
  ...more,
});

describe('silence add', () => {
  test.each([
    [['Down', '--for', '2h', ...WHY], [['alertname', '=', 'Down']], 0, NOW_MS + 2 * HOUR],
    [
      ['a="b, c"', 'd!~e|f', '{"größe"=xl}', '--ends', '2026-11-26T05:00:00+01:00', ...WHY],
      [
        ['a', '=', 'b, c'],
        ['d', '!~', 'e|f'],
        ['größe', '=', 'xl'],
      ],
      0,
      NOW_MS + 40 * MINUTE,
    ],
    [
      ['a=b', '--starts', '2026-11-26T04:20:00Z', '--for', '1h30m', '--why', 'new disks'],
      [['a', '=', 'b']],
      NOW_MS + HOUR,
      NOW_MS + 2.5 * HOUR,
    ],
  ])('%j asks for one silence', async (args, matchers, startsAtMs, endsAtMs) => {
    const { code, err, asked } = await silence(['add', ...args]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const set = matchers.map(([name, operator, value]) => ({ name, operator, value }));
    const wanted = { id: null, matcherSets: [set], startsAtMs, endsAtMs };
    expect(asked).toEqual([by({ silence: { ...wanted, createdBy: 'ann', comment: 'new disks' } })]);
  });

  test('says until when, and how it is ended', async () => {
    const { out } = await silence(['add', 'Down', '--for', '1h', ...WHY, '--who', 'ada'], {
      silence: async () => SILENCE,
    });
    expect(out).toMatch(
      /^silence 3f9ac0ff-1111-4222-8333-444455556666\nholds back \{alertname="Down"\} until \S+ \S+, for 1h\n/,
    );
    expect(out).toContain('end it with: belay silence expire 3f9ac0ff\n');
  });

  test('keeps who, and the request id', async () => {
    const { asked } = await silence([
      ...['add', 'Down', '--for', '1h', ...WHY, '--who', 'ada', '--request-id', 'r-1', '--json'],
    ]);
    expect(asked).toMatchObject([
      { who: 'ada', requestId: 'r-1', silence: { createdBy: 'ada', comment: 'new disks' } },
    ]);
  });

  test('whose answer is lost says how the same is asked again', async () => {
    const { code, err } = await silence(
      ['add', 'Down', '--for', '1h', ...WHY, '--request-id', 'r-9'],
      {
        silence: async () => {
          throw new Failure('NoWorker', 'nobody answers');
        },
      },
    );
    expect(code).toBe(5);
    expect(err).toContain('the same request: --request-id r-9');
  });

  test('a matcher that should be written otherwise is taken, with a note', async () => {
    const { code, err } = await silence(['add', 'summary=no answer', '--for', '1h', ...WHY]);
    expect(code).toBe(0);
    expect(err).toMatch(/^note: only the classic syntax takes summary=no answer: write /);
  });

  test.each([
    [['--for', '2h', ...WHY], "missing required argument 'matchers'"],
    [['a=b', '--for', '2h'], "required option '--why <text>'"],
    [['a=b', ...WHY], 'say for how long: --for 2h, or --ends'],
    [['a=b', '--for', 'long', ...WHY], 'It is a duration like'],
    [['a=b', '--for', '0s', ...WHY], 'It is a duration like'],
    [['a=b', '--for', '1h', '--ends', '2030-01-01', ...WHY], 'cannot be used with'],
    [['a=b', '--ends', '2020-01-01', ...WHY], 'the silence would already be over'],
    [['a=b', '--ends', 'noon', ...WHY], '--ends "noon"'],
    [['a=~"("', '--for', '2h', ...WHY], 'a=~'],
    [['a=~".*"', '--for', '2h', ...WHY], 'would silence everything'],
    [['a=b', 'page', '--for', '2h', ...WHY], 'page: '],
    [['a=b', '--for', '2h', '--comment', ' '], "required option '--why <text>'"],
    [['a=b', '--for', '2h', '--comment', 'x'.repeat(3000)], 'longer than 2000'],
    [['a=b', '--for', '2h', '--comment', 'x', '--why', 'y'], 'cannot be used with'],
    [[`a=~${HOSTILE}(`, '--for', '2h', ...WHY], 'error: '],
  ])('%j is a wrong usage, and asks for nothing', async (args, told) => {
    const { code, err, connected } = await silence(['add', ...args]);
    expect({ code, connected }).toEqual({ code: 2, connected: 0 });
    expect(err).toContain(told);
    expect(err).not.toMatch(OBEYED);
  });
});

describe('silence list', () => {
  test('tells those that hold or will hold something back', async () => {
    const { code, out } = await silence(['list']);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'silence   state    until         by   what, and why',
      '3f9ac0ff  active   in 1h         ada  {alertname="Down"}  new disks',
      '3f9ac077  pending  begins in 1h  ada  {instance=~"db-.*"}  new disks',
      '',
    ]);
  });

  test.each([
    [['--expired'], [OVER.id]],
    [['alertname=Down'], [SILENCE.id]],
    [['Down', '--expired'], [OVER.id]],
    [['instance="db-.*"'], [OTHER.id]],
    [['instance=db-1'], []],
  ])('%j lists %j', async (args, ids) => {
    const { out } = await silence(['list', '--quiet', ...args]);
    expect(out.split('\n').slice(0, -1)).toEqual(ids);
    const { out: json } = await silence(['list', '--json', ...args]);
    expect(JSON.parse(json).map(({ id }: Silence) => id)).toEqual(ids);
  });

  test('texts of others do nothing to the terminal, and no line is wider than it', async () => {
    const bad: Silence = {
      ...{ ...SILENCE, id: HOSTILE, createdBy: HOSTILE, comment: HOSTILE.repeat(100) },
      matcherSets: [[{ name: HOSTILE, operator: '=', value: `${HOSTILE}${'x'.repeat(2000)}` }]],
    };
    const silences = Array.from({ length: 3000 }, () => ({ ...bad, id: SILENCE.id }));
    const show = async () => viewWith(silences);
    const { out } = await silence(['list'], { show }, { terminal: 120 });
    expect(out).not.toMatch(OBEYED);
    expect(out.split('\n')).toHaveLength(3002);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
    const told = await silence(['list', '--json'], { show: async () => viewWith([bad]) });
    expect(told.out).not.toMatch(OBEYED);
    expect(JSON.parse(told.out)).toEqual([{ ...bad, state: 'active' }]);
    const expired = await silence(['expire', SILENCE.id], { expire: async () => bad });
    expect(expired.out).not.toMatch(OBEYED);
    const quiet = await silence(['list', '--quiet'], { show: async () => viewWith([bad]) });
    expect(quiet.out).not.toMatch(OBEYED);
  });

  test('none is said', async () => {
    const show = async () => viewWith([]);
    expect(await silence(['list'], { show })).toMatchObject({ code: 0, out: 'no such silence\n' });
  });
});

describe('silence expire', () => {
  test('ends each, by its id or the beginning of it, under request ids of their own', async () => {
    const { code, asked, out } = await silence([
      ...['expire', '3f9ac0ff', OTHER.id, OVER.id, '3f9ac0ff', '--request-id', 'r-1'],
    ]);
    expect(code).toBe(0);
    const asking = (id: string) => [
      id,
      { who: 'ann', why: 'ended by hand', requestId: `r-1/${id}` },
    ];
    expect(asked).toEqual([SILENCE.id, OTHER.id, OVER.id].map(asking));
    expect(out).toContain(`silence ${OTHER.id}\nis over since `);
  });

  test.each([
    ['nowhere', 'there is no silence nowhere'],
    ['3f', '"3f" is no silence: write its id, or at least 4'],
    ['3f9ac0', '3f9ac0 begins 2 silences: 3f9ac077'],
    [`no${HOSTILE}`, 'there is no silence no'],
  ])('of %j exits 4, and the others are ended', async (id, told) => {
    const { code, err, asked } = await silence(['expire', id, SILENCE.id]);
    expect(code).toBe(4);
    expect(err).toContain(`NotFound: ${told}`);
    expect(err).not.toMatch(OBEYED);
    expect(asked).toMatchObject([[SILENCE.id, {}]]);
    const { out } = await silence(['expire', id, SILENCE.id, '--json']);
    expect(JSON.parse(out)).toMatchObject([{ error: { code: 'NotFound' } }, { id: SILENCE.id }]);
  });
});

describe('silence update', () => {
  test.each([
    ['3f9ac0ff', ['--for', '4h'], { startsAtMs: SILENCE.startsAtMs, endsAtMs: NOW_MS + 4 * HOUR }],
    ['3f9ac077', ['--for', '4h'], { startsAtMs: OTHER.startsAtMs, endsAtMs: NOW_MS + 5 * HOUR }],
    ['3f9ac0ff', ['--comment', 'more'], { endsAtMs: SILENCE.endsAtMs, comment: 'more' }],
    [OVER.id, ['--for', '1h'], { startsAtMs: 0, endsAtMs: NOW_MS + HOUR }],
    ['3f9ac077', ['--starts', '2026-11-26T03:30:00Z'], { startsAtMs: NOW_MS + 10 * MINUTE }],
  ])('of %s with %j keeps what is not named', async (id, args, changed) => {
    const { code, asked } = await silence(['update', id, ...args, '--who', 'bob']);
    expect(code).toBe(0);
    const before = ALL.find((one) => one.id.startsWith(id));
    const { matcherSets, comment } = before ?? SILENCE;
    const kept = { id: before?.id, matcherSets, comment, createdBy: 'ada' };
    expect(asked).toMatchObject([{ who: 'bob', silence: { ...kept, ...changed } }]);
  });

  test('says where another one takes its place', async () => {
    const { out } = await silence(['update', OVER.id, '--for', '1h']);
    expect(out).toMatch(/^release\/shop\/7 has ended; in its place:\nsilence new\nholds back /);
  });

  test.each([
    [['3f9ac0ff'], 'say what changes'],
    [['3f9ac0ff', '--ends', '2020-01-01'], 'the silence ends before it begins'],
    [[OVER.id, '--comment', 'again'], 'the silence would already be over'],
    [['3f9ac0ff', OVER.id, '--comment', 'again'], 'the silence would already be over'],
    [['--for', '1h'], "missing required argument 'ids'"],
  ])('%j is a wrong usage, and changes nothing', async (args, told) => {
    const { code, err, asked } = await silence(['update', ...args]);
    expect({ code, asked }).toEqual({ code: 2, asked: [] });
    expect(err).toContain(told);
  });
});
