import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CAPABILITIES } from '../../../src/domain/release/capabilities.ts';
import { userSlot, routeOfSlot } from '../../../src/providers/traffic/affinity.ts';
import { askHaproxy } from '../../../src/providers/traffic/haproxy-cli.ts';
import type { Match, Route, Steering } from '../../../src/providers/traffic/router.ts';
import { ROUTERS, type RouterRig, SERVICE, startRouterRig } from '../../support/router-rig.ts';

const AFFINITY = { cookie: 'user', maxAgeS: 3600, salt: 'release/checkout/1' };
const header = (name: string, how: Match['how'], value = ''): Match => {
  return { version: 'v2', in: 'header', name, how, value };
};
const cookie = (name: string, how: Match['how'], value = ''): Match => {
  return { version: 'v2', in: 'cookie', name, how, value };
};

/** What could end a command, begin another, break a line of a file or a header. */
const HOSTILE = [
  'x; shutdown sessions server checkout.a/s1',
  'x\nbelay apply checkout 999999 x x v1/100/127.0.0.1:1',
  'a b\tc\\ \\n "quoted" \'single\'',
  '<<\n%[env(HOME)] ${HOME} #',
  ':/,|\u0000\u007f end\n',
  'ä€😀',
  '',
];

describe.each(ROUTERS)('the %s router', (kind) => {
  let rig: RouterRig;

  beforeAll(async () => {
    rig = await startRouterRig(kind, ['v1', 'v2', 'v3', 'v4', 'v5']);
  });
  afterAll(() => rig.close());

  test('states what it can do as release files are checked by it', () => {
    expect(rig.router.can).toEqual(CAPABILITIES[kind]);
  });

  test('reads back the steering that it was given, and none when it is gone', async () => {
    const steering: Steering = {
      affinity: AFFINITY,
      matches: [header('X-Beta', 'present'), cookie('group', 'prefix', 'test-')],
      ...(rig.router.can.mirror ? { mirror: { version: 'v2', percent: 10 } } : {}),
    };
    expect(await rig.apply(rig.routes(50, 50), steering)).toMatchObject(steering);
    expect(await rig.read()).toMatchObject(steering);
    const bare = await rig.apply(rig.routes(50, 50));
    expect(Object.keys(bare)).not.toEqual(expect.arrayContaining(['affinity']));
    expect(bare.matches ?? bare.mirror).toBeUndefined();
  });

  test.each(HOSTILE)('takes %j as text, wherever a release file may put it', async (text) => {
    const salt = text === '' ? 'x' : text;
    const matches = [header('x-beta', 'exact', text), cookie('b', 'prefix', text)];
    const steering = { affinity: { ...AFFINITY, salt }, matches };
    const state = await rig.apply(rig.routes(100, 0), steering);
    expect(state).toMatchObject({ ...steering, generation: rig.generation() });
    const effects = await rig.router.effects(SERVICE, rig.signal);
    expect(effects.at(-1)).toMatchObject({
      generation: rig.generation(),
      what: 'v1 100 %, v2 0 %',
    });
  });

  test.each<[string, Steering]>([
    ['a cookie with a name that is none', { affinity: { ...AFFINITY, cookie: 'a=b; Domain=x' } }],
    ['a header with a name that is none', { matches: [header('x-beta: y\r\nx', 'present')] }],
    ['a salt without end', { affinity: { ...AFFINITY, salt: 'x'.repeat(201) } }],
    ['a value without end', { matches: [header('x', 'exact', 'x'.repeat(257))] }],
    ['matches without end', { matches: Array.from({ length: 21 }, () => header('x', 'present')) }],
    ['a cookie that lives for ever', { affinity: { ...AFFINITY, maxAgeS: Infinity } }],
    ['more of a mirror than all', { mirror: { version: 'v2', percent: 101 } }],
  ])('refuses %s, and changes nothing', async (_name, steering) => {
    const before = await rig.read();
    await expect(rig.apply(rig.routes(100, 0), steering)).rejects.toMatchObject({
      code: 'TrafficRefused',
    });
    expect(await rig.read()).toEqual(before);
  });

  test('refuses the same generation with other steering or another order', async () => {
    await rig.apply(rig.routes(50, 50), { affinity: AFFINITY });
    const again = { generation: rig.generation(), affinity: AFFINITY };
    expect(await rig.apply(rig.routes(50, 50), again)).toMatchObject({ affinity: AFFINITY });
    const conflict = { code: 'GenerationConflict' };
    const salted = { ...again, affinity: { ...AFFINITY, salt: 'other' } };
    await expect(rig.apply(rig.routes(50, 50), salted)).rejects.toMatchObject(conflict);
    await expect(rig.apply(rig.routes(50, 50).toReversed(), again)).rejects.toMatchObject(conflict);
  });

  test('makes a change after the generation that it names, and after no other', async () => {
    await rig.apply(rig.routes(100, 0), { key: 'by-hand/1' });
    const stands = rig.generation();
    const takenBack = {
      code: 'TrafficTakenBack',
      message: expect.stringContaining(`generation ${stands} (by-hand/1)`),
    };
    for (const [generation, after] of [
      [stands + 1, stands - 1],
      [stands - 1, stands - 2],
      [stands + 2, stands + 1],
    ]) {
      const late = { generation: generation ?? 0, after: after ?? 0 };
      await expect(rig.apply(rig.routes(0, 100), late)).rejects.toMatchObject(takenBack);
    }
    const next = { generation: stands + 1, after: stands };
    await rig.apply(rig.routes(0, 100), next);
    // The same again, whose answer was lost: it is done.
    expect(await rig.apply(rig.routes(0, 100), next)).toMatchObject({ generation: stands + 1 });
  });

  test('carries four versions, and says so when there are more than it can carry', async () => {
    const four = await rig.apply(rig.routes(40, 30, 20, 10));
    expect(four.routes.map(({ version }) => version)).toEqual(['v1', 'v2', 'v3', 'v4']);
    // One leaves and another comes in the same change.
    const [, ...others] = rig.routes(0, 60, 20, 10, 10);
    expect((await rig.apply(others)).routes).toHaveLength(4);
    const max = rig.router.can.routesMax;
    const many = Array.from({ length: max + 1 }, (_, index): Route => {
      return { version: `w${index}`, weightPercent: index === 0 ? 100 : 0, instances: [] };
    });
    await expect(rig.apply(many)).rejects.toMatchObject({
      code: 'TrafficRefused',
      message: expect.stringContaining(`this router carries ${max}`),
    });
  });

  if (kind !== 'haproxy') {
    test('takes a mirror', async () => {
      const mirror = { version: 'v2', percent: 10 };
      expect(await rig.apply(rig.routes(100, 0), { mirror })).toMatchObject({ mirror });
    });
  } else {
    test('refuses a mirror', async () => {
      const mirror = { version: 'v2', percent: 10 };
      await expect(rig.apply(rig.routes(100, 0), { mirror })).rejects.toMatchObject({
        code: 'TrafficRefused',
        message: expect.stringContaining('cannot mirror'),
      });
    });

    test.each([
      ['x 1 mark key v1/100/127.0.0.1:80', 'no backends for service x'],
      ['checkout', 'belay apply SERVICE'],
      ['checkout 99999', 'belay apply SERVICE'],
      ['checkout many mark key v1/100/127.0.0.1:80', 'belay apply SERVICE'],
      ['checkout 99999 mark key', 'add up to 100'],
      ['checkout 99999 mark key v1/100/localhost:80', 'no IP:PORT: localhost:80'],
      ['checkout 99999 mark key v1/100/127.0.0.1', 'no IP:PORT: 127.0.0.1'],
      ['checkout 99999 mark key v1', 'v1 needs a weight'],
      ['checkout 99999 mark key v1/much/127.0.0.1:80', 'v1 needs a weight'],
      ['checkout 99999 mark key v1/99/127.0.0.1:80', 'add up to 100'],
      ['checkout 99999 mark key match:v1/100/127.0.0.1:80', 'add up to 100'],
    ])('refuses what a person may mistype: belay apply %s', async (words, why) => {
      const before = await rig.read();
      const { balancer } = rig;
      const socket = balancer?.traffic.kind === 'haproxy' ? balancer.traffic.socket : '';
      const answer = await askHaproxy(socket, `belay apply ${words}`, rig.signal);
      expect(answer).toMatch(/^TrafficRefused /);
      expect(answer).toContain(why);
      expect(await rig.read()).toEqual(before);
    });

    test('takes what just fits into a command, and refuses what does not', async () => {
      const long = (count: number) =>
        Array.from({ length: count }, (_, at) => header(`x-${at}`, 'exact', '€'.repeat(256)));
      expect((await rig.apply(rig.routes(100, 0), { matches: long(9) })).matches).toHaveLength(9);
      await expect(rig.apply(rig.routes(100, 0), { matches: long(10) })).rejects.toMatchObject({
        code: 'TrafficRefused',
        message: expect.stringContaining('fewer and shorter matches'),
      });
    });
  }

  // The memory router has no sockets that a request could reach.
  if (kind === 'memory') return;

  async function ask(headers: Record<string, string> = {}, path = '/') {
    const answer = await request(rig.url(path), { headers });
    const version = await answer.body.text();
    return { version, setCookie: answer.headers['set-cookie'] };
  }

  test('splits requests among four versions by weight', async () => {
    await rig.apply(rig.routes(40, 30, 0, 30));
    const seen = new Map<string, number>();
    for (let at = 0; at < 1000; at += 1) {
      const { version } = await ask();
      seen.set(version, (seen.get(version) ?? 0) + 1);
    }
    // Six standard deviations of 1000 throws at 40 % are 93.
    expect(Math.abs((seen.get('v1') ?? 0) - 400)).toBeLessThan(93);
    expect(Math.abs((seen.get('v2') ?? 0) - 300)).toBeLessThan(93);
    expect(Math.abs((seen.get('v4') ?? 0) - 300)).toBeLessThan(93);
    expect([...seen.keys()].toSorted()).toEqual(['v1', 'v2', 'v4']);
  });

  describe('with an affinity', () => {
    const weights = [40, 30, 20, 10];

    test('sends each user where the sum of salt and user says, hostile ones too', async () => {
      await rig.apply(rig.routes(...weights), { affinity: AFFINITY });
      const users = Array.from({ length: 100 }, (_, index) => `user-${index}`);
      const long = ['x'.repeat(5000), `${' '.repeat(3000)}x`];
      const odd = [...long, 'a"b', 'ü'.repeat(10), '%00', 'a=b=c'];
      for (const user of [...users, ...odd]) {
        const { slot } = userSlot(AFFINITY.salt, Buffer.from(user, 'latin1'));
        const expected = routeOfSlot(rig.routes(...weights), slot)?.version;
        const { version, setCookie } = await ask({ cookie: `no=1;user=${user}; user=other` });
        expect({ user, version, setCookie }).toEqual({
          user,
          version: expected,
          setCookie: undefined,
        });
      }
    });

    test.each(['', 'other=1', 'user=', 'xuser=1; a=user=2', 'User=1'])(
      'names a user who comes with the cookies %j, and keeps to it',
      async (cookies) => {
        await rig.apply(rig.routes(...weights), { affinity: AFFINITY });
        const first = await ask(cookies === '' ? {} : { cookie: cookies });
        const given = String(first.setCookie);
        const uuid = /^user=([0-9a-f-]{36}); Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/;
        expect(given).toMatch(uuid);
        const [, user = ''] = uuid.exec(given) ?? [];
        const { slot } = userSlot(AFFINITY.salt, Buffer.from(user));
        expect(first.version).toBe(routeOfSlot(rig.routes(...weights), slot)?.version);
        const second = await ask({ cookie: `${cookies}; user=${user}`.replace('user=;', '') });
        expect(second).toEqual({ version: first.version, setCookie: undefined });
      },
    );

    test('lets a request that asks for a version pass by', async () => {
      await rig.apply(rig.routes(100, 0), { affinity: AFFINITY });
      const asked = { 'x-belay-version': 'v2' };
      expect(await ask(asked)).toEqual({ version: 'v2', setCookie: undefined });
    });

    test('counts the users of each version, and begins anew with another salt or split', async () => {
      const assignments = async () =>
        Object.fromEntries(
          (await rig.router.assignments(SERVICE, rig.signal)).map((one) => [
            one.version,
            one.users,
          ]),
        );
      const affinity = { ...AFFINITY, salt: 'counted' };
      await rig.apply(rig.routes(70, 30), { affinity });
      const expected = { v1: 0, v2: 0 };
      for (let user = 0; user < 100; user += 1) {
        const { version } = await ask({ cookie: `user=${user}` });
        await ask({ cookie: `user=${user}` });
        expected[version === 'v1' ? 'v1' : 'v2'] += 1;
      }
      await ask({ cookie: 'user=asks', 'x-belay-version': 'v1' });
      await expect.poll(assignments).toEqual(expected);
      await rig.apply(rig.routes(60, 40), { affinity });
      expect(await assignments()).toEqual({});
      await ask({ cookie: 'user=1' });
      await expect.poll(async () => Object.values(await assignments())).toEqual([1]);
      await rig.apply(rig.routes(70, 30), { affinity: { ...AFFINITY, salt: 'anew' } });
      expect(await assignments()).toEqual({});
      const { version } = await ask({ cookie: 'user=1' });
      await expect.poll(assignments).toEqual({ [version]: 1 });
      await rig.apply(rig.routes(70, 30));
      expect(await assignments()).toEqual({});
    });
  });

  describe('with matches', () => {
    test.each<[string, Match, Record<string, string>, string]>([
      ['a header', header('X-Beta', 'exact', 'yes'), { 'x-beta': 'yes' }, 'v2'],
      ['another value of it', header('X-Beta', 'exact', 'yes'), { 'X-BETA': 'yes!' }, 'v1'],
      ['the same in other letters', header('X-Beta', 'exact', 'yes'), { 'X-BETA': 'YES' }, 'v1'],
      ['its beginning', header('x-beta', 'prefix', 'ye'), { 'X-Beta': 'yes' }, 'v2'],
      ['something before it', header('x-beta', 'prefix', 'ye'), { 'X-Beta': 'oh yes' }, 'v1'],
      ['its presence', header('x-beta', 'present'), { 'X-Beta': 'whatever' }, 'v2'],
      ['its presence without a value', header('x-beta', 'present'), { 'X-Beta': '' }, 'v2'],
      ['its absence', header('x-beta', 'present'), { 'X-Alpha': 'whatever' }, 'v1'],
      ['a list in one header', header('x-beta', 'exact', 'a, b'), { 'X-Beta': 'a, b' }, 'v2'],
      ['a cookie', cookie('beta', 'exact', 'yes'), { cookie: 'a=1; beta=yes; c=2' }, 'v2'],
      ['another cookie', cookie('beta', 'exact', 'yes'), { cookie: 'abeta=yes; Beta=yes' }, 'v1'],
      ['the beginning of a cookie', cookie('beta', 'prefix', 'y'), { cookie: 'beta=yes' }, 'v2'],
      ['a cookie without a value', cookie('beta', 'present'), { cookie: 'beta=' }, 'v2'],
      ['no cookie', cookie('beta', 'present'), { cookie: 'alpha=1' }, 'v1'],
      ['bytes', header('x-beta', 'exact', 'ü'), { 'X-Beta': 'Ã¼' }, 'v2'],
    ])('goes by %s', async (_name, match, headers, version) => {
      await rig.apply(rig.routes(100, 0), { matches: [match] });
      expect((await ask(headers)).version).toBe(version);
    });

    test('goes by the first that fits and has instances, else by user', async () => {
      const to = (version: string): Match => ({ ...header('x-beta', 'present'), version });
      const matches = [to('v9'), to('v3'), to('v2')];
      await rig.apply(rig.routes(100, 0, 0), { affinity: AFFINITY, matches });
      const matched = await ask({ 'x-beta': '1' });
      expect(matched).toEqual({ version: 'v3', setCookie: undefined });
      expect(await ask({})).toMatchObject({ version: 'v1', setCookie: expect.anything() });
      const [v1, v2, v3] = rig.routes(100, 0, 0);
      if (v1 === undefined || v2 === undefined || v3 === undefined) throw new Error('no routes');
      await rig.apply([v1, v2, { ...v3, instances: [] }], { affinity: AFFINITY, matches });
      expect((await ask({ 'x-beta': '1' })).version).toBe('v2');
    });
  });

  test('lets an instance that leaves a route finish, and moves none that stays', async () => {
    const [stays, leaves, comes] = rig.servers;
    if (stays === undefined || leaves === undefined || comes === undefined) throw new Error();
    const version = (...servers: (typeof stays)[]): Route[] => [
      { version: 'rolling', weightPercent: 100, instances: servers.map((one) => one.instance) },
    ];
    await rig.apply(version(leaves, stays));
    const slots = (): Promise<string> => slotOf(rig, stays.instance.port);
    const slot = await slots();
    const open = [fetch(rig.url('/slow')), fetch(rig.url('/slow'))];
    await expect.poll(() => [stays.holding(), leaves.holding()]).toEqual([1, 1]);
    await rig.apply(version(comes, stays));
    const before = leaves.received();
    const left = { service: SERVICE, version: 'rolling', instances: [leaves.instance] };
    const drain = (deadlineMs: number) => rig.router.drain({ ...left, deadlineMs }, rig.signal);
    expect(await drain(200)).toEqual({ open: 1 });
    for (let at = 0; at < 20; at += 1) await ask();
    expect(leaves.received()).toBe(before);
    expect(await slots()).toBe(slot);
    leaves.letGo();
    expect(await drain(5000)).toEqual({ open: 0 });
    // One that is in the route is not drained, whatever is open there.
    const all = { ...left, instances: [stays.instance], deadlineMs: 5000 };
    expect(await rig.router.drain(all, rig.signal)).toEqual({ open: 0 });
    stays.letGo();
    const answers = await Promise.all(open.map(async (answer) => (await answer).text()));
    expect(answers.toSorted()).toEqual(['v1', 'v2']);
  });
});

/** Where HAProxy serves an address: pool and number of the server. */
async function slotOf({ balancer, signal }: RouterRig, port: number): Promise<string> {
  if (balancer?.traffic.kind !== 'haproxy') return 'the embedded router has none';
  const answer = await askHaproxy(balancer.traffic.socket, 'show servers state', signal);
  const ready = answer
    .split('\n')
    .map((line) => line.split(' '))
    .filter((cells) => cells[18] === String(port) && cells[6] === '0');
  return ready.map(([, backend, , server]) => `${backend}/${server}`).join(' ');
}
