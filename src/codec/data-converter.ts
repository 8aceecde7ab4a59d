import type { DataConverter } from '@temporalio/common';
import { gzipCodec } from './gzip-codec.ts';

/** For every client and worker: what one of them has written, each of the others must read. */
export const dataConverter: DataConverter = { payloadCodecs: [gzipCodec] };
