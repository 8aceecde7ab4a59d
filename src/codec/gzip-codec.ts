import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { type Payload, type PayloadCodec, ValueError } from '@temporalio/common';
import proto from '@temporalio/proto';

/** What is not larger stays as it is, so that it can be read in Temporal's UI. */
export const READABLE_MAX_BYTES = 16 * 1024;

/** Of a payload that is compressed, before it is: more is neither packed nor unpacked. */
export const RAW_MAX_BYTES = 4 * 1024 * 1024;

/** As in Temporal's own samples, so that their tools unpack it as well. */
const ENCODING = 'binary/gzip';

const PayloadMessage = proto.temporal.api.common.v1.Payload;

// Both work in threads of their own: a worker or a client answers meanwhile.
const packed = promisify(gzip);
const unpacked = promisify(gunzip);

/**
 * Compresses large payloads on their way to Temporal: `data` is then the whole payload as protobuf,
 * gzipped. One that is small, does not get smaller or is too large to be unpacked stays as it is, and
 * so does one of an encoding that is not ours. Throws a `ValueError` for what says that it is
 * compressed and cannot be unpacked, or only to more than `RAW_MAX_BYTES`.
 */
export const gzipCodec: PayloadCodec = {
  encode: (payloads) => Promise.all(payloads.map(compress)),
  decode: (payloads) => Promise.all(payloads.map(decompress)),
};

async function compress(payload: Payload): Promise<Payload> {
  const size = payload.data?.length ?? 0;
  if (size <= READABLE_MAX_BYTES || isCompressed(payload)) return payload;
  const raw = PayloadMessage.encode(payload).finish();
  if (raw.length > RAW_MAX_BYTES) return payload;
  const data = await packed(raw);
  return data.length < size ? { metadata: { encoding: Buffer.from(ENCODING) }, data } : payload;
}

async function decompress(payload: Payload): Promise<Payload> {
  if (!isCompressed(payload)) return payload;
  try {
    const raw = await unpacked(payload.data ?? Buffer.alloc(0), { maxOutputLength: RAW_MAX_BYTES });
    return PayloadMessage.decode(raw);
  } catch (error) {
    throw new ValueError(`a payload of the encoding ${ENCODING} ${wrongWith(error)}`, error);
  }
}

function isCompressed({ metadata }: Payload): boolean {
  const encoding = metadata?.['encoding'];
  return encoding != null && Buffer.from(encoding).toString() === ENCODING;
}

function wrongWith(error: unknown): string {
  if (error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
    return `has more than ${RAW_MAX_BYTES} bytes when unpacked`;
  }
  return `cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`;
}
