import { formatProblem } from '../../domain/document/problem.ts';
import { FAILURES } from '../../domain/failure.ts';
import { readRelease } from '../../domain/release/release-file.ts';
import { renderSummary } from '../render/release-summary.ts';
import { readSource } from './deploy.ts';
import { type AddCommand, example, printJson } from './command.ts';

export const addValidate: AddCommand = (program, deps, exit) => {
  program
    .command('validate')
    .argument('<file>', 'release file, YAML or JSON')
    .description('Read a release file and say what it means, or where it is wrong. Starts nothing.')
    .option('--version <version>', 'the version to release; wins over the one in the file')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', example('belay validate release.yaml'))
    .action((file: string, options: { version?: string; json?: boolean }) => {
      const read = readRelease(readSource(file, options.version, deps));
      if (options.json === true) printJson(deps, read);
      if (read.kind === 'valid') {
        if (options.json !== true) deps.out(renderSummary(read.spec, read.remarks));
        return exit(0);
      }
      if (options.json !== true) {
        for (const problem of read.problems) deps.err(`${formatProblem(problem)}\n`);
      }
      exit(FAILURES.ReleaseFileInvalid.exit);
    });
};
