import type { BelayClient, Request } from '../../client/client.ts';
import { exitCodeOfRollback, watchRun } from '../watch.ts';
import { type AddCommand, example, printJson, withClient } from './command.ts';

interface Options {
  readonly to?: string;
  readonly who?: string;
  readonly why: string;
  readonly requestId?: string;
  readonly watch?: boolean;
  readonly json?: boolean;
}

function requestOf(options: Options, user: string): Request {
  return {
    who: options.who ?? user,
    why: options.why,
    ...(options.requestId === undefined ? {} : { requestId: options.requestId }),
  };
}

export const addRollback: AddCommand = (program, deps, exit) => {
  program
    .command('rollback')
    .argument('<service>', 'the service, by the name in its release file')
    .description('Take all traffic back to an earlier version, at once. Ends a running release.')
    .requiredOption('--why <text>', 'why, for the history')
    .option('--to <version>', 'default: the version that was stable before')
    .option('--who <name>', 'who asks (default: the user, or BELAY_WHO)')
    .option('--request-id <id>', 'the same id is the same request: repeat it after a lost answer')
    .option('--watch', 'follow it to its end; exits 1 unless it is verified')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', example('belay rollback checkout --to 2.4.0 --why "logins fail"'))
    .action(async (service: string, options: Options) => {
      const code = await withClient(deps, async (client) => {
        const accepted = await client.rollback(service, {
          ...requestOf(options, deps.user),
          ...(options.to === undefined ? {} : { toVersion: options.to }),
        });
        if (options.json === true) printJson(deps, accepted);
        else {
          deps.out(`${service} goes to ${accepted.version}, by ${accepted.workflowId}\n`);
          for (const remark of accepted.remarks) deps.out(`note: ${remark}\n`);
        }
        if (options.watch !== true) return 0;
        const output = options.json === true ? 'json' : 'text';
        return exitCodeOfRollback(await watchRun(client, accepted.workflowId, deps, output));
      });
      exit(code);
    });
};

/** The verbs for a running release that differ only in their name. */
function addVerb(
  name: 'abort' | 'promote',
  description: string,
  done: string,
  why: string,
  call: (client: BelayClient, service: string, request: Request) => Promise<{ phase: string }>,
): AddCommand {
  return (program, deps, exit) => {
    program
      .command(name)
      .argument('<service>', 'the service, by the name in its release file')
      .description(description)
      .requiredOption('--why <text>', 'why, for the history')
      .option('--who <name>', 'who asks (default: the user, or BELAY_WHO)')
      .option('--request-id <id>', 'the same id is the same request: repeat it after a lost answer')
      .option('--json', 'JSON instead of text')
      .addHelpText('after', example(`belay ${name} checkout --why "${why}"`))
      .action(async (service: string, options: Options) => {
        const answer = await withClient(deps, (client) =>
          call(client, service, requestOf(options, deps.user)),
        );
        if (options.json === true) printJson(deps, answer);
        else deps.out(`${service} was ${answer.phase}: ${done}\n`);
        exit(0);
      });
  };
}

export const addAbort = addVerb(
  'abort',
  'End the running release: traffic back to stable first, then the candidate is removed.',
  'it is being aborted',
  'wrong build',
  (client, service, request) => client.abort(service, request),
);

export const addPromote = addVerb(
  'promote',
  'Keep the candidate of a release that waits for a person.',
  'the candidate is kept',
  'the errors come from a crawler',
  (client, service, request) => client.promote(service, request),
);
