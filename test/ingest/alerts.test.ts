import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import { type Rig, startRig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

const DOWN = { labels: { alertname: 'Down', instance: 'a' } };

test('what all is kept of is answered with 200 and nothing else', async () => {
  const answer = await rig.post('/api/v2/alerts', [DOWN]);
  expect(answer).toMatchObject({ status: 200, text: '' });
  expect(rig.client.names()).toEqual(['Down']);
});

test('an alert is taken as Prometheus sends it', async () => {
  const sent = {
    labels: { alertname: 'Down', empty: '' },
    annotations: { summary: 'it is down' },
    startsAt: '2026-01-05T08:00:00.123456789+01:00',
    endsAt: '2099-01-05T08:00:00Z',
    generatorURL: 'http://prometheus/graph',
    unknownToBelay: true,
  };
  expect(await rig.post('/api/v2/alerts', [sent])).toMatchObject({ status: 200 });
  expect(rig.client.sent[0]?.batch.alerts[0]?.alert).toEqual({
    labels: { alertname: 'Down' },
    annotations: { summary: 'it is down' },
    generatorUrl: 'http://prometheus/graph',
    startsAtMs: Date.parse('2026-01-05T07:00:00.123Z'),
    endsAtMs: Date.parse('2099-01-05T08:00:00Z'),
    isTimeout: false,
    updatedAtMs: rig.client.world.nowMs,
  });
});

test('labels are kept whatever their names, so that alerts which differ in one are two', async () => {
  const sent = ['"__proto__":"x"', '"__proto__":"y"', '"constructor":"x"', '"constructor":"y"'];
  const alerts = sent.map((text) => `{"labels":{${text}},"annotations":{${text}}}`);
  const answer = await rig.post('/api/v2/alerts', `[${alerts.join(',')}]`);
  expect(answer).toMatchObject({ status: 200 });
  const kept = rig.client.sent
    .flatMap(({ batch }) => batch.alerts)
    .map(({ alert: { labels, annotations } }) => JSON.stringify({ labels, annotations }));
  expect(kept.toSorted()).toEqual(alerts.toSorted());
  const { text } = await rig.ask('/api/v2/alerts?filter=__proto__=y');
  expect(JSON.parse(text)).toHaveLength(1);
  expect(text).toContain('"__proto__":"y"');
});

test("Go's zero time is no time", async () => {
  const zero = '0001-01-01T00:00:00Z';
  await rig.post('/api/v2/alerts', [{ ...DOWN, startsAt: zero, endsAt: zero }]);
  const alert = rig.client.sent[0]?.batch.alerts[0]?.alert;
  const { nowMs } = rig.client.world;
  expect(alert).toMatchObject({
    ...{ startsAtMs: nowMs, endsAtMs: nowMs + 5 * 60_000, isTimeout: true },
  });
});

test('one that would end by time-out before it begins is refused, as Alertmanager does', async () => {
  const at = (ms: number) => new Date(rig.client.world.nowMs + ms).toISOString();
  const answer = await rig.post('/api/v2/alerts', [
    { labels: { alertname: 'InTenMinutes' }, startsAt: at(600_000) },
    { labels: { alertname: 'InAMinute' }, startsAt: at(60_000) },
    { labels: { alertname: 'Planned' }, startsAt: at(600_000), endsAt: at(1_200_000) },
  ]);
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.text)).toMatch(/^alert 1 of 3: begins after it would end, 5m [^;]*$/);
  expect(rig.client.names().toSorted()).toEqual(['InAMinute', 'Planned']);
});

test('of a list with something wrong the others are kept, and 400 says what is wrong', async () => {
  const answer = await rig.post('/api/v2/alerts', [
    { labels: {} },
    DOWN,
    { labels: { alertname: 'X' }, endsAt: 'tomorrow' },
    { labels: { alertname: 7 } },
    { labels: { alertname: 'Y' }, startsAt: '2026-02-30T00:00:00Z' },
  ]);
  expect(answer.status).toBe(400);
  const reasons: unknown = JSON.parse(answer.text);
  expect(reasons).toMatch(/^alert 1 of 5: has no labels/);
  expect(reasons).toContain('alert 3 of 5: endsAt: is no time');
  expect(reasons).toContain('alert 4 of 5: labels.alertname');
  expect(reasons).toContain('alert 5 of 5: startsAt: is no time');
  expect(rig.client.names()).toEqual(['Down']);
});

