import type { BelayClient } from '../../client/client.ts';
import type { CliDeps } from '../deps.ts';
import { renderHistory, renderServices } from '../render/history.ts';
import { renderEnd, renderStatusLine } from '../render/progress.ts';
import { renderExplain } from '../render/explain.ts';
import { createStyle } from '../render/style.ts';
import { exitCodeOf, exitCodeOfRollback, watchRun } from '../watch.ts';
import { type AddCommand, example, printJson, withClient } from './command.ts';

interface Options {
  readonly watch?: boolean;
  readonly json?: boolean;
}

export const addStatus: AddCommand = (program, deps, exit) => {
  program
    .command('status')
    .argument(
      '[what]',
      'a service: its running or latest run; or a run like release/checkout/7; none: every service',
    )
    .description('Say where a run stands, in one line.')
    .option('--watch', 'follow it to its end; exits 1 unless it ended well')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', example('belay status checkout --watch'))
    .action(async (what: string | undefined, options: Options) => {
      exit(await withClient(deps, (client) => status(client, what, options, deps)));
    });
};

async function status(
  client: BelayClient,
  what: string | undefined,
  { watch, json }: Options,
  deps: CliDeps,
): Promise<number> {
  if (what === undefined) {
    const views = await Promise.all((await client.services()).map((name) => client.history(name)));
    if (json === true) printJson(deps, views);
    else deps.out(renderServices(views));
    return 0;
  }
  if (watch === true) return follow(client, what, json === true ? 'json' : 'text', deps);
  const progress = await client.progress(what);
  if (json === true) printJson(deps, progress);
  else if (progress.outcome !== undefined) {
    deps.out(`${renderEnd(progress, createStyle(deps.colors))}\n`);
  } else deps.out(`${renderStatusLine(progress, deps.now())}\n`);
  return 0;
}

async function follow(
  client: BelayClient,
  what: string,
  output: 'text' | 'json',
  deps: CliDeps,
): Promise<number> {
  const { workflowId } = await client.progress(what);
  const ended = await watchRun(client, workflowId, deps, output);
  return ended.kind === 'release' ? exitCodeOf(ended) : exitCodeOfRollback(ended);
}

export const addExplain: AddCommand = (program, deps, exit) => {
  program
    .command('explain')
    .argument('<what>', 'a service: its running or latest run; or a run like release/checkout/7')
    .description('One screen: what a run is doing, why, and which verb helps next.')
    .option('--watch', 'then follow it to its end')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', example('belay explain checkout'))
    .action(async (what: string, options: Options) => {
      exit(
        await withClient(deps, async (client) => {
          const progress = await client.progress(what);
          if (options.json === true) printJson(deps, progress);
          else deps.out(renderExplain(progress, deps.now(), createStyle(deps.colors)));
          if (options.watch !== true) return 0;
          const output = options.json === true ? 'json' : 'text';
          return follow(client, progress.workflowId, output, deps);
        }),
      );
    });
};

export const addHistory: AddCommand = (program, deps, exit) => {
  program
    .command('history')
    .argument('<service>', 'the service, by the name in its release file')
    .description('The last 50 releases and rollbacks of a service, newest first.')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', example('belay history checkout'))
    .action(async (service: string, options: { json?: boolean }) => {
      const view = await withClient(deps, (client) => client.history(service));
      if (options.json === true) printJson(deps, view);
      else deps.out(renderHistory(view, createStyle(deps.colors)));
      exit(0);
    });
};
