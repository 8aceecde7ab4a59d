import { randomUUID } from 'node:crypto';
import { formatProblem } from '../../domain/document/problem.ts';
import { alertingSource, invalid } from '../alerting-source.ts';
import { checkAlerting, pagingNames } from '../check-alerting.ts';
import { renderConfigured, renderShown } from '../render/alerting-shown.ts';
import { type Asking, addAsking, repeatable, requestOf } from './asking.ts';
import { type AddCommand, example, printJson, withClient } from './command.ts';

const APPLY_HELP = `
The file is checked first, as by \`belay alerting check\`; one that is wrong changes nothing. It
returns when every shard goes by it. Groups are handed over: nothing is paged anew, nothing is
forgotten. The first file begins the shards.

Example:
  $ belay alerting apply alerting.yaml --paging paging.yaml --why "route for the data team"

Exit status: 0 done; 2 usage, or the file is wrong; 3 refused now; 5 Temporal or a worker is missing.
`;

interface Options extends Asking {
  readonly paging?: string;
  readonly json?: boolean;
}

export const addApply: AddCommand = (alerting, deps, exit) => {
  const command = alerting
    .command('apply')
    .argument('<file>', 'alerting file, YAML or JSON')
    .description('Make this the alerting file that all alerts go by.')
    .option('--paging <file>', 'a paging file, which must have its channels and policies')
    .addHelpText('after', APPLY_HELP);
  addAsking(command)
    .option('--json', 'JSON instead of text')
    .action(async (file: string, options: Options) => {
      const request = { requestId: randomUUID(), ...requestOf(command, options, deps.user) };
      const source = alertingSource(file, deps);
      const checked = checkAlerting(source, pagingNames(options.paging, deps));
      if (checked.kind === 'invalid') throw invalid(checked.problems);
      const { version } = await withClient(deps, (client) =>
        repeatable(request.requestId, () =>
          client.alerts.configure({ ...request, alerting: source }),
        ),
      );
      const { notes } = checked;
      if (options.json === true) printJson(deps, { version, notes });
      else deps.out(renderConfigured(version, notes.map(formatProblem)));
      exit(0);
    });
};

export const addShown: AddCommand = (alerting, deps, exit) => {
  alerting
    .command('show')
    .description('The alerting file that alerts go by now, who applied it, and why.')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', example('belay alerting show'))
    .action(async ({ json }: Options) => {
      const view = await withClient(deps, (client) => client.alerts.show());
      if (json === true) printJson(deps, view);
      else deps.out(renderShown(view, deps.now()));
      exit(0);
    });
};
