import { type LintProblem, lintPaging } from '../../domain/paging/lint/lint-paging.ts';
import { pagingFileOf, pagingSource } from '../paging-source.ts';
import { renderLint } from '../render/lint.ts';
import { type AddCommand, printJson } from './command.ts';

const HELP = `
An error is somebody who is meant to be paged and is not: levels that are never reached or reach
nobody, people without a contact, times at which no level has anybody, and whatever the file cannot
be read for. A warning is hardly meant: gaps in a schedule, rules that come too late, channels that
nothing uses. Schedules are looked through for 90 days from now.

Example:
  $ belay escalation lint
  $ belay escalation lint paging.yaml --strict      in a build, before it is rolled out

Exit status: 0 nothing to mend; 1 errors, with --strict also warnings; 2 usage, or no such file.
`;

export const addLint: AddCommand = (escalation, deps, exit) => {
  escalation
    .command('lint')
    .argument('[file]', 'the paging file, YAML or JSON (default: BELAY_PAGING, else paging.yaml)')
    .description('Whom the policies of a paging file would not page, and where to mend it.')
    .option('--strict', 'warnings count as errors')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', HELP)
    .action((file: string | undefined, options: { strict?: boolean; json?: boolean }) => {
      const source = pagingSource(file ?? pagingFileOf(deps), deps);
      const problems = lintPaging(source, deps.now());
      const [errors, warnings] = [count(problems, 'error'), count(problems, 'warning')];
      if (options.json === true) printJson(deps, { file: source.file, errors, warnings, problems });
      else deps.out(renderLint(source.file, problems));
      exit(errors > 0 || (options.strict === true && warnings > 0) ? 1 : 0);
    });
};

function count(problems: readonly LintProblem[], severity: LintProblem['severity']): number {
  return problems.filter((one) => one.severity === severity).length;
}
