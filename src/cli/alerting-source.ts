import { dirname, resolve } from 'node:path';
import { type Configuration, readAlerting } from '../domain/alerting/alerting-file.ts';
import { type Scenarios, readScenarios } from '../domain/alerting/read-scenarios.ts';
import { type Problem, formatProblem } from '../domain/document/problem.ts';
import type { DocumentSource, ReadDocument } from '../domain/document/read-document.ts';
import { Failure } from '../domain/failure.ts';
import type { CliDeps } from './deps.ts';

const FILE_MAX_BYTES = 4 * 1024 * 1024;

/** A file about alerts. Throws `AlertingFileInvalid` where it cannot be read. */
export function alertingSource(file: string, deps: CliDeps): DocumentSource {
  try {
    return { text: deps.readFile(resolve(deps.cwd, file), FILE_MAX_BYTES), file };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure('AlertingFileInvalid', `${file} cannot be read: ${why}`);
  }
}

/** What an alerting file says, or one `AlertingFileInvalid` that lists every problem. */
export function requireAlerting(file: string, deps: CliDeps): Configuration {
  const read = readAlerting(alertingSource(file, deps));
  if (read.kind === 'valid') return read.configuration;
  throw invalid(read.problems);
}

/**
 * A file of scenarios, with the alerting files that it names by their paths from it. One that is not
 * there is a problem like others, so that the next file is played in spite of it.
 */
export function scenariosOf(file: string, deps: CliDeps): ReadDocument<Scenarios> {
  const folder = dirname(resolve(deps.cwd, file));
  try {
    return readScenarios(alertingSource(file, deps), (path) =>
      deps.readFile(resolve(folder, path), FILE_MAX_BYTES),
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const problem = { file, line: 1, column: 1, path: '', message: error.message };
    return { kind: 'invalid', problems: [problem] };
  }
}

export function invalid(problems: readonly Problem[]): Failure {
  return new Failure('AlertingFileInvalid', problems.map(formatProblem).join('\n'));
}
