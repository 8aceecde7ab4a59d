import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readFile, readStream } from '../../src/cli/read-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'belay-read-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a file is read as it is, also one of several parts and of letters of several bytes', () => {
  const path = join(folder, 'long');
  const text = 'ä€'.repeat(500_000);
  writeFileSync(path, text);
  expect(readFile(path)).toBe(text);
  expect(readFile(path, 3_000_000)).toBe(text);
});

test('a longer one is refused, and a device without an end is not read for ever', () => {
  const path = join(folder, 'longer');
  writeFileSync(path, 'x'.repeat(2 * 1024 * 1024));
  expect(() => readFile(path, 1024 * 1024)).toThrow('it holds more than 1 MiB');
  expect(() => readFile('/dev/zero', 4 * 1024 * 1024)).toThrow('it holds more than 4 MiB');
});

test('a stream is read whole, and a longer one is refused before it ends', async () => {
  let given = 0;
  async function* parts(count: number) {
    while (given < count) {
      given += 1;
      yield given % 2 === 0 ? 'é' : Buffer.from('é');
    }
  }
  expect(await readStream(parts(3), 6)).toBe('ééé');
  given = 0;
  await expect(readStream(parts(1000), 5)).rejects.toThrow('it holds more than');
  expect(given).toBe(3);
});
