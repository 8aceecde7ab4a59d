import { Argument } from 'commander';
import {
  alertingJsonSchema,
  scenariosJsonSchema,
} from '../../domain/alerting/json-schema.schema.ts';
import { pagingJsonSchema } from '../../domain/paging/json-schema.schema.ts';
import { releaseJsonSchema } from '../../domain/release/json-schema.schema.ts';
import { type AddCommand, example, printJson } from './command.ts';

const SCHEMAS = {
  release: releaseJsonSchema,
  paging: pagingJsonSchema,
  alerting: alertingJsonSchema,
  scenarios: scenariosJsonSchema,
} as const;

/** Programs that run until they are ended; loaded only when they are asked for. */
export const addServing: AddCommand = (program, deps, exit) => {
  program
    .command('worker')
    .description('Run a worker: the process that carries releases out. Configured by environment.')
    .addHelpText(
      'after',
      '\nEnvironment:\n' +
        '  TEMPORAL_ADDRESS            where Temporal is, and all else as for the Temporal CLI\n' +
        '  BELAY_TASK_QUEUE            default: belay; watches and pages go to -watch and -page\n' +
        '  BELAY_STATE_DIR             where instances are kept; one for all workers of a machine;\n' +
        '                              default: $XDG_STATE_HOME/belay or ~/.local/state/belay\n' +
        '  BELAY_PAGING                the file of people, channels and policies, for incidents;\n' +
        '                              default: none, and no incident can page anybody\n' +
        '  BELAY_ALERT_STORE           sqlite:FILE or postgres://…, which keeps what alerts said last;\n' +
        '                              default: none, and every message reaches a workflow\n' +
        '  BELAY_METRICS_ADDRESS       host:port for Prometheus; default: no metrics\n' +
        '  BELAY_WORKFLOW_BUNDLE       file of workflows bundled at build time: a faster start\n' +
        '  BELAY_MAX_CACHED_WORKFLOWS  default: 500\n' +
        '  BELAY_IDENTITY              how Temporal shows this worker; default: PID@HOST\n' +
        'A release file may name more variables, for secrets (headers_from_env).\n' +
        example('TEMPORAL_ADDRESS=temporal:7233 belay worker'),
    )
    .action(async () => {
      const { runWorker } = await import('../../worker/main.ts');
      await runWorker(process.env);
    });
  program
    .command('answers')
    .description('Take what people answer in Slack and PagerDuty. Configured by environment.')
    .addHelpText(
      'after',
      '\nEnvironment:\n' +
        '  BELAY_PAGING           the paging file of the workers: its channels name the secrets;\n' +
        '                         required\n' +
        '  BELAY_ANSWERS_ADDRESS  host:port for POST /slack and POST /pagerduty;\n' +
        '                         default: 127.0.0.1:8090\n' +
        '  BELAY_METRICS_ADDRESS  host:port for Prometheus; default: no metrics\n' +
        '  BELAY_TASK_QUEUE       of the workers; default: belay\n' +
        '  TEMPORAL_ADDRESS       where Temporal is, and all else as for the Temporal CLI\n' +
        'The paging file may name more variables, for secrets ({env: NAME}).\n' +
        example('BELAY_PAGING=paging.yaml BELAY_ANSWERS_ADDRESS=:8090 belay answers'),
    )
    .action(async () => {
      const { runAnswers } = await import('../../answers/main.ts');
      await runAnswers(process.env);
    });
  program
    .command('dev')
    .description('Run everything on this machine: Temporal with its UI, a load balancer, a worker.')
    .option('--folder <folder>', 'state and logs', '.belay/dev')
    .option('--service <name>', 'the service that the load balancer carries', 'checkout')
    .addHelpText('after', example('belay dev'))
    .action(async (options: { folder: string; service: string }) => {
      const { runDev } = await import('../../dev/main.ts');
      await runDev(options, process.env);
    });
  program
    .command('router')
    .description('Run the embedded load balancer, for where there is none.')
    .option('--listen <address>', 'where users come in', '127.0.0.1:8080')
    .option('--control <address>', 'where Belay steers; keep it private', '127.0.0.1:7071')
    .option('--state <folder>', 'weights, effects and counts', '.belay/router')
    .addHelpText('after', example('belay router --listen :80 --state /var/lib/belay/router'))
    .action(async (options: { listen: string; control: string; state: string }) => {
      const { runRouter } = await import('../../router/main.ts');
      await runRouter(argumentsOf(options));
    });
  program
    .command('tap')
    .description('Count the requests that HAProxy logs; releases are judged by them.')
    .option('--listen <address>', 'where HAProxy sends its log', '127.0.0.1:7072')
    .option('--control <address>', 'where Belay asks', '127.0.0.1:7073')
    .option('--state <folder>', 'counts of the last 15 minutes', '.belay/tap')
    .addHelpText('after', example('belay tap --state /var/lib/belay/tap'))
    .action(async (options: { listen: string; control: string; state: string }) => {
      const { runTap } = await import('../../tap/main.ts');
      await runTap(argumentsOf(options));
    });
  program
    .command('schema')
    .addArgument(
      new Argument('[of]', 'which files').choices(Object.keys(SCHEMAS)).default('release'),
    )
    .description('Print the JSON Schema of release, paging or alerting files, for editors.')
    .addHelpText('after', example('belay schema paging > paging.schema.json'))
    .action((of: keyof typeof SCHEMAS) => {
      printJson(deps, SCHEMAS[of]());
      exit(0);
    });
};

function argumentsOf(options: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
}
