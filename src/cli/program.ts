import { Command, CommanderError } from 'commander';
import { FAILURES, Failure } from '../domain/failure.ts';
import { printable } from '../domain/paging/page-words.ts';
import { addAlert } from './commands/alert.ts';
import { addAlerting } from './commands/alerting.ts';
import { addCancel } from './commands/cancel.ts';
import { addChannel } from './commands/channel.ts';
import { addDeploy } from './commands/deploy.ts';
import { addIncident } from './commands/incident.ts';
import { addEscalation } from './commands/escalation.ts';
import { addJudge } from './commands/judge.ts';
import { addOncall } from './commands/oncall.ts';
import { addPlan } from './commands/plan.ts';
import { addRollback } from './commands/rollback.ts';
import { addServing } from './commands/serve.ts';
import { addSilence } from './commands/silence.ts';
import { addExplain, addHistory, addStatus } from './commands/status.ts';
import { addValidate } from './commands/validate.ts';
import { addVerbs } from './commands/verbs.ts';
import { addIngest } from './commands/ingest.ts';
import { addWatchdog } from './commands/watchdog.ts';
import type { CliDeps } from './deps.ts';
import { jsonText } from './render/json-text.ts';

const COMMANDS = [
  addDeploy,
  addPlan,
  addStatus,
  addExplain,
  addHistory,
  addRollback,
  addVerbs,
  addCancel,
  addValidate,
  addJudge,
  addOncall,
  addIncident,
  addEscalation,
  addAlert,
  addSilence,
  addAlerting,
  addChannel,
  addServing,
  addIngest,
  addWatchdog,
];

const EXIT_USAGE = 2;

/**
 * Runs one command line and returns the status to exit with, or `undefined` for a program that goes
 * on until it is ended.
 */
export async function runCli(args: readonly string[], deps: CliDeps): Promise<number | undefined> {
  let code: number | undefined;
  const program = new Command('belay')
    .description('Releases that come back by themselves, as durable Temporal workflows.')
    .exitOverride()
    .configureOutput({ writeOut: deps.out, writeErr: deps.err })
    .showHelpAfterError('(belay --help, or belay COMMAND --help, shows what there is)')
    .addHelpText(
      'after',
      '\nExit status: 0 done; 1 the release did not succeed; 2 usage or release file;\n' +
        '3 refused now; 4 not found; 5 Temporal or a worker is missing; 70 a bug.\n' +
        '\nEnvironment:\n' +
        '  TEMPORAL_ADDRESS  where Temporal is; else the profile file of its own CLI is read\n' +
        '  BELAY_TASK_QUEUE  of the workers; default: belay\n' +
        '  BELAY_PAGING      the paging file, where a command takes one; default: paging.yaml\n' +
        '  BELAY_WHO         who asks; default: the user who is logged in\n' +
        '  NO_COLOR          anything: no colours\n' +
        '\nBegin with `belay dev` on your machine and `belay validate FILE` on a release file.\n' +
        'At night, when a release has gone wrong: `belay explain SERVICE`.\n',
    );
  for (const add of COMMANDS) {
    add(program, deps, (status) => {
      code = status;
    });
  }
  for (const command of program.commands) {
    command.exitOverride().configureOutput({ writeOut: deps.out, writeErr: deps.err });
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    return tell(error, args.includes('--json'), deps);
  }
}

function tell(error: unknown, json: boolean, deps: CliDeps): number {
  const failure =
    error instanceof Failure
      ? error
      : new Failure(
          'Internal',
          error instanceof Error ? (error.stack ?? error.message) : String(error),
        );
  const { code, message } = failure;
  const { mend, exit } = FAILURES[code];
  if (json) deps.out(`${jsonText({ error: { code, message, mend } })}\n`);
  else deps.err(`${code}: ${printable(message)}\n${mend}\n`);
  return exit;
}
