import { expect, test } from 'vitest';
import { readLogLine } from '../../src/tap/log-line.ts';
import { createFrameReader } from '../../src/tap/octet-frames.ts';

const HEAD = '<134>1 2026-11-23T18:43:30.539296+00:00 - haproxy 3930 - - ';

test('a request is read with its version, audience, time and latency', () => {
  expect(readLogLine(`${HEAD}checkout v1 live 200 -- 1164`)).toEqual({
    counted: {
      service: 'checkout',
      version: 'v1',
      audience: 'live',
      kind: 'good',
      latencyMs: 1.164,
      atMs: Date.parse('2026-11-23T18:43:30.539Z'),
    },
  });
});

test('a line without a user is the same, whether its configuration knows of users or not', () => {
  const before = readLogLine(`${HEAD}checkout v1 live 200 -- 1164`);
  expect(readLogLine(`${HEAD}checkout v1 live 200 -- 1164 -`)).toEqual(before);
});

test('a user whom an affinity has assigned is read with the affinity', () => {
  const line = `${HEAD}checkout v2 live 200 -- 1164 0a1b2c3d.00112233445566ff`;
  expect(readLogLine(line)).toMatchObject({
    counted: { version: 'v2', latencyMs: 1.164 },
    assigned: {
      service: 'checkout',
      version: 'v2',
      affinity: '0a1b2c3d',
      user: '00112233445566ff',
    },
  });
});

test.each([
  ['a bad answer of the version', 'checkout v1 live 502 -- 10', 'faulty'],
  ['an answer of HAProxy itself', 'checkout v1 live 503 SC 10', 'failed'],
  ['an answer that was cut off', 'checkout v1 live 200 SD 10', 'failed'],
  ['a request for no version', 'checkout - preview 503 LR 0', 'failed'],
  ['a request refused by the client of the version', 'checkout v1 live 404 -- 10', 'good'],
  ['a request that its client gave up in the answer', 'checkout v1 live 200 CD 10', 'given_up'],
  ['an answer that its client did not take', 'checkout v1 live 200 cD 60000', 'given_up'],
  ['a request that its client gave up before it', 'checkout v1 live -1 CH 400000', 'given_up'],
])('%s is told from the others', (_name, text, kind) => {
  expect(readLogLine(HEAD + text)).toMatchObject({ counted: { kind } });
});

test.each([
  ['a notice of HAProxy', `${HEAD}Server checkout.a/s1 is UP/READY`],
  ['a client that left before it had asked', `${HEAD}checkout v1 live -1 CR 10`],
  ['a client that came to a halt before it had asked', `${HEAD}checkout v1 live 408 cR 10000`],
  ['a body that was sent half', `${HEAD}checkout v1 live -1 CD 10`],
  ['a body that came to a halt', `${HEAD}checkout v1 live -1 cD 60000`],
  ['a question for what is served', `${HEAD}checkout - - 200 -- 10`],
  ['a user that is none', `${HEAD}checkout v1 live 200 -- 10 somebody`],
  ['something else', 'hello'],
  ['nothing', ''],
])('%s is not counted', (_name, line) => {
  expect(readLogLine(line)).toBeUndefined();
});

function framesOf(chunks: readonly string[]): readonly string[] {
  const lines: string[] = [];
  const read = createFrameReader((line) => lines.push(line));
  for (const chunk of chunks) read(Buffer.from(chunk));
  return lines;
}

test('frames are read wherever the stream is cut', () => {
  const stream = '5 hello3 abc10 0123456789';
  for (let cut = 0; cut <= stream.length; cut += 1) {
    expect(framesOf([stream.slice(0, cut), stream.slice(cut)])).toEqual([
      'hello',
      'abc',
      '0123456789',
    ]);
  }
});

test.each(['GET / HTTP/1.1', '99999999 x', '-1 x', '0 x', 'abcdef'])(
  'a stream that begins with %j is refused',
  (text) => {
    expect(() => framesOf([text])).toThrow('not an octet-counted syslog stream');
  },
);
