import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installTelemetry } from '../worker/worker.ts';
import { chooseBalancer } from './balancer.ts';
import { cleanWhenStopped } from './children.ts';
import { type DevConfig, readDevConfig } from './config.ts';
import { readPerson, startPageScenario } from './demo-page.ts';
import { releasesScenario } from './demo-releases.ts';
import { SERVICE } from './demo-run.ts';
import { say } from './demo-say.ts';
import { type DemoScenario, readDemoScenario } from './demo-scenario.ts';
import { readDemoStrategy } from './demo-strategies.ts';
import { type RunningStack, startStack } from './stack.ts';

/** Starts everything, shows one scenario, and exits 0 only if all of it was seen. */
export async function runDemo(args: readonly string[], environment: NodeJS.ProcessEnv) {
  const config = readDevConfig(environment);
  const folder = mkdtempSync(join(tmpdir(), 'belay-demo-'));
  installTelemetry(undefined);
  const scenario = await scenarioOf(config, folder).catch((error: unknown) => {
    rmSync(folder, { recursive: true });
    throw error;
  });
  const { paging } = scenario;
  const starting = startStack(
    config,
    {
      ...{ service: SERVICE, balancer: chooseBalancer(config), folder, usualPorts: 'yes' },
      ...(paging === undefined ? {} : { paging }),
    },
    say,
  );
  const cleanUp = async (): Promise<void> => {
    // A start that fails cleans up by itself.
    const stack = await starting.catch(() => undefined);
    await stack?.close();
    await scenario.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const stopping = cleanWhenStopped(environment, 130, async () => {
    say('stopping everything');
    await cleanUp();
  });
  try {
    const stack = await starting;
    const { result, isAsPromised } = await scenario.play(stack, stopping);
    if (config.keep) sayWhatStays(stack, folder);
    else await cleanUp();
    if (args.includes('--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
    if (config.keep) await new Promise<never>(() => undefined);
    process.exit(isAsPromised ? 0 : 1);
  } catch (error) {
    if (stopping.aborted) return;
    await cleanUp();
    throw error;
  }
}

async function scenarioOf(config: DevConfig, folder: string): Promise<DemoScenario> {
  const scenario = readDemoScenario(config.scenario);
  switch (scenario) {
    case 'release':
      return releasesScenario(readDemoStrategy(config.strategy));
    case 'page':
      return startPageScenario({
        folder,
        person: readPerson(config.person),
        environment: config.environment,
      });
    default:
      return scenario satisfies never;
  }
}

function sayWhatStays({ uiUrl, temporal, balancer }: RunningStack, folder: string): void {
  say(`KEEP=1: everything but the traffic stays, with its logs in ${folder}`);
  if (uiUrl !== undefined) say(`  Temporal UI:       ${uiUrl}`);
  say(`  The service:       ${balancer.url}`);
  say(`  In another shell:  export TEMPORAL_ADDRESS=${temporal.address}`);
  say(`                     npm run belay -- explain ${SERVICE}`);
  say('Ctrl-C stops everything.');
}

if (import.meta.main) await runDemo(process.argv.slice(2), process.env);
