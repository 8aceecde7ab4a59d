import { describe, expect, test } from 'vitest';
import type { Begun, Queued } from '../../src/domain/release/commands.ts';
import { VERBS, type Verb } from '../../src/domain/release/progress.ts';
import { PROGRESS, VIEW } from './progress.ts';
import { GOOD, createFakeClient, run } from './run-cli.ts';

const STEERED = { phase: 'progressing', step: 'weight-25' };
const WHY = ['--why', 'because'];
const BY = { who: 'ann', why: 'because' };

const SAID: Readonly<Record<Verb, readonly [readonly string[], object]>> = {
  pause: [['pause', 'shop'], {}],
  resume: [['resume', 'shop'], { overrideFreeze: false }],
  promote: [['promote', 'shop', '--override-freeze'], { overrideFreeze: true }],
  promote_full: [['promote', 'shop', '--full'], { overrideFreeze: false }],
  step_back: [['step-back', 'shop'], {}],
  retry: [['retry', 'shop'], {}],
  abort: [['abort', 'shop'], {}],
  approve: [['approve', 'shop', 'go'], { gate: 'go' }],
  reject: [['reject', 'shop', 'go'], { gate: 'go' }],
  extend: [['extend', 'shop', 'weight-25', '10m'], { step: 'weight-25', byMs: 600_000 }],
};

test.each(VERBS)('%s is said by a command', async (verb) => {
  const [args, more] = SAID[verb];
  const { client, calls } = createFakeClient({ steer: async () => STEERED });
  const { code, out } = await run([...args, ...WHY], { client });
  expect(calls).toEqual([{ name: 'steer', args: ['shop', verb, { ...BY, ...more }] }]);
  expect(code).toBe(0);
  expect(out).toContain('shop was progressing, at weight-25: ');
});

test('--by and --reason are other words for --who and --why', async () => {
  const { client, calls } = createFakeClient({ steer: async () => STEERED });
  const asked = ['--by', 'ada', '--reason', 'numbers are fine', '--request-id', 'r-1'];
  await run(['approve', 'shop', 'go', ...asked], { client });
  expect(calls[0]?.args[2]).toEqual({
    who: 'ada',
    why: 'numbers are fine',
    requestId: 'r-1',
    gate: 'go',
  });
});

test('with --json a verb prints what it met', async () => {
  const { client } = createFakeClient({ steer: async () => STEERED });
  const { out } = await run(['pause', 'shop', ...WHY, '--json'], { client });
  expect(JSON.parse(out)).toEqual(STEERED);
});

test.each([
  [true, 0, 'no longer waits'],
  [false, 3, 'does not wait'],
])('a cancellation that finds it waiting: %j exits %i', async (cancelled, status, text) => {
  const { client, calls } = createFakeClient({ cancel: async () => ({ cancelled }) });
  const { code, out } = await run(['cancel', 'shop', 'build-9', ...WHY], { client });
  expect(calls).toEqual([{ name: 'cancel', args: ['shop', 'build-9', BY] }]);
  expect(code).toBe(status);
  expect(out).toContain(text);
});

const FILES = { '/srv/a.yaml': GOOD };
const BEGUN: Begun = {
  kind: 'begun',
  workflowId: 'release/shop/7',
  number: 7,
  version: '2',
  remarks: [],
};
const QUEUED: Queued = {
  kind: 'queued',
  requestId: 'build-9',
  version: '2',
  position: 2,
  behind: 'release/shop/6',
  remarks: ['a remark'],
};

describe('a deploy', () => {
  test('in spite of a freeze window says so, with its reason', async () => {
    const { client, calls } = createFakeClient({ deploy: async () => BEGUN });
    await run(['deploy', 'a.yaml', '--override-freeze', ...WHY], { client, files: FILES });
    expect(calls[0]?.args[0]).toMatchObject({ ...BY, overrideFreeze: true });
  });

  test('that is queued says where it stands and how it is called off', async () => {
    const { client } = createFakeClient({ deploy: async () => QUEUED });
    const { code, out } = await run(['deploy', 'a.yaml'], { client, files: FILES });
    expect(code).toBe(0);
    expect(out).toBe(
      'shop 2 waits at position 2, behind release/shop/6\n' +
        'note: no performance_thresholds: the version is judged against stable alone, ' +
        'and a first release by its health checks alone\n' +
        'note: a remark\n' +
        'call it off with: belay cancel shop build-9 --why "…"\n' +
        'look at it with: belay status shop\n',
    );
  });

  test('that is watched waits for its turn, then follows it to its end', async () => {
    const { client, calls } = createFakeClient({
      deploy: async () => QUEUED,
      awaitTurn: async () => BEGUN,
      progress: async () => ({ ...PROGRESS, phase: 'ended', outcome: 'succeeded', reason: 'good' }),
    });
    const { code, out } = await run(['deploy', 'a.yaml', '--watch'], { client, files: FILES });
    expect(code).toBe(0);
    expect(calls.map(({ name }) => name)).toEqual(['deploy', 'awaitTurn', 'progress']);
    expect(calls[1]?.args).toEqual(['shop', 'build-9']);
    expect(out).toContain('waiting for its turn …\nrelease/shop/7 has begun: shop 2');
    expect(out).toContain('release/shop/7 succeeded');
  });
});

test('a rollback goes to a version by either name of its option', async () => {
  for (const option of ['--to', '--to-version']) {
    const { client, calls } = createFakeClient({ rollback: async () => BEGUN });
    await run(['rollback', 'shop', option, 'v1', ...WHY], { client });
    expect(calls).toEqual([{ name: 'rollback', args: ['shop', { ...BY, toVersion: 'v1' }] }]);
  }
});

test.each(['status', 'explain'])('%s shows what waits behind a run', async (command) => {
  const { client } = createFakeClient({
    progress: async () => PROGRESS,
    history: async () => VIEW,
  });
  const { out } = await run([command, 'shop'], { client });
  expect(out).toContain('by bob: a fix  request build-9');
  const { out: json } = await run([command, 'shop', '--json'], { client });
  expect(JSON.parse(json)).toMatchObject({ workflowId: 'release/shop/7', queue: VIEW.queue });
});

test('the history of a run is asked of the run, that of a service of its owner', async () => {
  const { client, calls } = createFakeClient({
    progress: async () => PROGRESS,
    history: async () => VIEW,
  });
  await run(['history', 'release/shop/7'], { client });
  await run(['history', 'shop'], { client });
  expect(calls.map(({ name }) => name)).toEqual(['progress', 'history']);
});
