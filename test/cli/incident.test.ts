import { describe, expect, test } from 'vitest';
import type { Answered, BelayClient, IncidentView } from '../../src/client/client.ts';
import { INCIDENT_VERBS, type IncidentVerb } from '../../src/domain/escalation/incident.ts';
import { Failure } from '../../src/domain/failure.ts';
import { HANDLED, ID, NOW_MS, VIEW, incidentsThat } from './incidents.ts';
import { createFakeClient, run } from './run-cli.ts';

const WHY = ['--why', 'because'];
const BY = { who: 'ann', why: 'because', requestId: expect.any(String) };
const APPLIED: Answered = { kind: 'applied', status: 'acknowledged', inFlight: [] };

type Incidents = Partial<BelayClient['incidents']>;

async function belay(args: readonly string[], incidents: Incidents) {
  const { client } = createFakeClient({ incidents: incidentsThat(incidents) });
  return run(['incident', ...args], { client, nowMs: NOW_MS });
}

const SAID: Readonly<Record<IncidentVerb, readonly [readonly string[], object]>> = {
  acknowledge: [['ack', ID], {}],
  unacknowledge: [['unack', ID], {}],
  resolve: [['resolve', ID], {}],
  reassign: [
    ['reassign', ID, 'eve', 'schedule:db'],
    {
      targets: [
        { kind: 'person', name: 'eve' },
        { kind: 'schedule', name: 'db' },
      ],
    },
  ],
  snooze: [['snooze', ID, '30m'], { forMs: 1_800_000 }],
  escalate_now: [['escalate', ID], {}],
  change_policy: [['move', ID, 'everybody'], { policy: 'everybody' }],
  add_note: [['note', ID], {}],
};

describe('a verb', () => {
  test.each(INCIDENT_VERBS)('%s is said by a command', async (verb) => {
    const [args, more] = SAID[verb];
    const asked: unknown[] = [];
    const { code, out } = await belay([...args, ...WHY], {
      answer: async (...said) => (asked.push(said), APPLIED),
      steer: async (...said) => (asked.push(said), { status: 'triggered', inFlight: ['a page'] }),
    });
    expect(asked).toEqual([[ID, verb, { ...BY, ...more }]]);
    expect(code).toBe(0);
    expect(out).not.toBe('');
  });

  test.each([
    ['acknowledge', 'ack'],
    ['unacknowledge', 'unack'],
    ['escalate-now', 'escalate'],
    ['add-note', 'note'],
    ['change-policy', 'move'],
  ])('%s is the whole name of %s', async (whole, short) => {
    const { out } = await run(['incident', short, '--help']);
    expect(out).toContain(`belay incident ${short}|${whole}`);
  });

  test('says who, why and its request id as a release does', async () => {
    const asked: unknown[] = [];
    const by = ['--by', 'ada', '--reason', 'mine', '--request-id', 'r-1'];
    await belay(['ack', ID, ...by], { answer: async (...said) => (asked.push(said), APPLIED) });
    expect(asked).toEqual([[ID, 'acknowledge', { who: 'ada', why: 'mine', requestId: 'r-1' }]]);
  });

  test('a note is its own reason', async () => {
    const asked: unknown[] = [];
    await belay(['note', ID, 'the disk is full'], {
      steer: async (...said) => (asked.push(said), { status: 'triggered', inFlight: [] }),
    });
    expect(asked).toEqual([[ID, 'add_note', { ...BY, why: 'the disk is full' }]]);
  });

  test.each([
    [['ack', ID], "required option '--why <text>'"],
    [['note', ID], "required option '--why <text>'"],
    [['snooze', ID, 'soon', ...WHY], 'It is a duration like'],
    [['reassign', ID, 'robot:r2', ...WHY], 'It is a person, or one of'],
    [['reassign', ID, ...WHY], "missing required argument 'targets'"],
    [['acknowlege', ID], "unknown command 'acknowlege'"],
  ])('%j is a wrong usage, and says so', async (args, told) => {
    const { code, err } = await belay(args, {});
    expect(code).toBe(2);
    expect(err).toContain(told);
  });
});

