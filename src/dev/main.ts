import { join, resolve } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { installTelemetry } from '../worker/worker.ts';
import { chooseBalancer } from './balancer.ts';
import { cleanWhenStopped } from './children.ts';
import { readDevConfig } from './config.ts';
import { usualPagingFile } from './dev-paging.ts';
import { startStack } from './stack.ts';

/** For the failure to be told. */
const EXIT_AFTER_MS = 1000;

/** `belay dev`: all parts on this machine until Ctrl-C; workflows are kept for the next time. */
export async function runDev(
  options: { readonly folder: string; readonly service: string },
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const config = readDevConfig(environment);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const balancer = chosen(() => chooseBalancer(config));
  installTelemetry(undefined);
  const { service } = options;
  const folder = resolve(options.folder);
  const paging = { file: config.pagingFile ?? usualPagingFile(folder), secrets: {} };
  const starting = startStack(
    config,
    { service, balancer, folder, usualPorts: 'yes', paging },
    say,
  );
  const stopping = cleanWhenStopped(environment, 0, async () => {
    say('Stopping everything.');
    // A start that fails cleans up by itself.
    const stack = await starting.catch(() => undefined);
    await stack?.close();
  });
  const stack = await starting.catch((error: unknown) => {
    // The telemetry of Temporal's SDK would keep a program alive that has nothing left to do.
    setTimeout(() => process.exit(), EXIT_AFTER_MS).unref();
    throw notStarted(error);
  });
  if (stopping.aborted) return;
  say('');
  if (stack.uiUrl !== undefined) say(`Temporal UI:  ${stack.uiUrl}`);
  say(`Service:      ${stack.balancer.url}`);
  say(`In a release file:  traffic: ${JSON.stringify(stack.balancer.traffic)}`);
  say(`Incidents page by:  ${paging.file}; type: log is ${join(folder, 'worker.log')}`);
  say(`In another shell:   export TEMPORAL_ADDRESS=${stack.temporal.address}`);
  say('Ctrl-C stops everything.');
  await new Promise<never>(() => undefined);
}

function chosen<T>(choose: () => T): T {
  try {
    return choose();
  } catch (error) {
    throw new Failure('EnvironmentInvalid', messageOf(error), { cause: error });
  }
}

/** What is missing on this machine is no bug: it is told without a stack. */
function notStarted(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = messageOf(error);
  const code = message.startsWith('No Temporal') ? 'TemporalUnreachable' : 'EnvironmentFailed';
  return new Failure(code, message, { cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
