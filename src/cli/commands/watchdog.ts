import type { CliDeps } from '../deps.ts';
import type { OnceReport } from '../../watchdog/once.ts';
import { type AddCommand, example, printJson } from './command.ts';

interface Options {
  readonly once?: boolean;
  readonly json?: boolean;
}

const HELP = `
Environment:
  TEMPORAL_ADDRESS                where Temporal is, and all else as for the Temporal CLI
  BELAY_TASK_QUEUE                of Belay's workers; default: belay
  BELAY_PAGING                    the paging file, whose last_resort is paged
  BELAY_WATCHDOG_EVERY            it looks so often; default: 30s
  BELAY_WATCHDOG_FOR              how long a condition lasts before it is told; default: 1m
  BELAY_WATCHDOG_UNREACHABLE_FOR  the same for a server that does not answer; default: 1m
  BELAY_WATCHDOG_REPEAT           it is told again so often while it lasts; default: 30m
  BELAY_WATCHDOG_SILENT_FOR       a queue that no worker has asked for so long has none; default: 90s
  BELAY_WATCHDOG_ATTEMPTS         a workflow task tried more often is failing; default: 3
  BELAY_WATCHDOG_OVERDUE_BY       what is later than this is overdue; default: 3m
  BELAY_WATCHDOG_RUNS_AT_ONCE     running workflows that are looked at in a round; default: 200
  BELAY_WATCHDOG_ADDRESS          host:port for /metrics and /healthz; default: none
  BELAY_WATCHDOG_HEARTBEAT_URL    asked after each good round: a dead-man's switch; default: none
The paging file may name more variables, for secrets.

Exit status with --once: 0 all is well; 1 something is wrong; 2 usage or paging file.
`;

/** Loaded only when it is asked for. */
export const addWatchdog: AddCommand = (program, deps, exit) => {
  program
    .command('watchdog')
    .description('Watch Temporal and the workers, and page last_resort without them.')
    .option('--once', 'look once, say what was found, page nobody')
    .option('--json', 'with --once: one JSON object')
    .addHelpText('after', HELP)
    .addHelpText('after', example('BELAY_PAGING=/etc/belay/paging.yaml belay watchdog --once'))
    .action(async ({ once = false, json = false }: Options, command) => {
      if (json && !once) command.error('error: --json is for --once; the log is JSON in any case');
      const { runOnce, runWatchdog } = await import('../../watchdog/main.ts');
      if (!once) return runWatchdog(process.env);
      const report = await runOnce(process.env);
      if (json) printJson(deps, report);
      else print(report, deps);
      exit(report.ok ? 0 : 1);
    });
};

const MARK = { good: 'ok', bad: 'WRONG', unknown: 'UNKNOWN' } as const;

function print({ temporal, namespace, observations, channels }: OnceReport, deps: CliDeps): void {
  deps.out(`Temporal at ${temporal}, namespace ${namespace}\n`);
  for (const { condition, queue, state, text } of observations) {
    deps.out(line(MARK[state], `${condition} ${queue}`, text));
  }
  for (const { name, isUp, text } of channels ?? []) {
    deps.out(line(isUp ? 'ok' : 'WRONG', `channel ${name}`, text));
  }
  if (channels === undefined) deps.out('BELAY_PAGING is not set: nobody would be paged\n');
}

function line(mark: string, what: string, text: string): string {
  return `${mark.padEnd(7)}  ${what}: ${text.replaceAll('\n', `\n${' '.repeat(9)}`)}\n`;
}
