import type { Command } from 'commander';
import { nearest } from '../../domain/document/nearest.ts';
import { FAILURES } from '../../domain/failure.ts';
import { addressProblem } from '../../domain/paging/address.ts';
import type { ChannelSpec } from '../../domain/paging/channel.schema.ts';
import { type Paging, requirePaging } from '../../domain/paging/paging-file.ts';
import { secretsOf } from '../../domain/paging/secrets-of.ts';
import type { CliDeps } from '../deps.ts';
import { pagingOption, pagingSource } from '../paging-source.ts';
import { renderChannels, renderTrial } from '../render/channel.ts';
import { type AddCommand, printJson } from './command.ts';

const HELP = `
A test asks the provider, then sends a page that says it is a test, and its end. Secrets are read
where the command runs: run it where a worker runs, with its environment. None is ever printed.

Example:
  $ belay channel list
  $ belay channel test ops-slack
  $ belay channel test ops-mail --person ada      to the address that ada has there
  $ belay channel test pager --check              sends nothing

Exit status: 0 done; 1 the channel did not take it; 2 usage or paging file.
`;

export const addChannel: AddCommand = (program, deps, exit) => {
  const channel = program
    .command('channel')
    .usage('COMMAND [options]')
    .description('Ways to reach people: which there are, and whether a page would arrive.')
    .addHelpText('after', HELP);
  for (const add of [addList, addTest]) add(channel, deps, exit);
};

const addList: AddCommand = (channel, deps, exit) => {
  channel
    .command('list')
    .description('Every channel: its fallback, its budget, and where its secrets are to be.')
    .addOption(pagingOption(deps))
    .option('--json', 'JSON instead of text')
    .action(async ({ file, json }: { file: string; json?: boolean }) => {
      const { channels } = requirePaging(pagingSource(file, deps));
      const { channelCan } = await import('../../worker/try-channel.ts');
      const listed = Object.entries(channels).map(([name, spec]) => ({
        name,
        type: spec.type,
        fallback: spec.fallback ?? null,
        rate: spec.rate,
        can: channelCan(name, spec),
        secrets: secretsOf(spec),
      }));
      if (json === true) printJson(deps, listed);
      else deps.out(renderChannels(listed));
      exit(0);
    });
};

interface Options {
  readonly file: string;
  readonly to?: string;
  readonly person?: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

const addTest: AddCommand = (channel, deps, exit) => {
  channel
    .command('test')
    .argument('<name>', 'of the channel in the paging file')
    .description('Ask the provider, then send a test page and its end.')
    .addOption(pagingOption(deps))
    .option('--to <address>', 'within the channel; default: where the channel goes by itself')
    .option('--person <name>', 'to the address that they have in this channel')
    .option('--check', 'only ask the provider; send nothing')
    .option('--json', 'JSON instead of text')
    .action(async (name: string, options: Options, command: Command) => {
      const paging = requirePaging(pagingSource(options.file, deps));
      const spec = find(paging, name, options.file, command);
      const to = addressOf(paging, name, spec, options, command);
      const { tryChannel } = await import('../../worker/try-channel.ts');
      const steps = await tryChannel(
        {
          ...{ name, spec, to, who: options.person },
          extent: options.check === true ? 'check' : 'page',
          nowMs: deps.now(),
        },
        placesOf(deps, options),
      );
      if (options.json === true) printJson(deps, { channel: name, type: spec.type, steps });
      else deps.out(renderTrial(name, steps));
      const failed = steps.find((step) => step.outcome === 'failed');
      exit(failed === undefined ? 0 : FAILURES[failed.code].exit);
    });
};

/** With JSON, a channel that writes lines writes them beside it. */
function placesOf(deps: CliDeps, { json }: Options) {
  return {
    secret: (variable: string) => deps.variable(variable),
    write: json === true ? deps.err : deps.out,
  };
}

function find({ channels }: Paging, name: string, file: string, command: Command): ChannelSpec {
  const spec = Object.hasOwn(channels, name) ? channels[name] : undefined;
  if (spec !== undefined) return spec;
  const known = Object.keys(channels);
  const near = nearest(name, known);
  const hint = near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}?`;
  return command.error(`error: ${file} has no channel "${name}": ${hint}`);
}

/** Where the test goes; an address that the channel cannot reach is a wrong usage. */
function addressOf(
  { people }: Paging,
  channel: string,
  spec: ChannelSpec,
  { to, person }: Options,
  command: Command,
): string | undefined {
  if (to !== undefined && person !== undefined) {
    command.error('error: --to and --person exclude each other');
  }
  if (person === undefined) {
    const problem = addressProblem(spec, to);
    return problem === undefined ? to : command.error(`error: --to: ${problem}`);
  }
  const known = Object.hasOwn(people, person) ? people[person] : undefined;
  const contacts = Object.values(known?.contacts ?? {});
  const contact = contacts.find((one) => one.channel === channel);
  if (contact !== undefined) return contact.to;
  return command.error(`error: --person: ${person} has no contact in ${channel}`);
}
