import { describe, expect, test } from 'vitest';
import type { AlertCalls } from '../../src/client/alerts.ts';
import { readAlerting } from '../../src/domain/alerting/alerting-file.ts';
import { Failure } from '../../src/domain/failure.ts';
import { HOSTILE, NOW_MS, OBEYED, SILENCE, belay, viewWith } from './alerting-world.ts';

const TEXT = 'route: { receiver: ops }\nreceivers: { ops: { channels: [ops] }, idle: {} }\n';
const PAGING = `
channels: { CHANNEL: { type: log } }
policies: { default: { levels: [{ wait: 5m, targets: [{ channel: CHANNEL }] }] } }
last_resort: [CHANNEL]
`;
const files = {
  '/srv/alerting.yaml': TEXT,
  '/srv/broken.yaml': TEXT.replace('receiver:', 'reciever:'),
  '/srv/paging.yaml': PAGING.replaceAll('CHANNEL', 'ops'),
  '/srv/other.yaml': PAGING.replaceAll('CHANNEL', 'mail'),
};

async function apply(args: readonly string[], answers: Partial<AlertCalls> = {}) {
  const asked: unknown[] = [];
  const configure: AlertCalls['configure'] = async (request) => {
    asked.push(request);
    return { version: 4 };
  };
  const told = await belay(['alerting', 'apply', ...args], { configure, ...answers }, { files });
  return { ...told, asked };
}

describe('alerting apply', () => {
  test('sends the file as it is, and says what is hardly meant', async () => {
    const { code, out, asked } = await apply([
      ...['alerting.yaml', '--paging', 'paging.yaml', '--why', 'first', '--request-id', 'r-1'],
    ]);
    expect(code).toBe(0);
    expect(asked).toEqual([
      {
        who: 'ann',
        why: 'first',
        requestId: 'r-1',
        alerting: { text: TEXT, file: 'alerting.yaml' },
      },
    ]);
    expect(out.split('\n')).toEqual([
      'version 4: every shard goes by it',
      expect.stringMatching(/^note: alerting\.yaml:2:\d+: receivers\.idle: /),
      '',
    ]);
  });

  test('with --json tells the version and the notes', async () => {
    const { out } = await apply(['alerting.yaml', '--why', 'first', '--json']);
    expect(JSON.parse(out)).toMatchObject({ version: 4, notes: [{ path: 'receivers.idle' }] });
  });

  test.each([
    [['broken.yaml', '--why', 'x'], 'did you mean receiver?'],
    [['alerting.yaml', '--paging', 'other.yaml', '--why', 'x'], 'has no channel ops'],
    [['alerting.yaml', '--paging', 'none.yaml', '--why', 'x'], 'none.yaml cannot be read'],
    [['none.yaml', '--why', 'x'], 'none.yaml cannot be read'],
    [['alerting.yaml'], "required option '--why <text>'"],
  ])('%j connects to nothing, and exits 2', async (args, told) => {
    const { code, err, connected } = await apply(args);
    expect({ code, connected }).toEqual({ code: 2, connected: 0 });
    expect(err).toContain(told);
  });

  test('whose answer is lost says how the same is asked again', async () => {
    const { code, err } = await apply(['alerting.yaml', '--why', 'x', '--request-id', 'r-9'], {
      configure: async () => {
        throw new Failure('TemporalUnreachable', 'Temporal does not answer');
      },
    });
    expect(code).toBe(5);
    expect(err).toContain('the same request: --request-id r-9');
  });
});

describe('alerting show', () => {
  const read = readAlerting({ text: TEXT, file: 'alerting.yaml' });
  const configuration = read.kind === 'valid' ? read.configuration : null;
  const view = viewWith([SILENCE], {
    configuration,
    configuredBy: { who: HOSTILE, why: 'first', atMs: NOW_MS - 60_000 },
  });

  test('tells the file in force, who applied it and why', async () => {
    const { code, out } = await belay(['alerting', 'show'], { show: async () => view });
    expect(code).toBe(0);
    expect(out).not.toMatch(OBEYED);
    const [version, applied, silences, , routes] = out.split('\n');
    expect(version).toBe('version   3, by 2 shards');
    expect(applied).toMatch(/^applied {3}\S+ \S+ \(1m ago\) by .*evil line two: first$/);
    expect(silences).toBe('silences  1 active; see them with: belay silence list');
    expect(routes).toBe('routes      1, what none of them takes goes to ops');
    const { out: json } = await belay(['alerting', 'show', '--json'], { show: async () => view });
    expect(JSON.parse(json)).toEqual(view);
  });

  test('says where there is none yet', async () => {
    const { code, out } = await belay(['alerting', 'show'], { show: async () => viewWith([]) });
    expect(code).toBe(0);
    expect(out).toContain('there is no alerting file yet: belay alerting apply FILE');
  });
});