describe('an acknowledgement', () => {
  test('names the pages that may still arrive', async () => {
    const { out } = await belay(['ack', ID, ...WHY], {
      answer: async () => ({ ...APPLIED, inFlight: ['bob by mail'] }),
    });
    expect(out).toBe(
      'it is yours: nobody else is paged\n' +
        'these had begun before and may still arrive:\n  bob by mail\n',
    );
  });

  test('that comes second says who was first, and exits 3', async () => {
    const { code, err } = await belay(['ack', ID, ...WHY], {
      answer: async () => {
        throw new Failure('AlreadyAcknowledged', `${ID}: ada was first at 03:19: I look at it`);
      },
    });
    expect(code).toBe(3);
    expect(err).toContain('AlreadyAcknowledged: ');
    expect(err).toContain('ada was first at 03:19: I look at it\n');
    expect(err).toContain('belay incident reassign');
  });

  test('that no worker has answered is durable and not applied: said so, and exits 5', async () => {
    const answer = async (): Promise<Answered> => ({ kind: 'signalled' });
    const { code, out } = await belay(['ack', ID, ...WHY], { answer });
    expect(code).toBe(5);
    expect(out).toContain('durable, not yet applied: no worker has answered.');
    const { out: json } = await belay(['ack', ID, ...WHY, '--json'], { answer });
    expect(JSON.parse(json)).toEqual({ kind: 'signalled' });
  });

  test('that is accepted before its pages have settled says where to look', async () => {
    const { code, out } = await belay(['ack', ID, ...WHY], {
      answer: async () => ({ kind: 'accepted' }),
    });
    expect(code).toBe(0);
    expect(out).toContain(`may still arrive; see them with: belay incident show ${ID}`);
  });

  test('whose answer is lost says how the same is asked again', async () => {
    const { code, err } = await belay(['ack', ID, ...WHY, '--request-id', 'r-9'], {
      answer: async () => {
        throw new Failure('TemporalUnreachable', 'Temporal does not answer');
      },
    });
    expect(code).toBe(5);
    expect(err).toContain('the same request: --request-id r-9');
  });
});

describe('an id', () => {
  const SUMMARY = { id: ID, title: 't', severity: 'error', openedAtMs: 0, isOpen: true };
  const other = ID.replace('ee12', 'ee13');

  test.each(['3f9a', 'incident/3f9ac0', ID.slice('incident/'.length), ID])(
    '%s is enough where no other incident begins so',
    async (what) => {
      const { code } = await belay(['show', what], {
        list: async ({ all, beginsWith = '' } = {}) =>
          all === true && '3f9ac0ffee12'.startsWith(beginsWith) ? [SUMMARY, SUMMARY] : [],
        show: async (id) => {
          if (id === ID) return VIEW;
          throw new Failure('NotFound', `${id} is not known`);
        },
      });
      expect(code).toBe(0);
    },
  );

  test.each([
    ['3f9ac', [SUMMARY, { ...SUMMARY, id: other }], '3f9ac begins 2 incidents: 3f9ac0ffee12, '],
    ['3f9ac', [], 'no incident begins with 3f9ac'],
    ['3f9', [], 'at least 4 of its first digits'],
    ["3f9ac' OR 1=1", [], 'is no incident'],
    ['release/checkout/7', [], 'is no incident'],
  ])('%s of %j is none', async (what, found, told) => {
    const { code, err } = await belay(['show', what], { list: async () => found });
    expect(code).toBe(4);
    expect(err).toContain(told);
  });
});

