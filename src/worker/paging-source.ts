import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { type Paging, requirePaging } from '../domain/paging/paging-file.ts';
import type { PagingDeps } from '../activities/paging-deps.ts';

type Read = ReturnType<PagingDeps['paging']['read']>;

/** How many bytes of a paging file are read; the reader itself takes 2 MiB of characters. */
const FILE_MAX_BYTES = 8 * 1024 * 1024;

/**
 * The paging file of a worker, read again when it has changed. One that has been broken since does
 * not count: what it said before goes on, and one line says so.
 */
export function createPagingSource(
  file: string | undefined,
  write: (line: string) => unknown,
): { read(): Read } {
  let paging: Paging | undefined;
  let seen = '';
  let why = 'the worker has no paging file: BELAY_PAGING names it';

  function readAgain(path: string): void {
    const { mtimeMs, size, ino } = statSync(path);
    const stamp = `${mtimeMs}/${size}/${ino}`;
    if (stamp === seen) return;
    if (size > FILE_MAX_BYTES) throw new Failure('PagingFileInvalid', `${path} is too long`);
    const readFile = (name: string): string => readFileSync(resolve(dirname(path), name), 'utf8');
    paging = requirePaging({ text: readFile(path), file: path, readFile });
    seen = stamp;
    why = '';
  }

  return {
    read() {
      if (file !== undefined) {
        try {
          readAgain(file);
        } catch (error) {
          const problem = error instanceof Error ? error.message : String(error);
          if (problem !== why) write(`${JSON.stringify({ kind: 'paging_file', problem })}\n`);
          why = problem;
        }
      }
      if (paging !== undefined) return { kind: 'usable', paging };
      return { kind: 'unusable', why: `no policy can be read: ${why}` };
    },
  };
}
