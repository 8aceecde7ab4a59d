import { dirname, resolve } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import { requireRelease } from '../../domain/release/release-file.ts';
import type { CliDeps } from '../deps.ts';
import { exitCodeOf, watchRun } from '../watch.ts';
import { type AddCommand, example, printJson, withClient } from './command.ts';

interface Options {
  readonly version?: string;
  readonly who?: string;
  readonly why: string;
  readonly requestId?: string;
  readonly watch?: boolean;
  readonly json?: boolean;
}

export const addDeploy: AddCommand = (program, deps, exit) => {
  program
    .command('deploy')
    .argument('<file>', 'release file, YAML or JSON')
    .description('Start a release and return as soon as it has durably begun.')
    .option('--version <version>', 'the version to release; wins over the one in the file')
    .option('--why <text>', 'why, for the history', 'belay deploy')
    .option('--who <name>', 'who asks (default: the user, or BELAY_WHO)')
    .option('--request-id <id>', 'the same id is the same request: repeat it after a lost answer')
    .option('--watch', 'follow it to its end; exits 1 unless it succeeded')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', example('belay deploy release.yaml --version 2.4.1 --watch'))
    .action(async (file: string, options: Options) => exit(await deploy(file, options, deps)));
};

async function deploy(file: string, options: Options, deps: CliDeps): Promise<number> {
  const { spec, remarks } = requireRelease(readSource(file, options.version, deps));
  return withClient(deps, async (client) => {
    const accepted = await client.deploy({
      release: spec,
      who: options.who ?? deps.user,
      why: options.why,
      ...(options.requestId === undefined ? {} : { requestId: options.requestId }),
    });
    const all = [...new Set([...remarks, ...accepted.remarks])];
    if (options.json === true) printJson(deps, { ...accepted, remarks: all });
    else {
      deps.out(`${accepted.workflowId} has begun: ${spec.service} ${accepted.version}\n`);
      for (const remark of all) deps.out(`note: ${remark}\n`);
      if (options.watch !== true) {
        deps.out(`follow it with: belay status ${accepted.workflowId} --watch\n`);
      }
    }
    if (options.watch !== true) return 0;
    const output = options.json === true ? 'json' : 'text';
    return exitCodeOf(await watchRun(client, accepted.workflowId, deps, output));
  });
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
