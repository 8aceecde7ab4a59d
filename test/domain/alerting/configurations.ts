import { type Configuration, readAlerting } from '../../../src/domain/alerting/alerting-file.ts';
import { formatProblem } from '../../../src/domain/document/problem.ts';

/** A file for tests, read; one that is wrong is a test that is wrong. */
export function configuration(text: string): Configuration {
  const read = readAlerting({ text, file: 'alerting.yaml' });
  if (read.kind === 'valid') return read.configuration;
  throw new Error(read.problems.map(formatProblem).join('\n'));
}
