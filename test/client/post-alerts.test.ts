import { expect, test } from 'vitest';
import { ownersOf } from '../../src/domain/alerting/owners.ts';
import { Failure } from '../../src/domain/failure.ts';
import { FILE, SHARDS, alert, configurationOf, startRig } from './alert-rig.ts';

const ownerOf = (name: string): number =>
  ownersOf(configurationOf(FILE), { alertname: name }, SHARDS)[0] ?? -1;
/** Names of alerts that the same shard owns. */
const [A = '', B = '', C = ''] = Array.from({ length: 60 }, (_, at) => `Alert${at}`).filter(
  (name) => ownerOf(name) === 0,
);

test('alerts go to the shards that own their groups, as one signal each', async () => {
  const rig = startRig();
  const names = Array.from({ length: 30 }, (_, at) => `Alert${at}`);
  const posted = await rig.post(names.map((name) => alert(name)));
  expect(posted).toEqual({ accepted: 30, news: 30, refused: [] });
  expect(rig.sent).toHaveLength(new Set(names.map(ownerOf)).size);
  for (let shard = 0; shard < SHARDS; shard += 1) {
    expect(rig.sentTo(shard)).toEqual(names.filter((name) => ownerOf(name) === shard));
  }
});

test('one that can inhibit others goes to every shard', async () => {
  const rig = startRig();
  expect(await rig.post([alert('ClusterDown')])).toMatchObject({ accepted: 1, news: 1 });
  expect(rig.sent.map(({ shard }) => shard).toSorted()).toEqual([0, 1, 2, 3]);
});

test('what is sent again is accepted and goes nowhere', async () => {
  const rig = startRig();
  await rig.post([alert(A)]);
  rig.world.nowMs += 60_000;
  rig.world.hasServer = false;
  expect(await rig.post([alert(A)])).toEqual({ accepted: 1, news: 0, refused: [] });
  expect(rig.names()).toEqual([A]);
});

test('its end is news, once', async () => {
  const rig = startRig();
  await rig.post([alert(A)]);
  rig.world.nowMs += 60_000;
  const ended = alert(A, { endsAtMs: rig.world.nowMs });
  expect(await rig.post([ended])).toMatchObject({ news: 1 });
  expect(await rig.post([ended])).toMatchObject({ accepted: 1, news: 0 });
  expect(rig.names()).toEqual([A, A]);
});

test('without a store everything is news', async () => {
  const rig = startRig({ withStore: false });
  await rig.post([alert(A)]);
  expect(await rig.post([alert(A)])).toMatchObject({ news: 1 });
});

test('what is wrong is refused with its reason, the others are taken', async () => {
  const rig = startRig();
  const wrong = alert(B, { startsAtMs: 2000, endsAtMs: 1000 });
  const posted = await rig.post([alert(A), { labels: {} }, wrong, alert(C)]);
  expect(posted).toMatchObject({ accepted: 2, news: 2 });
  expect(posted.refused).toEqual([
    { at: 1, code: 'AlertInvalid', why: expect.stringContaining('no labels') },
    { at: 2, code: 'AlertInvalid', why: expect.stringContaining('ends before it begins') },
  ]);
  expect(rig.sentTo(0)).toEqual([A, C]);
});

test('an alert that no signal can carry is refused', async () => {
  const rig = startRig();
  const annotations = { text: '\u0001'.repeat(32_000) };
  const labels = Object.fromEntries(
    Array.from({ length: 16 }, (_, at) => [`l${at}`, '\u0001'.repeat(1000)]),
  );
  const url = '\u0001'.repeat(2000);
  const posted = await rig.post([alert(A), { labels, annotations, generatorUrl: url }]);
  expect(posted.refused).toEqual([
    { at: 1, code: 'AlertInvalid', why: expect.stringContaining('larger than 256 KB') },
  ]);
  expect(rig.names()).toEqual([A]);
});

test('no signal has more than 256 KB', async () => {
  const rig = startRig();
  const annotations = { text: 'x'.repeat(20_000) };
  const many = Array.from({ length: 40 }, (_, at) => ({
    labels: { alertname: A, instance: `i${at}` },
    annotations,
  }));
  expect(await rig.post(many)).toMatchObject({ accepted: 40, refused: [] });
  const sizes = rig.sent.map(({ batch }) => JSON.stringify(batch).length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1024);
  expect(rig.sent.length).toBeGreaterThan(3);
  const order = rig.sent.flatMap(({ batch }) =>
    batch.alerts.map((one) => one.alert.labels.instance),
  );
  expect(order).toEqual(many.map(({ labels }) => labels.instance));
});

test('a signal of a heartbeat is noted each time, although it is no news', async () => {
  const rig = startRig();
  await rig.post([alert('Watchdog')]);
  rig.world.nowMs += 60_000;
  expect(await rig.post([alert('Watchdog')])).toMatchObject({ news: 0 });
  const beats = await rig.store.beatsOf(['prometheus']);
  expect(beats.get('prometheus')).toBe(rig.world.nowMs);
});

