import type { BelayClient } from '../../client/client.ts';
import type { CliDeps } from '../deps.ts';
import { renderHistory, renderRun, renderServices } from '../render/history.ts';
import { renderEnd, renderStatusLine } from '../render/progress.ts';
import { renderExplain } from '../render/explain.ts';
import { renderQueue } from '../render/queue.ts';
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
  const { progress, queue } = await lookAt(client, what);
  if (json === true) printJson(deps, { ...progress, queue });
  else {
    const line =
      progress.outcome === undefined
        ? renderStatusLine(progress, deps.now())
        : renderEnd(progress, createStyle(deps.colors));
    deps.out([line, renderQueue(queue)].filter((text) => text !== '').join('\n') + '\n');
  }
  return 0;
}

/** A run, and what waits behind it. */
async function lookAt(client: BelayClient, what: string) {
  const progress = await client.progress(what);
  const { queue } = await client.history(progress.service);
  return { progress, queue };
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
          const { progress, queue } = await lookAt(client, what);
          if (options.json === true) printJson(deps, { ...progress, queue });
          else deps.out(renderExplain(progress, queue, deps.now(), createStyle(deps.colors)));
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
    .argument('<what>', 'a service: its last 50 runs; or a run like release/checkout/7: all of it')
    .description('What waits and what has run, newest first; of one run: steps, verbs, timeline.')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', example('belay history checkout'))
    .action(async (what: string, options: Options) => {
      await withClient(deps, (client) =>
        what.includes('/')
          ? historyOfRun(client, what, options, deps)
          : historyOfService(client, what, options, deps),
      );
      exit(0);
    });
};

async function historyOfService(
  client: BelayClient,
  service: string,
  { json }: Options,
  deps: CliDeps,
): Promise<void> {
  const view = await client.history(service);
  if (json === true) printJson(deps, view);
  else deps.out(renderHistory(view, createStyle(deps.colors)));
}

async function historyOfRun(
  client: BelayClient,
  workflowId: string,
  { json }: Options,
  deps: CliDeps,
): Promise<void> {
  const progress = await client.progress(workflowId);
  if (json === true) printJson(deps, progress);
  else deps.out(renderRun(progress, deps.now(), createStyle(deps.colors)));
}