test.each([
  ['{"labels":', 400, /no JSON/],
  ['{"labels":{}}', 400, /no list/],
  ['[7]', 400, /alert 1 of 1/],
])('the body %s is answered with %i', async (body, status, told) => {
  const answer = await rig.post('/api/v2/alerts', body);
  expect(answer.status).toBe(status);
  expect(answer.text).toMatch(told);
});

test('only JSON is taken that says that it is', async () => {
  expect(await rig.post('/api/v2/alerts', [DOWN], 'text/plain')).toMatchObject({ status: 415 });
  const utf8 = await rig.post('/api/v2/alerts', [DOWN], 'application/json; charset=utf-8');
  expect(utf8).toMatchObject({ status: 200 });
});

test('a full shard is 503, to be tried again', async () => {
  rig.client.world.room = () => ({ version: 1, bytesLeft: 10 });
  const answer = await rig.post('/api/v2/alerts', [DOWN]);
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(answer.text).toContain('has no room for it');
});

test('a Temporal that is away is 503, to be tried again, and in the log', async () => {
  await rig.post('/api/v2/alerts', [{ labels: { alertname: 'Warm' } }]);
  rig.client.world.hasServer = false;
  const answer = await rig.post('/api/v2/alerts', [DOWN]);
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(rig.lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { kind: 'ingest', status: 503, code: 'TemporalUnreachable' },
  ]);
});

test('a store that is away is 503', async () => {
  rig.client.store.state.isAway = true;
  expect(await rig.post('/api/v2/alerts', [DOWN])).toMatchObject({ status: 503 });
});

test('it is ready once it knows where alerts go', async () => {
  rig.client.world.configuration = null;
  expect(await rig.ask('/-/ready')).toMatchObject({ status: 503 });
  expect(await rig.ask('/-/healthy')).toMatchObject({ status: 200, text: 'OK' });
  expect((await rig.post('/api/v2/alerts', [DOWN])).text).toContain('belay alerting apply');
});

test('a body that is too large is refused before it has all come', async () => {
  const { port } = new URL(rig.ingest.url);
  const socket = connect(Number(port), '127.0.0.1');
  const head = 'POST /api/v2/alerts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
  socket.write(`${head}content-length: 9000000\r\n\r\n[`);
  const first = await new Promise<string>((resolve) => {
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  expect(first).toMatch(/^HTTP\/1.1 413/);
  socket.destroy();
});

test.each([
  ['GET', '/api/v2/nothing', 404],
  ['GET', '/api/v2/silence/a%ZZ', 404],
  ['PUT', '/api/v2/alerts', 405],
  ['GET', '/heartbeat/prometheus', 405],
  ['HEAD', '/-/healthy', 200],
])('%s %s is answered with %i', async (method, path, status) => {
  expect(await rig.ask(path, { method })).toMatchObject({ status });
});

test('a heartbeat is a request without a body', async () => {
  expect(await rig.ask('/heartbeat/prometheus', { method: 'POST' })).toMatchObject({ status: 200 });
  const beats = await rig.client.store.beatsOf(['prometheus']);
  expect(beats.get('prometheus')).toBe(rig.client.world.nowMs);
  expect(await rig.ask('/heartbeat/nobody', { method: 'POST' })).toMatchObject({ status: 404 });
});

test('what happens is counted', async () => {
  await rig.post('/api/v2/alerts', [DOWN, { labels: {} }]);
  await rig.post('/api/v2/alerts', [DOWN]);
  const { text } = await rig.ask('/metrics');
  expect(text).toContain('belay_ingest_alerts_total{result="news"} 1');
  expect(text).toContain('belay_ingest_alerts_total{result="resent"} 1');
  expect(text).toContain('belay_ingest_alerts_total{result="invalid"} 1');
  expect(text).toContain('route="POST /api/v2/alerts",status="400"} 1');
});

test('a bug is 500, and no silence', async () => {
  rig.client.world.onSignal = async () => {
    throw new Failure('Internal', 'it is broken');
  };
  expect(await rig.post('/api/v2/alerts', [DOWN])).toMatchObject({ status: 500 });
  expect(rig.lines).toHaveLength(1);
});

test('what is under way is answered before it ends', async () => {
  let go = (): void => undefined;
  const isHeld = new Promise<void>((held) => {
    rig.client.world.onSignal = () => {
      held();
      return new Promise<void>((resolve) => {
        go = resolve;
      });
    };
  });
  const posting = rig.post('/api/v2/alerts', [DOWN]);
  await isHeld;
  const closing = rig.close();
  go();
  expect(await posting).toMatchObject({ status: 200 });
  await closing;
  await expect(rig.post('/api/v2/alerts', [DOWN])).rejects.toThrow();
  rig = await startRig();
});
