import { dirname, resolve } from 'node:path';
import { Option } from 'commander';
import { Failure } from '../domain/failure.ts';
import type { PagingSource } from '../domain/paging/paging-file.ts';
import type { CliDeps } from './deps.ts';

const FILE_MAX_BYTES = 4 * 1024 * 1024;

/** `--file`: the paging file, by default the one that BELAY_PAGING names for workers. */
export function pagingOption(deps: CliDeps): Option {
  return new Option('--file <path>', 'the paging file, YAML or JSON').default(
    pagingFileOf(deps),
    'BELAY_PAGING, else paging.yaml',
  );
}

export function pagingFileOf(deps: CliDeps): string {
  const named = deps.variable('BELAY_PAGING');
  return named === undefined || named === '' ? 'paging.yaml' : named;
}

/** A paging file, and the calendars beside it. Throws `PagingFileInvalid` where it cannot be read. */
export function pagingSource(file: string, deps: CliDeps): PagingSource {
  const folder = dirname(resolve(deps.cwd, file));
  return {
    text: readText(file, deps),
    file,
    readFile: (path) => deps.readFile(resolve(folder, path), FILE_MAX_BYTES),
  };
}

export function readText(file: string, deps: CliDeps): string {
  try {
    return deps.readFile(resolve(deps.cwd, file), FILE_MAX_BYTES);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure('PagingFileInvalid', `${file} cannot be read: ${why}`);
  }
}
