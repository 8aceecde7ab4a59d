import { expect, test } from 'vitest';
import { createProbe } from '../../../src/providers/health/probe-load.ts';
import { closedPort, startHttp } from '../../support/local-server.ts';

const { signal } = new AbortController();
const probe = createProbe();

test('an answer has its status, whatever it is, once its last byte has come', async () => {
  let ended = 0;
  const server = await startHttp(({ headers }, response) => {
    response.writeHead(Number(headers['x-status']));
    response.write('a');
    setTimeout(() => response.end('b', () => (ended += 1)), 30);
  });
  const statuses: number[] = [];
  for (const status of [200, 404, 500]) {
    const headers = { 'x-status': String(status) };
    const answer = await probe({ url: server.url, headers, timeoutMs: 5000 }, signal);
    expect(answer).toMatchObject({ kind: 'answered', status });
    statuses.push(status);
    expect(ended).toBe(statuses.length);
  }
  await server.close();
});

test('no answer in time, or none at all, is a lost request', async () => {
  const silent = await startHttp(() => undefined);
  const late = await probe({ url: silent.url, headers: {}, timeoutMs: 100 }, signal);
  expect(late).toMatchObject({ kind: 'lost', why: expect.stringContaining('timeout') });
  const url = `http://127.0.0.1:${await closedPort()}`;
  const refused = await probe({ url, headers: {}, timeoutMs: 5000 }, signal);
  expect(refused).toMatchObject({ kind: 'lost', why: expect.stringContaining('ECONNREFUSED') });
  await silent.close();
});

test('a request that is called off throws', async () => {
  const silent = await startHttp(() => undefined);
  const calledOff = new AbortController();
  const asked = probe({ url: silent.url, headers: {}, timeoutMs: 5000 }, calledOff.signal);
  setTimeout(() => calledOff.abort(), 20);
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  await silent.close();
});
