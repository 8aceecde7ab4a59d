import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { type Paging, requirePaging } from '../domain/paging/paging-file.ts';
import type { PagingDeps } from '../activities/paging-deps.ts';

type Read = ReturnType<PagingDeps['paging']['read']>;

/** How many bytes of a paging file are read; the reader itself takes 2 MiB of characters. */
const FILE_MAX_BYTES = 8 * 1024 * 1024;

/**
 * The paging file of a worker, read again when it or a calendar that it names has changed. One that
 * has been broken since does not count: what it said before goes on, and one line says so.
 */
export function createPagingSource(
  file: string | undefined,
  write: (line: string) => unknown,
): { read(): Read } {
  let paging: Paging | undefined;
  /** As they were when they were read. */
  let seen: ReadonlyMap<string, string> = new Map();
  /** What is wrong with them: a page does not wait for them to be read again and again. */
  let flaw: unknown;
  let why = 'the worker has no paging file: BELAY_PAGING names it';

  function readAgain(path: string): void {
    if (seen.size > 0 && [...seen].every(([name, stamp]) => stampOf(name) === stamp)) {
      if (flaw !== undefined) throw flaw;
      return;
    }
    const stamps = new Map<string, string>();
    const readFile = (name: string): string => {
      const whole = resolve(dirname(path), name);
      // Before it is read: what changes meanwhile is read once more.
      stamps.set(whole, stampOf(whole));
      return readFileSync(whole, 'utf8');
    };
    if (statSync(path).size > FILE_MAX_BYTES) {
      throw new Failure('PagingFileInvalid', `${path} is too long`);
    }
    try {
      paging = requirePaging({ text: readFile(resolve(path)), file: path, readFile });
      flaw = undefined;
      why = '';
    } catch (error) {
      flaw = error;
      throw error;
    } finally {
      seen = stamps;
    }
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

/** Another one where a file has changed; that it is not there is one as well. */
function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'not there';
  // The last of these changes also where somebody may read it who could not before.
  return [found.mtimeMs, found.size, found.ino, found.ctimeMs].join('/');
}
