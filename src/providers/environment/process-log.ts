import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** An instance begins with a new log where the old one has grown so large; one old one is kept. */
const LOG_MAX_BYTES = 10 * 1024 * 1024;
const OLD = '.old';

/** How long a person may look for why a version that has been removed failed. */
const KEPT_MS = 7 * 86_400_000;
const TAIL_BYTES = 1024;

/** Opens the log of an instance that is about to start. Whatever still writes to it goes on. */
export function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_MAX_BYTES) renameSync(file, `${file}${OLD}`);
  return openSync(file, 'a');
}

/** The end of what an instance has printed. */
export function tailOf(file: string): string {
  const opened = openSync(file, 'r');
  try {
    const { size } = fstatSync(opened);
    const length = Math.min(size, TAIL_BYTES);
    const bytes = Buffer.alloc(length);
    readSync(opened, bytes, 0, length, size - length);
    return bytes.toString('utf8').trim() || '(nothing)';
  } finally {
    closeSync(opened);
  }
}

/** Removes the logs in a folder that nobody has written to for a week, but none of those named. */
export function forgetOldLogs(folder: string, inUse: ReadonlySet<string>): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (inUse.has(name.endsWith(OLD) ? file.slice(0, -OLD.length) : file)) continue;
    const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (written < Date.now() - KEPT_MS) rmSync(file, { force: true });
  }
}
