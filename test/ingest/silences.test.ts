import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Rig, startRig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
  await rig.post('/api/v2/alerts', [
    { labels: { alertname: 'Down', severity: 'info', cluster: 'eu' }, annotations: { a: 'b' } },
    { labels: { alertname: 'Slow', severity: 'page', cluster: 'us' } },
  ]);
});
afterEach(() => rig.close());

function silenceOf(more: object = {}) {
  const { nowMs } = rig.client.world;
  return {
    matchers: [{ name: 'alertname', value: 'Do.*', isRegex: true, isEqual: true }],
    startsAt: new Date(nowMs).toISOString(),
    endsAt: new Date(nowMs + 60_000).toISOString(),
    createdBy: 'ada',
    comment: 'I look at it',
    ...more,
  };
}

const list = (query = ''): Promise<unknown> => rig.json(`/api/v2/alerts${query}`);
const named = (...names: readonly string[]) =>
  names.map((alertname): unknown =>
    expect.objectContaining({ labels: expect.objectContaining({ alertname }) }),
  );

test('an alert is shown as Alertmanager shows it', async () => {
  expect(await list('?filter=alertname="Down"')).toEqual([
    {
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      labels: { alertname: 'Down', cluster: 'eu', severity: 'info' },
      annotations: { a: 'b' },
      startsAt: expect.stringMatching(/Z$/),
      endsAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      generatorURL: '',
      receivers: [{ name: 'ops' }],
      status: { state: 'active', silencedBy: [], inhibitedBy: [], mutedBy: [] },
    },
  ]);
});

test('a silence is made, shown, found and ended', async () => {
  const made = await rig.post('/api/v2/silences', silenceOf());
  expect(made).toMatchObject({ status: 200 });
  expect(JSON.parse(made.text)).toEqual({ silenceID: 'silence-1' });
  const shown = {
    id: 'silence-1',
    status: { state: 'active' },
    ...silenceOf(),
    updatedAt: expect.stringMatching(/Z$/),
  };
  expect(await rig.json('/api/v2/silence/silence-1')).toEqual(shown);
  expect(await rig.json('/api/v2/silences?filter=alertname="Do.*"')).toEqual([shown]);
  expect(await rig.json('/api/v2/silences?filter=alertname="Other"')).toEqual([]);
  expect(await list('?silenced=false')).toEqual(named('Slow'));
  expect(await list('?active=false')).toMatchObject([
    { status: { state: 'suppressed', silencedBy: ['silence-1'] } },
  ]);
  rig.client.world.nowMs += 1000;
  expect(await rig.ask('/api/v2/silence/silence-1', { method: 'DELETE' })).toMatchObject({
    ...{ status: 200, text: '' },
  });
  expect(await rig.json('/api/v2/silences?expired=false')).toEqual([]);
  expect(await rig.json('/api/v2/silences')).toMatchObject([{ status: { state: 'expired' } }]);
});

test('a silence is changed by its id', async () => {
  await rig.post('/api/v2/silences', silenceOf());
  const longer = silenceOf({
    id: 'silence-1',
    endsAt: new Date(rig.client.world.nowMs + 120_000).toISOString(),
  });
  expect((await rig.post('/api/v2/silences', longer)).text).toContain('silence-1');
  expect(await rig.json('/api/v2/silence/silence-1')).toMatchObject({ endsAt: longer.endsAt });
});

test.each([
  [{ matchers: undefined }, 400, 'matchers'],
  [{ matchers: [] }, 400, 'would silence everything'],
  [{ endsAt: 'never' }, 400, 'endsAt: is no time'],
  [{ endsAt: '2020-01-01T00:00:00Z' }, 400, 'ends before it begins'],
  [{ comment: '' }, 400, 'say why'],
  [{ id: 'unknown' }, 404, 'no silence unknown'],
])('a silence with %j is answered with %i', async (more, status, told) => {
  const answer = await rig.post('/api/v2/silences', silenceOf(more));
  expect(answer.status).toBe(status);
  expect(answer.text).toContain(told);
});

test('a silence that is not known is 404', async () => {
  expect(await rig.ask('/api/v2/silence/x')).toMatchObject({ status: 404 });
  expect(await rig.ask('/api/v2/silence/x', { method: 'DELETE' })).toMatchObject({ status: 404 });
});

test('a matcher without isEqual means equal, and not-equal is written so', async () => {
  const matchers = [
    { name: 'alertname', value: 'Down', isRegex: false },
    { name: 'cluster', value: 'us', isRegex: false, isEqual: false },
  ];
  await rig.post('/api/v2/silences', silenceOf({ matchers }));
  expect(await rig.json('/api/v2/silence/silence-1')).toMatchObject({
    matchers: [{ isEqual: true }, { isEqual: false, isRegex: false }],
  });
  expect(await list('?silenced=false')).toEqual(named('Slow'));
});

test('an inhibited alert says by which', async () => {
  await rig.post('/api/v2/alerts', [{ labels: { alertname: 'ClusterDown', cluster: 'eu' } }]);
  const [down] = [await list('?filter=alertname="Down"')].flat();
  expect(down).toMatchObject({
    status: { state: 'suppressed', inhibitedBy: [expect.stringMatching(/^[0-9a-f]{16}$/)] },
  });
  expect(await list('?inhibited=false&filter=cluster="eu"')).toEqual(named('ClusterDown'));
});

test('groups are shown with the receiver that they go to', async () => {
  const groups = await rig.json('/api/v2/alerts/groups?filter=alertname="Down"');
  expect(groups).toEqual([
    { labels: { alertname: 'Down' }, receiver: { name: 'ops' }, alerts: named('Down') },
  ]);
  rig.world.heldBy = 'mute';
  expect(await rig.json('/api/v2/alerts/groups?muted=false')).toEqual([]);
});

test.each(['filter=alertname', 'filter=a=~"("', 'receiver=(', 'active=maybe'])(
  'the query %s is refused',
  async (query) => {
    expect(await rig.ask(`/api/v2/alerts?${query}`)).toMatchObject({ status: 400 });
  },
);

test('by receiver, as a regular expression for the whole name', async () => {
  expect(await list('?receiver=op.')).toHaveLength(2);
  expect(await list('?receiver=op')).toEqual([]);
  expect(await rig.json('/api/v2/receivers')).toEqual([{ name: 'ops' }]);
});

test('what one answer has no place for is told', async () => {
  rig.world.moreGroups = 1;
  const answer = await rig.ask('/api/v2/alerts');
  expect(Number(answer.headers.get('x-belay-alerts-not-listed'))).toBeGreaterThan(0);
});

test('its status is that of an Alertmanager without peers', async () => {
  expect(await rig.json('/api/v2/status')).toMatchObject({
    cluster: { status: 'disabled', peers: [] },
    config: { original: expect.stringContaining('"receivers"') },
    versionInfo: { version: 'belay, configuration 1' },
  });
});
