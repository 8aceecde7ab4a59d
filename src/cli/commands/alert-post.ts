import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Posted } from '../../client/alerts.ts';
import { type PostedAlert, postedProblem } from '../../domain/alerting/alert.ts';
import { readPosted } from '../../domain/alerting/read-posted.ts';
import { FAILURES, Failure } from '../../domain/failure.ts';
import type { CliDeps } from '../deps.ts';
import { renderPosted } from '../render/posted.ts';
import { type AddCommand, printJson, withClient } from './command.ts';
import { type GivenLabels, withAlertLabel, withAnnotation, withLabel } from './label-option.ts';
import { timeOf, zoneHere } from './time-option.ts';

const FILE_MAX_BYTES = 64 * 1024 * 1024;

const HELP = `
It returns when every alert that is not refused is kept: in a workflow, which outlives every
process. A repeat changes nothing, so post again where the answer was lost. An alert that names no
end is over when it is not sent again within resolve_timeout of the alerting file.

Labels are those of amtool: a first one without = is the value of alertname. A FILE is a JSON list
as for POST /api/v2/alerts of Alertmanager:
  [{"labels": {"alertname": "Down", "instance": "db-1"}, "annotations": {"summary": "no answer"},
    "startsAt": "2026-03-01T10:00:00Z", "endsAt": "…", "generatorURL": "https://…"}]

Example:
  $ belay alert post Down instance=db-1 severity=page --annotation summary="no answer"
  $ belay alert post alertname=Down instance=db-1 severity=page --ends 2026-03-01T10:00:00Z
  $ belay alert post --file alerts.json
  $ curl -s http://alertmanager:9093/api/v2/alerts | belay alert post --file -

Exit status: 0 all were accepted; 2 usage, or an alert is wrong; 3 there is no room for one now;
5 Temporal, a worker or the alerting file is missing.
`;

interface Options {
  readonly label?: GivenLabels;
  readonly annotation?: GivenLabels;
  readonly starts?: string;
  readonly ends?: string;
  readonly generatorUrl?: string;
  readonly file?: string;
  readonly json?: boolean;
}

export const addPost: AddCommand = (alert, deps, exit) => {
  const alone = ['label', 'annotation', 'starts', 'ends', 'generatorUrl'];
  alert
    .command('post')
    .argument('[labels...]', 'of the alert: label=value', withAlertLabel)
    .description('Post an alert, or a file of them. Returns when they are kept.')
    .option('--label <name=value>', 'of the alert, any number of times', withLabel)
    .option('--annotation <name=text>', 'for people, any number of times', withAnnotation)
    .option('--starts <time>', 'RFC 3339, or by the clocks here; default: now')
    .option('--ends <time>', 'likewise; one that is past says that it is over')
    .option('--generator-url <url>', 'where it comes from')
    .addOption(
      new Option('--file <file>', 'JSON list of alerts; - is the standard input').conflicts(alone),
    )
    .option('--json', 'JSON instead of text')
    .addHelpText('after', HELP)
    .action(async (given: GivenLabels | readonly never[], options: Options, command: Command) => {
      const alerts = await alertsOf(
        given instanceof Map ? given : undefined,
        options,
        command,
        deps,
      );
      const posted = await withClient(deps, (client) => client.alerts.post(alerts));
      if (options.json === true) printJson(deps, posted);
      else tell(posted, alerts, deps);
      const [first] = posted.refused;
      exit(first === undefined ? 0 : FAILURES[first.code].exit);
    });
};

function tell(posted: Posted, alerts: readonly PostedAlert[], deps: CliDeps): void {
  const { done, refused } = renderPosted(posted, alerts);
  deps.out(done);
  deps.err(refused);
}

async function alertsOf(
  given: GivenLabels | undefined,
  options: Options,
  command: Command,
  deps: CliDeps,
): Promise<readonly PostedAlert[]> {
  const { file } = options;
  if (file === undefined) return [oneAlert(given, options, command)];
  if (given !== undefined) command.error('error: --file has the labels: give none beside it');
  const read = readPosted(await textOf(file, deps));
  if (read.kind === 'valid') return read.alerts;
  throw new Failure(
    'AlertInvalid',
    `${nameOf(file)}, of which nothing has been posted:\n${read.problems.join('\n')}`,
  );
}

async function textOf(file: string, deps: CliDeps): Promise<string> {
  try {
    if (file === '-') return await deps.readInput(FILE_MAX_BYTES);
    return deps.readFile(resolve(deps.cwd, file), FILE_MAX_BYTES);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure('AlertInvalid', `${nameOf(file)} cannot be read: ${why}`);
  }
}

function nameOf(file: string): string {
  return file === '-' ? 'the standard input' : file;
}

function oneAlert(given: GivenLabels | undefined, options: Options, command: Command): PostedAlert {
  const { label, annotation, starts, ends, generatorUrl } = options;
  const twice = [...(label ?? [])].find(([name]) => given?.has(name) === true);
  if (twice !== undefined) command.error(`error: label ${twice[0]} is given twice`);
  const zone = zoneHere();
  const [startsAtMs, endsAtMs] = [
    timeOf(starts, '--starts', zone, command),
    timeOf(ends, '--ends', zone, command),
  ];
  const alert: PostedAlert = {
    labels: Object.fromEntries([...(given ?? []), ...(label ?? [])]),
    ...(annotation === undefined ? {} : { annotations: Object.fromEntries(annotation) }),
    ...(generatorUrl === undefined ? {} : { generatorUrl }),
    ...(startsAtMs === undefined ? {} : { startsAtMs }),
    ...(endsAtMs === undefined ? {} : { endsAtMs }),
  };
  const problem = postedProblem(alert);
  if (problem !== null) command.error(`error: the alert ${problem}`);
  return alert;
}
