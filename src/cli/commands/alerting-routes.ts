import type { Command } from 'commander';
import { type Labels, labelsProblem } from '../../domain/alerting/labels.ts';
import { type WhereTo, whereTo } from '../../domain/alerting/where-to.ts';
import { requireAlerting } from '../alerting-source.ts';
import type { CliDeps } from '../deps.ts';
import { groupFacts, routeFacts, routeTree } from '../render/alerting-facts.ts';
import { renderTree, renderWhereTo } from '../render/alerting-routes.ts';
import { type AddCommand, example, printJson } from './command.ts';
import { type GivenLabels, withLabel } from './label-option.ts';

const TEST_HELP = `
Labels are written label=value, without matchers: they are those of an alert. A route takes it
whatever the time and the silences are; a signal of a heartbeat is no alert and goes nowhere.

Example:
  $ belay alerting routes test alerting.yaml alertname=Down severity=page
  $ belay alerting routes test alerting.yaml severity=page --verify-receivers=night,ops

Exit status: 0 done; 1 other receivers than --verify-receivers; 2 usage, or the file is wrong.
`;

/** `belay alerting routes`: what the tree does with labels, in the manner of amtool. */
export const addRoutes: AddCommand = (alerting, deps, exit) => {
  const routes = alerting
    .command('routes')
    .usage('COMMAND [options]')
    .description('The routes of an alerting file: show them, and test where alerts go.')
    .addHelpText('after', example('belay alerting routes show alerting.yaml'));
  for (const add of [addTest, addShow]) add(routes, deps, exit);
};

interface Options {
  readonly verifyReceivers?: string;
  readonly json?: boolean;
}

const addTest: AddCommand = (routes, deps, exit) => {
  routes
    .command('test')
    .argument('<file>', 'alerting file, YAML or JSON')
    .argument('<labels...>', 'of an alert: label=value', withLabel)
    .description('Which receivers, groups and times an alert with these labels gets.')
    .option('--verify-receivers <names>', 'exit 1 unless it goes to these: a,b in any order')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', TEST_HELP)
    .action((file: string, given: GivenLabels, options: Options, command: Command) => {
      const labels: Labels = Object.fromEntries(given);
      const problem = labelsProblem(labels);
      if (problem !== null) command.error(`error: an alert with these labels ${problem}`);
      const found = whereTo(requireAlerting(file, deps), labels);
      exit(tell(labels, found, options, deps) ? 0 : 1);
    });
};

/** Whether it goes where it was expected to. */
function tell(
  labels: Labels,
  found: WhereTo,
  { verifyReceivers, json }: Options,
  deps: CliDeps,
): boolean {
  const { heartbeats, receivers } = found;
  const isAsExpected = isSame(verifyReceivers, receivers);
  if (json === true) {
    const [routes, groups] = [found.routes.map(routeFacts), found.groups.map(groupFacts)];
    printJson(deps, { labels, receivers, heartbeats, routes, groups, isAsExpected });
  } else {
    deps.out(renderWhereTo(labels, found));
    const [wanted, got] = [verifyReceivers ?? '', receivers.join()].map(
      (names) => names || 'no receiver',
    );
    if (!isAsExpected) deps.err(`expected ${wanted}, found ${got}\n`);
  }
  return isAsExpected;
}

const addShow: AddCommand = (routes, deps, exit) => {
  routes
    .command('show')
    .argument('<file>', 'alerting file, YAML or JSON')
    .description('The tree of routes; of each, what it does not have from the one above it.')
    .option('--json', 'JSON instead of text, with all that each route inherits')
    .addHelpText('after', example('belay alerting routes show alerting.yaml'))
    .action((file: string, options: { json?: boolean }) => {
      const { routes: all } = requireAlerting(file, deps);
      if (options.json === true) printJson(deps, routeTree(all));
      else deps.out(renderTree(all));
      exit(0);
    });
};

/** Every receiver of one list is in the other; names that are given twice count once. */
function isSame(expected: string | undefined, receivers: readonly string[]): boolean {
  if (expected === undefined) return true;
  // Names may have commas of their own: both are split alike.
  const parts = (text: string): string =>
    [...new Set(text.split(',').map((name) => name.trim()))].toSorted().join();
  return parts(expected) === parts(receivers.join());
}
