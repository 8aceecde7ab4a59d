import { resolve } from 'node:path';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { importAlertmanager } from '../../domain/alerting/alertmanager-import.ts';
import { formatProblem } from '../../domain/document/problem.ts';
import { alertingSource, invalid } from '../alerting-source.ts';
import type { CliDeps } from '../deps.ts';
import { type AddCommand, printJson } from './command.ts';

const HELP = `
The alerting file goes to the standard output, or to FILE, which must not exist yet. What cannot
carry over, or means something else now, is listed on the standard error with its place. Each
integration becomes the name of a channel that the paging file has to have; secrets and addresses
are not repeated.

Example:
  $ belay alerting import alertmanager.yml > alerting.yaml
  $ belay alerting import alertmanager.yml --out alerting.yaml

Exit status: 0 imported, also where something could not carry over; 2 usage, the configuration
cannot be read or is wrong, or FILE cannot be written.
`;

interface Options {
  readonly out?: string;
  readonly json?: boolean;
}

export const addAlertingImport: AddCommand = (alerting, deps, exit) => {
  alerting
    .command('import')
    .argument('<alertmanager-file>', "Alertmanager's configuration, as it is")
    .description("Make an alerting file of Alertmanager's configuration, and list what is left.")
    .option('--out <file>', 'write the alerting file there; it must not exist')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', HELP)
    .action((file: string, options: Options, command: Command) => {
      importFile(file, options, command, deps);
      exit(0);
    });
};

function importFile(file: string, { out, json }: Options, command: Command, deps: CliDeps): void {
  const read = importAlertmanager(alertingSource(file, deps));
  if (read.kind === 'invalid') throw invalid(read.problems);
  const { document, channels } = read;
  const left = read.left.toSorted(
    (one, other) => one.line - other.line || one.column - other.column,
  );
  const yaml = stringify(document, { aliasDuplicateObjects: false });
  if (out !== undefined) write(out, yaml, command, deps);
  if (json === true) return printJson(deps, { document, channels, left });
  if (out === undefined) deps.out(yaml);
  for (const one of left) deps.err(`${formatProblem(one)}\n`);
  deps.err(`${left.length === 0 ? 'everything carried over' : `${left.length} to look at`}\n`);
}

function write(out: string, text: string, command: Command, deps: CliDeps): void {
  try {
    deps.writeNewFile(resolve(deps.cwd, out), text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    command.error(`error: ${out} cannot be written: ${why}`);
  }
}
