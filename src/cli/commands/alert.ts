import { type Command, InvalidArgumentError, Option } from 'commander';
import { SHOWN_BY_DEFAULT, listedOf } from '../../domain/alerting/listed-alerts.ts';
import type { CliDeps } from '../deps.ts';
import { renderAlerts, renderGroups } from '../render/alerts.ts';
import { createStyle } from '../render/style.ts';
import { addPost } from './alert-post.ts';
import { type AddCommand, example, printJson, withClient } from './command.ts';
import { matchersOf } from './matchers-argument.ts';

const HELP = `
Alerts go where the alerting file says (\`belay alerting apply\`). What is accepted is kept: it
outlives every process.

With BELAY_ALERT_STORE, the workers' store of last messages, post and beat only note there what is no
news; without it each of them reaches a workflow.

Example:
  $ belay alert post Down instance=db-1 severity=page --annotation summary="no answer"
  $ belay alert post --file alerts.json
  $ belay alert list
  $ belay alert list severity=page --silenced
  $ belay alert beat prometheus

Exit status: 0 done; 2 usage, or an alert is wrong; 3 refused now: there is no room; 4 not found;
5 Temporal, a worker or the alerting file is missing.
`;

const LIST_HELP = `
Matchers are those of amtool: label=value, !=, =~ and !~; a first one without a sign is the value
of alertname. An alert that is paged in two places is in two groups, and listed twice.

  firing     it is paged, or will be when its group is next looked at
  silenced   a silence holds it back (belay silence list)
  inhibited  another alert that fires explains it
  muted      its route pages nobody at this time
  ended      it is over, and its end may still have to be told

Example:
  $ belay alert list
  $ belay alert list alertname=~"Disk.*" team!=data --firing
  $ belay alert list --group-by-group --all
`;

/** Alerts: post them, look at them, and give the signal of a heartbeat. */
export const addAlert: AddCommand = (program, deps, exit) => {
  const alert = program
    .command('alert')
    .usage('COMMAND [options]')
    .description('Post alerts, and see which fire, which are held back, and who is paged when.')
    .addHelpText('after', HELP);
  for (const add of [addPost, addList, addBeat]) add(alert, deps, exit);
};

interface ListOptions {
  readonly firing?: boolean;
  readonly silenced?: boolean;
  readonly inhibited?: boolean;
  readonly muted?: boolean;
  readonly all?: boolean;
  readonly groupByGroup?: boolean;
  readonly limit?: number;
  readonly json?: boolean;
}

const addList: AddCommand = (alert, deps, exit) => {
  alert
    .command('list')
    .argument('[matchers...]', 'only alerts that all of these match')
    .description('Alerts that have not ended, and how each stands.')
    .option('--firing', 'those that nothing holds back; these options can be combined')
    .option('--silenced', 'those that a silence holds back')
    .option('--inhibited', 'those that another alert holds back')
    .option('--muted', 'those that the time of day or week holds back')
    .addOption(
      new Option('--all', 'also those that have ended').conflicts([
        ...['firing', 'silenced', 'inhibited', 'muted'],
      ]),
    )
    .option('--group-by-group', 'under the group that is paged as one')
    .addOption(
      new Option(
        '--limit <n>',
        'groups of a shard, and alerts of a group, to ask for at most',
      ).argParser(limitOf),
    )
    .option('--json', 'JSON instead of text')
    .addHelpText('after', LIST_HELP)
    .action(async (written: readonly string[], options: ListOptions, command: Command) => {
      await list(written, options, command, deps);
      exit(0);
    });
};

async function list(
  written: readonly string[],
  options: ListOptions,
  command: Command,
  deps: CliDeps,
): Promise<void> {
  const { limit, json, groupByGroup } = options;
  const matchers = matchersOf(written, command, deps);
  const shards = await withClient(deps, (client) =>
    client.alerts.shards(limit === undefined ? {} : { limit }),
  );
  const listed = listedOf(shards, matchers, statesOf(options));
  if (json === true) return printJson(deps, listed);
  const render = groupByGroup === true ? renderGroups : renderAlerts;
  deps.out(render(listed, deps.now(), createStyle(deps.colors), deps.columns));
}

function statesOf({ all, firing, silenced, inhibited, muted }: ListOptions) {
  if (all === true) return [...SHOWN_BY_DEFAULT, 'ended'] as const;
  const asked = { firing, silenced, inhibited, muted, ended: false };
  const some = SHOWN_BY_DEFAULT.filter((state) => asked[state] === true);
  return some.length === 0 ? SHOWN_BY_DEFAULT : some;
}

const LIMIT_MAX = 100_000;

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new InvalidArgumentError(`It is a number from 1 to ${LIMIT_MAX}.`);
}

const addBeat: AddCommand = (alert, deps, exit) => {
  alert
    .command('beat')
    .argument('<name>', 'of the heartbeat in the alerting file')
    .description('Say that a heartbeat is alive: without this in time, its absence is an alert.')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', example('belay alert beat nightly-backup'))
    .action(async (name: string, { json }: { readonly json?: boolean }) => {
      await withClient(deps, (client) => client.alerts.beat(name));
      if (json === true) printJson(deps, { heartbeat: name, isTaken: true });
      else deps.out('taken: its time begins anew\n');
      exit(0);
    });
};