test('nothing is accepted before nobody has said where alerts go', async () => {
  const rig = startRig();
  rig.world.configuration = null;
  await expect(rig.post([alert(A)])).rejects.toMatchObject({ code: 'AlertingNotConfigured' });
});

test('a store that is away accepts nothing', async () => {
  const rig = startRig();
  rig.store.state.isAway = true;
  await expect(rig.post([alert(A)])).rejects.toMatchObject({ code: 'AlertStoreUnavailable' });
  expect(rig.sent).toEqual([]);
});

test('the configuration is asked for every 30 s, and the last one stands where nobody answers', async () => {
  const rig = startRig();
  await rig.post([alert(A)]);
  await rig.post([alert(B)]);
  expect(rig.asked.alerting).toBe(1);
  rig.world.nowMs += 30_000;
  rig.world.hasWorkers = false;
  expect(await rig.post([alert(C)])).toMatchObject({ accepted: 1, news: 1 });
  expect(rig.asked.alerting).toBe(2);
});

test('a shard that goes by a newer configuration has it asked for at once', async () => {
  const rig = startRig();
  await rig.post([alert(A)]);
  rig.world.version = 2;
  rig.world.nowMs += 10_000;
  await rig.post([alert(B)]);
  expect(rig.asked.alerting).toBe(2);
  expect(rig.sent.map(({ batch }) => batch.version)).toEqual([1, 2]);
});

test('one that has not been confirmed by all is not asked for again and again', async () => {
  const rig = startRig();
  rig.world.room = () => ({ version: 2, bytesLeft: 1_000_000 });
  await rig.post([alert(A)]);
  await rig.post([alert(B)]);
  expect(rig.asked.alerting).toBe(2);
  expect(rig.sent.map(({ batch }) => batch.version)).toEqual([1, 1]);
});

test('what the server did not take is thrown, what it took is no news any more', async () => {
  const rig = startRig();
  const other = Array.from({ length: 60 }, (_, at) => `Alert${at}`).find(
    (name) => ownerOf(name) === 1,
  );
  rig.world.onSignal = async (shard) => {
    if (shard === 1) throw new Failure('TemporalUnreachable', 'Temporal does not answer');
  };
  const both = [alert(A), alert(other ?? '')];
  await expect(rig.post(both)).rejects.toMatchObject({ code: 'TemporalUnreachable' });
  rig.world.onSignal = async () => undefined;
  expect(await rig.post(both)).toEqual({ accepted: 2, news: 1, refused: [] });
  expect(rig.names().toSorted()).toEqual([A, other].toSorted());
});

test('after an end whose delivery nobody knows of, firing is news', async () => {
  const rig = startRig();
  await rig.post([alert(A)]);
  rig.world.nowMs += 60_000;
  rig.world.onSignal = async () => {
    throw new Failure('TemporalUnreachable', 'it has it, but its answer was lost');
  };
  const ended = alert(A, { endsAtMs: rig.world.nowMs });
  await expect(rig.post([ended])).rejects.toMatchObject({ code: 'TemporalUnreachable' });
  rig.world.onSignal = async () => undefined;
  rig.world.nowMs += 60_000;
  expect(await rig.post([alert(A)])).toMatchObject({ news: 1 });
});

test('of two messages about the same alert in one batch both arrive, in their order', async () => {
  const rig = startRig();
  await rig.post([alert(A)]);
  const ended = alert(A, { endsAtMs: rig.world.nowMs });
  expect(await rig.post([ended, alert(A)])).toMatchObject({ news: 2 });
  expect(rig.sent.at(-1)?.batch.alerts.map((one) => one.alert.isTimeout)).toEqual([false, true]);
});

test('what comes while a signal is under way goes with the next, in order', async () => {
  const rig = startRig();
  await rig.post([alert('Warm')]);
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  rig.world.onSignal = () => held;
  const posts = [A, B, C].map((name) => rig.post([alert(name)]));
  await Promise.race([Promise.all(posts), new Promise((resolve) => setTimeout(resolve, 20))]);
  go();
  await Promise.all(posts);
  expect(rig.sentTo(0).filter((name) => name !== 'Warm')).toEqual([A, B, C]);
  expect(rig.sent.filter(({ shard }) => shard === 0).length).toBeLessThan(4);
});

test('a shard that was ended by hand is begun again, and told all that fires', async () => {
  const rig = startRig();
  await rig.post([alert(A), alert(B, { endsAtMs: rig.world.nowMs + 1000 })]);
  rig.world.nowMs += 5000;
  rig.world.onSignal = async () => {
    throw new Failure('NotFound', 'alerts/0 is not known to Belay');
  };
  expect(await rig.post([alert(C)])).toMatchObject({ accepted: 1, news: 1 });
  expect(rig.asked.revived).toEqual([0]);
  expect(rig.sentTo(0)).toEqual([A, B, A, C]);
  rig.world.nowMs += 20_000;
  expect(await rig.post([alert(A)])).toMatchObject({ news: 1 });
  rig.world.nowMs += 5000;
  expect(await rig.post([alert(A)])).toMatchObject({ news: 0 });
});
