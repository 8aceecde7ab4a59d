import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { BelayClient } from '../../client/client.ts';
import { Failure } from '../../domain/failure.ts';
import type { Accepted, Begun } from '../../domain/release/commands.ts';
import { requireRelease } from '../../domain/release/release-file.ts';
import type { CliDeps } from '../deps.ts';
import { renderAccepted, renderTurn } from '../render/accepted.ts';
import { exitCodeOf, watchRun } from '../watch.ts';
import { type Asking, addAsking, requestOf } from './asking.ts';
import { type AddCommand, example, printJson, withClient } from './command.ts';

interface Options extends Asking {
  readonly version?: string;
  readonly overrideFreeze?: boolean;
  readonly watch?: boolean;
  readonly json?: boolean;
}

const WHY = 'belay deploy';

export const addDeploy: AddCommand = (program, deps, exit) => {
  const command = program
    .command('deploy')
    .argument('<file>', 'release file, YAML or JSON')
    .description('Start a release and return as soon as it has durably begun, or waits its turn.')
    .option('--version <version>', 'the version to release; wins over the one in the file')
    .option('--override-freeze', 'begin although a freeze window is open; then --why is required')
    .option('--watch', 'follow it to its end; exits 1 unless it succeeded')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', example('belay deploy release.yaml --version 2.4.1 --watch'))
    .action(async (file: string, options: Options) =>
      exit(await deploy(command, file, options, deps)),
    );
  addAsking(command);
};

async function deploy(
  command: Command,
  file: string,
  options: Options,
  deps: CliDeps,
): Promise<number> {
  const overrides = options.overrideFreeze === true;
  const asked = requestOf(command, options, deps.user, overrides ? undefined : WHY);
  if (overrides && asked.why === WHY) {
    command.error(`error: --override-freeze needs a reason of your own, not "${WHY}"`);
  }
  const { spec, remarks } = requireRelease(readSource(file, options.version, deps));
  return withClient(deps, async (client) => {
    const accepted = await client.deploy({
      release: spec,
      ...asked,
      ...(overrides ? { overrideFreeze: true } : {}),
    });
    const all = [...new Set([...remarks, ...accepted.remarks])];
    if (options.json === true) printJson(deps, { ...accepted, remarks: all });
    else deps.out(renderAccepted(spec.service, { ...accepted, remarks: all }, options));
    if (options.watch !== true) return 0;
    const output = options.json === true ? 'json' : 'text';
    const { workflowId } = await turnOf(client, spec.service, accepted, output, deps);
    return exitCodeOf(await watchRun(client, workflowId, deps, output));
  });
}

/** The release once it has begun, however long it waits for that. */
async function turnOf(
  client: BelayClient,
  service: string,
  accepted: Accepted,
  output: 'text' | 'json',
  deps: CliDeps,
): Promise<Begun> {
  if (accepted.kind === 'begun') return accepted;
  const begun = await client.awaitTurn(service, accepted.requestId);
  if (output === 'json') printJson(deps, begun);
  else deps.out(renderTurn(service, begun));
  return begun;
}

/** A release file as the user named it. */
export function readSource(file: string, version: string | undefined, deps: CliDeps) {
  const path = resolve(deps.cwd, file);
  let text: string;
  try {
    text = deps.readFile(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure('ReleaseFileInvalid', `${file} cannot be read: ${why}`);
  }
  return { text, file, folder: dirname(path), version };
}
