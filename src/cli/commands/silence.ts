import type { Command } from 'commander';
import { matchesAll } from '../../domain/alerting/matcher.ts';
import { type Silence, stateOf } from '../../domain/alerting/silence.ts';
import { onOneLine } from '../../domain/paging/page-words.ts';
import { renderSilences } from '../render/silences.ts';
import { type AddCommand, printJson, withClient } from './command.ts';
import { matchersOf } from './matchers-argument.ts';
import { addAdd } from './silence-add.ts';
import { addExpire, addUpdate } from './silence-change.ts';

const HELP = `
A silence holds back the pages for alerts that all of its matchers match. When it ends, what it held
back and still fires is paged at once. An ID is that of a silence, or the first characters of it
that no other has: \`belay silence list\` prints enough of them.

Example:
  $ belay silence add alertname=Down instance=~"db-.*" --for 2h --comment "new disks"
  $ belay silence list
  $ belay silence update 3f9ac0ff --for 4h
  $ belay silence expire 3f9ac0ff

Exit status: 0 done; 2 usage; 3 refused now; 4 not found; 5 Temporal, a worker or the alerting file
is missing.
`;

const LIST_HELP = `
With matchers, only silences whose own matchers have such values: alertname=Down finds those for
alertname="Down", and not one for alertname=~"D.*".

Example:
  $ belay silence list
  $ belay silence list alertname=Down
  $ belay silence expire $(belay silence list instance=db-1 --quiet)
`;

/** Silences: as amtool has them. */
export const addSilence: AddCommand = (program, deps, exit) => {
  const silence = program
    .command('silence')
    .usage('COMMAND [options]')
    .description('Hold pages back for a while: add, list, change and end silences.')
    .addHelpText('after', HELP);
  for (const add of [addAdd, addList, addExpire, addUpdate]) add(silence, deps, exit);
};

interface Options {
  readonly expired?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

const addList: AddCommand = (silence, deps, exit) => {
  silence
    .command('list')
    .argument('[matchers...]', 'only silences with such matchers')
    .description('Silences that hold or will hold something back.')
    .option('--expired', 'those that are over instead, as long as they are kept')
    .option('-q, --quiet', 'only their ids')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', LIST_HELP)
    .action(async (written: readonly string[], options: Options, command: Command) => {
      const matchers = matchersOf(written, command, deps);
      const { silences } = await withClient(deps, (client) => client.alerts.show());
      const nowMs = deps.now();
      const found = silences
        .filter((one) => (stateOf(one, nowMs) === 'expired') === (options.expired === true))
        .filter(({ matcherSets }) =>
          matcherSets.some((set) =>
            matchesAll(matchers, Object.fromEntries(set.map(({ name, value }) => [name, value]))),
          ),
        )
        .toSorted((one, other) => one.endsAtMs - other.endsAtMs);
      if (options.expired === true) found.reverse();
      if (options.json === true) printJson(deps, withState(found, nowMs));
      else if (options.quiet === true)
        deps.out(found.map(({ id }) => `${onOneLine(id)}\n`).join(''));
      else deps.out(renderSilences(found, nowMs, deps.columns));
      exit(0);
    });
};

function withState(found: readonly Silence[], nowMs: number) {
  return found.map((one) => ({ ...one, state: stateOf(one, nowMs) }));
}
