import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const PART_BYTES = 1024 * 1024;

/** A file as text. With `maxBytes` no more than that is ever read: also of a pipe or a device. */
export function readFile(path: string, maxBytes?: number): string {
  if (maxBytes === undefined) return readFileSync(path, 'utf8');
  const file = openSync(path, 'r');
  try {
    const parts: Buffer[] = [];
    let total = 0;
    for (;;) {
      const part = Buffer.alloc(PART_BYTES);
      const bytes = readSync(file, part);
      if (bytes === 0) return Buffer.concat(parts).toString('utf8');
      parts.push(part.subarray(0, bytes));
      total += bytes;
      if (total > maxBytes) throw tooLong(maxBytes);
    }
  } finally {
    closeSync(file);
  }
}

/** All that a stream gives, as text; no more than `maxBytes` is ever kept. */
export async function readStream(
  stream: AsyncIterable<Buffer | string>,
  maxBytes: number,
): Promise<string> {
  const parts: Buffer[] = [];
  let total = 0;
  for await (const part of stream) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    total += bytes.length;
    if (total > maxBytes) throw tooLong(maxBytes);
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}

function tooLong(maxBytes: number): Error {
  return new Error(`it holds more than ${maxBytes / 1024 ** 2} MiB`);
}
