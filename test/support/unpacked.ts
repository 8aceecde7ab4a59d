import type { Payload } from '@temporalio/common';
import { gzipCodec } from '../../src/codec/gzip-codec.ts';

/**
 * What Temporal has of a workflow, with each of its payloads as it was before it was compressed:
 * whoever looks for a text, or keeps a history to be read, would not find it otherwise.
 */
export async function unpacked<T extends object>(value: T): Promise<T> {
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner !== 'object' || inner === null || inner instanceof Uint8Array) continue;
    const [payload] = isPayload(inner) ? await gzipCodec.decode([inner]) : [await unpacked(inner)];
    Object.assign(value, { [name]: payload });
  }
  return value;
}

function isPayload(value: object): value is Payload {
  return 'metadata' in value && 'data' in value;
}
