import { type Command, Option } from 'commander';
import { FAILURES, Failure } from '../../domain/failure.ts';
import { requireRelease } from '../../domain/release/release-file.ts';
import type { CliDeps } from '../deps.ts';
import { renderBroken, renderIntent } from '../render/break-glass.ts';
import { exitCodeOfRollback, watchRun } from '../watch.ts';
import { type Asking, addAsking, requestOf } from './asking.ts';
import { type AddCommand, example, printJson, withClient } from './command.ts';
import { readSource } from './deploy.ts';

interface Options extends Asking {
  readonly to?: string;
  readonly toVersion?: string;
  readonly breakGlass?: boolean;
  readonly file?: string;
  readonly yes?: boolean;
  readonly watch?: boolean;
  readonly json?: boolean;
}

export const addRollback: AddCommand = (program, deps, exit) => {
  const command = program
    .command('rollback')
    .argument('<service>', 'the service, by the name in its release file')
    .description('Take all traffic back to an earlier version, at once. Ends a running release.')
    .addOption(
      new Option(
        '--to <version>',
        'default: the version that was stable before (or --to-version)',
      ).conflicts('toVersion'),
    )
    .addOption(new Option('--to-version <version>').hideHelp())
    .option('--watch', 'follow it to its end; exits 1 unless it is verified')
    .option('--break-glass', 'without Temporal: write to the load balancer at once, by hand')
    .option('--file <file>', 'with --break-glass: the release file that names the load balancer')
    .option('--yes', 'with --break-glass: do it, with the version that it chooses')
    .option('--json', 'JSON instead of text')
    .addHelpText(
      'after',
      `${example('belay rollback checkout --to 2.4.0 --why "logins fail"')}` +
        '  $ belay rollback checkout --break-glass --file release.yaml --why "Temporal is away"\n',
    )
    .action(async (service: string, options: Options) => {
      const go = options.breakGlass === true ? breakGlass : rollback;
      exit(await go(command, service, options, deps));
    });
  addAsking(command);
};

async function rollback(
  command: Command,
  service: string,
  options: Options,
  deps: CliDeps,
): Promise<number> {
  const request = requestOf(command, options, deps.user);
  if (options.file !== undefined || options.yes === true) {
    command.error('error: --file and --yes go with --break-glass');
  }
  const toVersion = options.to ?? options.toVersion;
  return withClient(deps, async (client) => {
    const begun = await client.rollback(service, {
      ...request,
      ...(toVersion === undefined ? {} : { toVersion }),
    });
    if (options.json === true) printJson(deps, begun);
    else {
      deps.out(`${service} goes to ${begun.version}, by ${begun.workflowId}\n`);
      for (const remark of begun.remarks) deps.out(`note: ${remark}\n`);
    }
    if (options.watch !== true) return 0;
    const output = options.json === true ? 'json' : 'text';
    return exitCodeOfRollback(await watchRun(client, begun.workflowId, deps, output));
  });
}

/** Beyond this a load balancer does not answer; a person at night must be told so. */
const BREAK_GLASS_WITHIN_MS = 30_000;

/** No client, no worker, no workflow: the release file, the load balancer and a person. */
async function breakGlass(
  command: Command,
  service: string,
  options: Options,
  deps: CliDeps,
): Promise<number> {
  const { who, why } = requestOf(command, options, deps.user);
  if (options.file === undefined) {
    command.error('error: --break-glass needs --file, the release file of the service');
  }
  if (options.watch === true) command.error('error: --break-glass leaves nothing to watch');
  const named = options.to ?? options.toVersion;
  // The file names the load balancer; which version it would release plays no part.
  const { spec } = requireRelease(readSource(options.file, 'break-glass', deps));
  if (spec.service !== service) {
    throw new Failure(
      'ReleaseFileInvalid',
      `${options.file} is of ${spec.service}, not of ${service}`,
    );
  }
  const { openBreakGlass } = await import('../../worker/break-glass.ts');
  const glass = openBreakGlass(spec.traffic, {
    service,
    who,
    toVersion: named,
    atMs: deps.now(),
  });
  const signal = AbortSignal.timeout(BREAK_GLASS_WITHIN_MS);
  const taken = await glass.plan(signal);
  const isSure = named !== undefined || options.yes === true;
  if (!isSure) {
    if (options.json === true) printJson(deps, { kind: 'asked', ...taken });
    else deps.out(renderIntent(taken));
    return FAILURES.NotAllowedNow.exit;
  }
  const after = await glass.carryOut(taken, signal);
  if (options.json === true) printJson(deps, { kind: 'done', ...taken, after });
  else deps.out(renderBroken(taken, after, why));
  return 0;
}
