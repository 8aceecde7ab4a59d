import { InvalidArgumentError, Option } from 'commander';
import { plan } from '../../client/client.ts';
import { requireRelease } from '../../domain/release/release-file.ts';
import { renderPlan } from '../render/plan.ts';
import { type AddCommand, example, printJson } from './command.ts';
import { readSource } from './deploy.ts';

interface Options {
  readonly version?: string;
  readonly stableInstances?: number;
  readonly first?: boolean;
  readonly json?: boolean;
}

export const addPlan: AddCommand = (program, deps, exit) => {
  program
    .command('plan')
    .argument('<file>', 'release file, YAML or JSON')
    .description('Print the exact timeline a release will take. Starts and connects to nothing.')
    .option('--version <version>', 'the version to release; wins over the one in the file')
    .addOption(
      new Option(
        '--stable-instances <n>',
        'how many instances serve now; default: as many as the file names',
      ).argParser(countOf),
    )
    .addOption(
      new Option('--first', 'as the first release of its service').conflicts('stableInstances'),
    )
    .option('--json', 'JSON instead of text')
    .addHelpText('after', example('belay plan release.yaml --version 2.4.1'))
    .action((file: string, { version, stableInstances, first, json }: Options) => {
      const { spec, remarks } = requireRelease(readSource(file, version, deps));
      const timetable = plan(spec, {
        ...(stableInstances === undefined ? {} : { stableInstances }),
        ...(first === true ? { stableInstances: null } : {}),
      });
      if (json === true) printJson(deps, { ...timetable, remarks });
      else deps.out(renderPlan(timetable, remarks));
      exit(0);
    });
};

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 100) return count;
  throw new InvalidArgumentError('It is a number from 1 to 100.');
}
