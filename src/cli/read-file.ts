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
      if (total > maxBytes) throw new Error(`it holds more than ${maxBytes / 1024 ** 2} MiB`);
    }
  } finally {
    closeSync(file);
  }
}
