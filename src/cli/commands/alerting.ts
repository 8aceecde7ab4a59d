import { formatProblem } from '../../domain/document/problem.ts';
import { FAILURES } from '../../domain/failure.ts';
import { alertingSource } from '../alerting-source.ts';
import { checkAlerting, pagingNames } from '../check-alerting.ts';
import { renderAlerting } from '../render/alerting.ts';
import { addApply, addShown } from './alerting-apply.ts';
import { addAlertingImport } from './alerting-import.ts';
import { addRoutes } from './alerting-routes.ts';
import { addAlertingTest } from './alerting-test.ts';
import { type AddCommand, printJson } from './command.ts';

const HELP = `
An alerting file is one tree of routes, with the receivers that it names:
  route:
    receiver: ops
    group_by: [alertname, cluster]
    routes:
      - { matchers: [severity="page"], receiver: night, repeat_interval: 1h }
  receivers:
    ops: { channels: [ops-slack] }
    night: { policy: default }

Channels and policies are those of the paging file. Only apply and show ask a running Belay; the
others read files and connect to nothing.

Example:
  $ belay alerting import alertmanager.yml --out alerting.yaml
  $ belay alerting check alerting.yaml --paging paging.yaml
  $ belay alerting routes show alerting.yaml
  $ belay alerting routes test alerting.yaml alertname=Down severity=page
  $ belay alerting test alerting.test.yaml
  $ belay alerting apply alerting.yaml --paging paging.yaml --why "first routes"

Exit status: 0 done; 1 not what was expected (routes test, test); 2 usage, or a file is wrong;
3 refused now; 5 Temporal or a worker is missing.
`;

const CHECK_HELP = `
A note is hardly meant: routes that no alert gets to, receivers that no route names or that page
nobody, time intervals without a use. Notes change no exit status.

Example:
  $ belay alerting check alerting.yaml
  $ belay alerting check alerting.yaml --paging paging.yaml   also whether its channels exist

Exit status: 0 valid; 2 usage, or the file is wrong.
`;

export const addAlerting: AddCommand = (program, deps, exit) => {
  const alerting = program
    .command('alerting')
    .usage('COMMAND [options]')
    .description('Where alerts go: read, import, test and apply alerting files.')
    .addHelpText('after', HELP);
  for (const add of [addCheck, addAlertingImport, addRoutes, addAlertingTest, addApply, addShown]) {
    add(alerting, deps, exit);
  }
};

const addCheck: AddCommand = (alerting, deps, exit) => {
  alerting
    .command('check')
    .argument('<file>', 'alerting file, YAML or JSON')
    .description('Read an alerting file and say what it means, or everything that is wrong.')
    .option('--paging <file>', 'a paging file, which must have its channels and policies')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', CHECK_HELP)
    .action((file: string, options: { paging?: string; json?: boolean }) => {
      const source = alertingSource(file, deps);
      const checked = checkAlerting(source, pagingNames(options.paging, deps));
      if (options.json === true) printJson(deps, checked);
      else if (checked.kind === 'valid') {
        deps.out(renderAlerting(checked.configuration, checked.notes));
      } else {
        for (const problem of checked.problems) deps.err(`${formatProblem(problem)}\n`);
      }
      exit(checked.kind === 'valid' ? 0 : FAILURES.AlertingFileInvalid.exit);
    });
};
