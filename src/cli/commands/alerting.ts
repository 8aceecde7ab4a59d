import {
  type PagingNames,
  missingInPaging,
  remarksOnAlerting,
} from '../../domain/alerting/alerting-remarks.ts';
import { type Configuration, readAlerting } from '../../domain/alerting/alerting-file.ts';
import { placesIn } from '../../domain/document/place.ts';
import { type Problem, formatProblem } from '../../domain/document/problem.ts';
import type { DocumentSource } from '../../domain/document/read-document.ts';
import { FAILURES } from '../../domain/failure.ts';
import { requirePaging } from '../../domain/paging/paging-file.ts';
import { alertingSource } from '../alerting-source.ts';
import type { CliDeps } from '../deps.ts';
import { pagingSource } from '../paging-source.ts';
import { renderAlerting } from '../render/alerting.ts';
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

Channels and policies are those of the paging file. These commands read files and connect to
nothing: no running Belay takes alerts in yet.

Example:
  $ belay alerting import alertmanager.yml --out alerting.yaml
  $ belay alerting check alerting.yaml --paging paging.yaml
  $ belay alerting routes show alerting.yaml
  $ belay alerting routes test alerting.yaml alertname=Down severity=page
  $ belay alerting test alerting.test.yaml

Exit status: 0 done; 1 not what was expected (routes test, test); 2 usage, or a file is wrong.
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
    .description('Where alerts go: read, import and test alerting files. Connects to nothing.')
    .addHelpText('after', HELP);
  for (const add of [addCheck, addAlertingImport, addRoutes, addAlertingTest]) {
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
      const checked = check(source, pagingNames(options.paging, deps));
      if (options.json === true) printJson(deps, checked);
      else if (checked.kind === 'valid') {
        deps.out(renderAlerting(checked.configuration, checked.notes));
      } else {
        for (const problem of checked.problems) deps.err(`${formatProblem(problem)}\n`);
      }
      exit(checked.kind === 'valid' ? 0 : FAILURES.AlertingFileInvalid.exit);
    });
};

type Checked =
  | {
      readonly kind: 'valid';
      readonly configuration: Configuration;
      readonly notes: readonly Problem[];
    }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

function check(source: DocumentSource, names: PagingNames | null): Checked {
  const read = readAlerting(source);
  if (read.kind === 'invalid') return read;
  const { configuration } = read;
  const place = placesIn(source);
  const missing = names === null ? [] : missingInPaging(configuration, names);
  if (missing.length > 0) return { kind: 'invalid', problems: missing.map(place) };
  return { kind: 'valid', configuration, notes: remarksOnAlerting(configuration).map(place) };
}

function pagingNames(file: string | undefined, deps: CliDeps): PagingNames | null {
  if (file === undefined) return null;
  const { channels, policies } = requirePaging(pagingSource(file, deps));
  return { channels: Object.keys(channels), policies: Object.keys(policies) };
}