describe('opening', () => {
  test('says all that a report may have', async () => {
    const asked: unknown[] = [];
    const open = ['open', 'payments', 'checkout answers 500', '--text', 'since 3', '--key', 'k'];
    const more = [
      '--severity',
      'error',
      '--source',
      'monitor',
      '--label',
      'a=b=c',
      '--label',
      'd=',
    ];
    const links = ['--link', 'https://a.example/?x=1', '--link', 'runbook=https://b.example'];
    const { code, out } = await belay([...open, ...more, ...links, ...WHY], {
      open: async (request) => (asked.push(request), { id: ID, isNew: true }),
    });
    expect(code).toBe(0);
    expect(out).toBe(`${ID} is open\nlook at it with: belay incident show 3f9ac0ffee12\n`);
    expect(asked).toEqual([
      {
        ...{ who: 'ann', why: 'because', policy: 'payments', title: 'checkout answers 500' },
        ...{ text: 'since 3', key: 'k', severity: 'error', source: 'monitor' },
        labels: { a: 'b=c', d: '' },
        links: [
          { text: 'https://a.example/?x=1', url: 'https://a.example/?x=1' },
          { text: 'runbook', url: 'https://b.example' },
        ],
      },
    ]);
  });

  test('once more is told to the same', async () => {
    const { out } = await belay(['open', 'payments', 't'], {
      open: async () => ({ id: ID, isNew: false }),
    });
    expect(out).toContain('was open already: it has been told of this');
  });

  test.each([
    [['--label', 'x'], 'It is NAME=VALUE.'],
    [['--link', 'runbook=ftp://x'], 'It is a URL'],
    [['--severity', 'bad'], 'critical, error, warning, info'],
  ])('with %j is a wrong usage', async (more, told) => {
    const { code, err } = await belay(['open', 'payments', 't', ...more], {});
    expect(code).toBe(2);
    expect(err).toContain(told);
  });
});

describe('show', () => {
  const shown = async (changes: Partial<IncidentView>): Promise<string> =>
    (await belay(['show', ID], { show: async () => ({ ...VIEW, ...changes }) })).out;

  test('has the report, the ledger, the timeline and what can be said', async () => {
    const out = await shown({});
    expect(out).toMatch(/^CRITICAL checkout answers 500 {2}triggered\n/);
    expect(out).toMatch(/next +level 2 begins at .*, in 2m\n/);
    expect(out).toMatch(/level 1 +ada +chat +accepted +1 +C1 1700\.1\n/);
    expect(out).toMatch(/level 1 +bob +mail +sending +2 +begun\n/);
    expect(out).toContain('opened by monitor: its alert fires');
    expect(out).toContain('belay incident ack 3f9ac0ffee12 --why "…"');
    expect(out).not.toContain('may still arrive');
  });

  test('of alerts names how to see them and how to silence them', async () => {
    const source = 'alerts';
    const labels = { release: 'release/checkout/4', alertname: 'Down', job: "it's $(x)" };
    const matchers = String.raw`alertname=Down 'job="it'\''s $(x)"'`;
    const out = await shown({ source, labels });
    expect(out).toContain(`  belay alert list ${matchers}\n`);
    expect(out).toContain(`  belay silence add ${matchers} --for 2h --comment "…"\n`);
    expect(await shown({ source, labels: {} })).toMatch(/\n {2}belay alert list\n$/);
    for (const other of [{ labels }, { source, labels, status: 'resolved' } as const]) {
      expect(await shown(other)).not.toContain('alert list');
    }
  });

  test('after an acknowledgement names what may still arrive', async () => {
    const out = await shown({ status: 'acknowledged', acknowledgedBy: HANDLED });
    expect(out).toMatch(/acknowledged +by ada at .*: I look at it\n/);
    expect(out).toMatch(/may still arrive: .*\n {2}bob by mail \(k\/c1-r1-l1\/bob\)\n/);
  });

  test.each<[Partial<IncidentView>, string]>([
    [{ quietUntilMs: NOW_MS }, 'snoozed: nobody is paged until'],
    [{ nextAtMs: null }, 'a level is being paged now'],
    [{ level: 2 }, 'the next round, or nobody answered'],
    [{ status: 'resolved', resolvedBy: HANDLED }, 'resolved  by ada'],
    [{ status: 'never_acknowledged' }, 'never acknowledged'],
    [{ warnings: ['chat is slow'] }, 'warnings\n  chat is slow'],
    [{ ledger: [] }, 'nobody yet'],
    [{ ledgerDropped: 7 }, '… and 7 before'],
    [{ round: 2 }, 'round 2'],
  ])('of %j says %s', async (changes, told) => {
    expect(await shown(changes)).toContain(told);
  });

  test('lets no text of others at the terminal', async () => {
    const out = await shown({ title: 'a\u001b[2Jb', text: 'c\u0007d', who: 'e\u202ef' });
    for (const harmful of ['\u001b', '\u0007', '\u202e']) expect(out).not.toContain(harmful);
  });

  test('with --json is all of it', async () => {
    const { out } = await belay(['show', ID, '--json'], { show: async () => VIEW });
    expect(JSON.parse(out)).toEqual(VIEW);
  });
});

