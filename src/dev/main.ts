import { resolve } from 'node:path';
import { installTelemetry } from '../worker/worker.ts';
import { chooseBalancer } from './balancer.ts';
import { cleanWhenStopped } from './children.ts';
import { readDevConfig } from './config.ts';
import { startStack } from './stack.ts';

/** `belay dev`: all parts on this machine until Ctrl-C; workflows are kept for the next time. */
export async function runDev(
  options: { readonly folder: string; readonly service: string },
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const config = readDevConfig(environment);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  installTelemetry(undefined);
  const starting = startStack(
    config,
    {
      service: options.service,
      balancer: chooseBalancer(config),
      folder: resolve(options.folder),
      usualPorts: 'yes',
    },
    say,
  );
  const stopping = cleanWhenStopped(environment, 0, async () => {
    say('Stopping everything.');
    // A start that fails cleans up by itself.
    const stack = await starting.catch(() => undefined);
    await stack?.close();
  });
  const stack = await starting;
  if (stopping.aborted) return;
  say('');
  if (stack.uiUrl !== undefined) say(`Temporal UI:  ${stack.uiUrl}`);
  say(`Service:      ${stack.balancer.url}`);
  say(`In a release file:  traffic: ${JSON.stringify(stack.balancer.traffic)}`);
  say(`In another shell:   export TEMPORAL_ADDRESS=${stack.temporal.address}`);
  say('Ctrl-C stops everything.');
  await new Promise<never>(() => undefined);
}
