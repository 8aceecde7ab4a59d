import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Payload, ValueError, defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RAW_MAX_BYTES, READABLE_MAX_BYTES, gzipCodec } from '../../src/codec/gzip-codec.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;
const MB = 1024 * 1024;

const encodingOf = ({ metadata }: Payload): string =>
  Buffer.from(metadata?.['encoding'] ?? []).toString();

const plain = (data: Uint8Array): Payload => ({
  metadata: { encoding: Buffer.from('binary/plain') },
  data,
});

const gzipped = (data: Uint8Array): Payload => ({
  metadata: { encoding: Buffer.from('binary/gzip') },
  data,
});

const alerts = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    labels: { alertname: 'HighLatency', instance: `10.0.0.${at}:9100`, service: 'checkout' },
    startsAtMs: 1_790_000_000_000 + at,
  }));

async function encoded(payload: Payload): Promise<Payload> {
  const [one] = await gzipCodec.encode([payload]);
  if (one === undefined) throw new Error('a payload is missing');
  return one;
}

async function decoded(payload: Payload): Promise<Payload> {
  const [one] = await gzipCodec.decode([payload]);
  if (one === undefined) throw new Error('a payload is missing');
  return one;
}

describe('compressing', () => {
  test('a batch of alerts comes back as it was, and is much smaller meanwhile', async () => {
    const value = alerts(1000);
    const payload = defaultPayloadConverter.toPayload(value);
    const small = await encoded(payload);
    expect(encodingOf(small)).toBe('binary/gzip');
    expect(small.data?.length).toBeLessThan((payload.data?.length ?? 0) / 8);
    expect(defaultPayloadConverter.fromPayload(await decoded(small))).toEqual(value);
  });

  test('the whole payload is inside, as protobuf', async () => {
    const payload = {
      ...plain(Buffer.alloc(MB)),
      metadata: { encoding: Buffer.from('x'), a: Buffer.from('b') },
    };
    const { data } = await encoded(payload);
    const { metadata, data: inner } = PayloadMessage.decode(gunzipSync(data ?? ''));
    expect(String(metadata['encoding'])).toBe('x');
    expect(String(metadata['a'])).toBe('b');
    expect(inner.length).toBe(MB);
  });

  test.each([
    ['of no bytes', plain(Buffer.alloc(0))],
    ['without data', { metadata: { encoding: Buffer.from('binary/null') } }],
    ['without anything', {}],
    ['of exactly 16 KB', plain(Buffer.alloc(READABLE_MAX_BYTES))],
    ['that does not get smaller', plain(randomBytes(MB))],
    ['that is too large to be unpacked', plain(Buffer.alloc(RAW_MAX_BYTES))],
    ['that is compressed', gzipped(Buffer.alloc(MB))],
  ])('a payload %s stays as it is', async (_what, payload) => {
    expect(await encoded(payload)).toBe(payload);
  });

  test('one byte more than 16 KB is compressed', async () => {
    const small = await encoded(plain(Buffer.alloc(READABLE_MAX_BYTES + 1)));
    expect(encodingOf(small)).toBe('binary/gzip');
  });

  test('the largest that is packed is unpacked', async () => {
    const head = PayloadMessage.encode(plain(Buffer.alloc(3 * MB))).finish().length - 3 * MB;
    const payload = plain(Buffer.alloc(RAW_MAX_BYTES - head));
    const small = await encoded(payload);
    expect(encodingOf(small)).toBe('binary/gzip');
    expect((await decoded(small)).data?.length).toBe(payload.data?.length);
    const more = plain(Buffer.alloc(RAW_MAX_BYTES - head + 1));
    expect(await encoded(more)).toBe(more);
  });

  test('each payload keeps its place', async () => {
    const all = [
      plain(Buffer.alloc(MB, 'a')),
      plain(Buffer.from('b')),
      plain(Buffer.alloc(MB, 'c')),
    ];
    const there = await gzipCodec.encode(all);
    expect(there.map(encodingOf)).toEqual(['binary/gzip', 'binary/plain', 'binary/gzip']);
    const back = await gzipCodec.decode(there);
    expect(back.map(({ data }) => String.fromCharCode(data?.[0] ?? 0))).toEqual(['a', 'b', 'c']);
    expect(await gzipCodec.encode([])).toEqual([]);
    expect(await gzipCodec.decode([])).toEqual([]);
  });

  test('twice is once, both ways', async () => {
    const small = await encoded(plain(Buffer.alloc(MB)));
    expect(await encoded(small)).toBe(small);
    const large = await decoded(small);
    expect(await decoded(large)).toBe(large);
  });

  test('any value comes back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.integer({ min: 1, max: 40_000 }),
        async (value, times) => {
          const sent = { value, padding: 'ü'.repeat(times) };
          const payload = defaultPayloadConverter.toPayload(sent);
          const back = await decoded(await encoded(payload));
          // Zeros have no sign in JSON.
          expect(JSON.stringify(defaultPayloadConverter.fromPayload(back))).toBe(
            JSON.stringify(sent),
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('what does not come from us', () => {
  test.each([
    [
      'of another encoding',
      { metadata: { encoding: Buffer.from('binary/zstd') }, data: gzipSync('x') },
    ],
    ['of no encoding', { data: gzipSync('x') }],
    ['without metadata', { metadata: null, data: gzipSync('x') }],
  ])('a payload %s is left alone', async (_what, payload) => {
    expect(await decoded(payload)).toBe(payload);
  });

  test('a bomb is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * MB));
    expect(bomb.length).toBeLessThan(READABLE_MAX_BYTES * 5);
    await expect(decoded(gzipped(bomb))).rejects.toThrow(
      'a payload of the encoding binary/gzip has more than 4194304 bytes when unpacked',
    );
  });

  test('several that are small each are one that is too large', async () => {
    const half = gzipSync(Buffer.alloc(RAW_MAX_BYTES / 2 + 1));
    await expect(decoded(gzipped(Buffer.concat([half, half])))).rejects.toThrow(
      /more than 4194304/,
    );
  });

  test('of one inside another only the outer is unpacked', async () => {
    const inner = gzipped(Buffer.from('whatever'));
    const outer = gzipped(gzipSync(PayloadMessage.encode(inner).finish()));
    expect(encodingOf(await decoded(outer))).toBe('binary/gzip');
  });

  const whole = gzipSync(PayloadMessage.encode(plain(Buffer.from('hello'))).finish());
  test.each([
    ['nothing', Buffer.alloc(0), /unexpected end of file/],
    ['a text', Buffer.from('{"labels":{}}'), /incorrect header check/],
    ['a part of it', whole.subarray(0, -9), /unexpected end of file/],
    [
      'another sum',
      Buffer.concat([whole.subarray(0, -8), Buffer.alloc(8)]),
      /incorrect data check/,
    ],
    ['no protobuf', gzipSync(Buffer.alloc(40, 0xff)), /cannot be unpacked: ./],
  ])('%s in the place of gzip is a clear error', async (_what, data, why) => {
    const failed = await decoded(gzipped(data)).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ValueError);
    expect(failed).toMatchObject({
      message: expect.stringMatching(
        /^a payload of the encoding binary\/gzip cannot be unpacked: /,
      ),
    });
    expect(failed).toMatchObject({ message: expect.stringMatching(why) });
  });

  test('any bytes are an error or a payload, and never anything else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, isGzip) => {
        const answer = await decoded(gzipped(isGzip ? gzipSync(bytes) : bytes)).catch(
          (error: unknown) => error,
        );
        const name = answer instanceof Error ? answer.name : 'a payload';
        expect(['ValueError', 'a payload']).toContain(name);
      }),
      { numRuns: 200 },
    );
  });
});