describe('list', () => {
  const SUMMARY = {
    ...{ id: ID, title: 'of the list', severity: 'error', openedAtMs: NOW_MS, isOpen: true },
  };

  test('says how each stands, and what it can without a worker', async () => {
    const dead = { ...SUMMARY, id: ID.replace('3f9a', 'dead') };
    const { code, out } = await belay(['list'], {
      list: async () => [SUMMARY, dead],
      show: async (id) => {
        if (id === ID) return VIEW;
        throw new Failure('NoWorker', 'no worker');
      },
    });
    expect(code).toBe(0);
    expect(out).toMatch(/3f9ac0ffee12 +error +level 1 of 2 +0s ago +checkout answers 500\n/);
    expect(out).toMatch(/deadc0ffee12 +error +open +0s ago +of the list\n/);
    expect(out).toContain('no worker has said more');
  });

  test.each<[Partial<IncidentView>, string]>([
    [{ status: 'acknowledged', acknowledgedBy: HANDLED }, 'acknowledged by ada'],
    [{ status: 'resolved', resolvedBy: HANDLED }, 'resolved by ada'],
    [{ status: 'never_acknowledged' }, 'never acknowledged'],
    [{ quietUntilMs: NOW_MS }, 'snoozed until'],
  ])('of %j says %s', async (changes, told) => {
    const { out } = await belay(['list', '--all'], {
      list: async () => [SUMMARY],
      show: async () => ({ ...VIEW, ...changes }),
    });
    expect(out).toContain(told);
  });

  test('of nothing says so', async () => {
    const { out } = await belay(['list'], { list: async () => [] });
    expect(out).toBe('no incident is open\n');
  });

  test('with --json has the status, null where nobody says it', async () => {
    const { out } = await belay(['list', '--json'], { list: async () => [SUMMARY] });
    expect(JSON.parse(out)).toEqual([{ ...SUMMARY, status: null }]);
  });
});

describe('watch', () => {
  const ended = (status: IncidentView['status']): Incidents => {
    let looks = 0;
    return {
      show: async () => {
        looks += 1;
        if (looks === 1) return VIEW;
        const timeline = [...VIEW.timeline, { atMs: NOW_MS, text: 'ada: resolve: done' }];
        return { ...VIEW, status, timeline };
      },
    };
  };

  test('prints each entry once and exits 0 when it is resolved', async () => {
    const { code, out } = await belay(['watch', ID], ended('resolved'));
    expect(code).toBe(0);
    expect(out.match(/opened by monitor/g)).toHaveLength(1);
    expect(out).toMatch(/ada: resolve: done\nincident\/3f9a[0-9a-f]+ resolved\n$/);
  });

  test('exits 1 when nobody has acknowledged it', async () => {
    const { code, out } = await belay(['watch', ID, '--json'], ended('never_acknowledged'));
    expect(code).toBe(1);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ status: 'never_acknowledged' });
  });
});
