import { runScenarios } from '../../domain/alerting/run-scenario.ts';
import { changesAt, isIn } from '../../domain/alerting/time-interval.ts';
import { formatProblem } from '../../domain/document/problem.ts';
import { FAILURES } from '../../domain/failure.ts';
import { scenariosOf } from '../alerting-source.ts';
import type { CliDeps } from '../deps.ts';
import { type PlayedFile, renderPlayed } from '../render/alerting.ts';
import { createStyle } from '../render/style.ts';
import { type AddCommand, printJson } from './command.ts';

const HELP = `
A file of scenarios names an alerting file by its path from itself, and says what happens when:
  alerting: alerting.yaml
  scenarios:
    - name: a page, and its end
      until: 1h
      steps:
        - { at: 0s, fire: [{ labels: { alertname: Down, severity: page }, for: 10m }] }
      expect:
        - { at: 30s, to: policy/default, firing: [{ alertname: Down, severity: page }] }
        - { at: 10m30s, to: policy/default, reason: all_resolved }

A step does one thing: fire, resolve, silence, expire, beat, reload or fail. All pages that come
must be expected, and no other. Time is virtual: hours take no time, and nobody is paged.

Example:
  $ belay alerting test alerting.test.yaml
  $ belay alerting test scenarios/*.yaml --json

Exit status: 0 all as expected; 1 a scenario differs; 2 usage, or a file is wrong.
`;

export const addAlertingTest: AddCommand = (alerting, deps, exit) => {
  alerting
    .command('test')
    .argument('<scenario-files...>', 'files of scenarios, YAML or JSON')
    .description('Play scenarios of alerts in virtual time, and say who is paged otherwise.')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', HELP)
    .action((names: readonly string[], options: { json?: boolean }) => {
      const files = names.map((file) => played(file, deps));
      if (options.json === true) printJson(deps, { files });
      else {
        deps.out(renderPlayed(files, createStyle(deps.colors)));
        for (const one of files) {
          if (one.kind === 'played') continue;
          for (const problem of one.problems) deps.err(`${formatProblem(problem)}\n`);
        }
      }
      exit(statusOf(files));
    });
};

function played(file: string, deps: CliDeps): PlayedFile {
  const read = scenariosOf(file, deps);
  if (read.kind === 'invalid') return { kind: 'invalid', file, problems: read.problems };
  return { kind: 'played', file, results: runScenarios(read.value, { isIn, changesAt }) };
}

function statusOf(files: readonly PlayedFile[]): number {
  if (files.some(({ kind }) => kind === 'invalid')) return FAILURES.AlertingFileInvalid.exit;
  const hasAllPassed = files.every(
    (one) => one.kind === 'played' && one.results.every(({ hasPassed }) => hasPassed),
  );
  return hasAllPassed ? 0 : 1;
}
