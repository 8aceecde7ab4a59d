import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { hostAndPort, readVariables } from './read-variables.ts';

/** The only reader of the worker's environment. Temporal's own variables are read by envconfig. */
const environmentSchema = z.object({
  BELAY_TASK_QUEUE: z
    .string()
    .regex(/^[A-Za-z0-9._/-]{1,200}$/)
    .default('belay'),
  BELAY_STATE_DIR: z.string().min(1).optional(),
  BELAY_PAGING: z.string().min(1).optional(),
  BELAY_ALERT_STORE: z.string().min(1).optional(),
  BELAY_METRICS_ADDRESS: hostAndPort.optional(),
  BELAY_WORKFLOW_BUNDLE: z.string().min(1).optional(),
  BELAY_MAX_CACHED_WORKFLOWS: z.coerce.number().int().min(0).max(100_000).default(500),
  BELAY_IDENTITY: z.string().min(1).max(200).optional(),
  XDG_STATE_HOME: z.string().min(1).optional(),
});

export interface WorkerConfig {
  readonly taskQueue: string;
  /** Where the process environment keeps what outlives the worker; absolute. */
  readonly stateDir: string;
  /** The file of policies, people and channels, absolute; none, only a last resort is missing. */
  readonly pagingFile: string | undefined;
  /** Where the store of last messages is; none, every message reaches a workflow. May be secret. */
  readonly alertStore: string | undefined;
  /** Where Prometheus finds the worker; none, no metrics. */
  readonly metricsAddress: string | undefined;
  /** A bundle made at build time; none, the workflows are bundled at start. */
  readonly workflowBundle: string | undefined;
  readonly maxCachedWorkflows: number;
  readonly identity: string | undefined;
  /** What the programs that a worker starts get from its environment: never its secrets. */
  readonly inherited: Readonly<Record<string, string>>;
  /** The value of an environment variable that a release file names for a secret. */
  secret(name: string): string | undefined;
}

/** Throws `EnvironmentInvalid`. */
export function readWorkerConfig(environment: NodeJS.ProcessEnv): WorkerConfig {
  const data = readVariables(environmentSchema, environment, "the worker's environment");
  return {
    taskQueue: data.BELAY_TASK_QUEUE,
    stateDir: resolve(data.BELAY_STATE_DIR ?? defaultStateDir(data.XDG_STATE_HOME)),
    pagingFile: data.BELAY_PAGING === undefined ? undefined : resolve(data.BELAY_PAGING),
    alertStore: data.BELAY_ALERT_STORE,
    metricsAddress: data.BELAY_METRICS_ADDRESS,
    workflowBundle: data.BELAY_WORKFLOW_BUNDLE,
    maxCachedWorkflows: data.BELAY_MAX_CACHED_WORKFLOWS,
    identity: data.BELAY_IDENTITY,
    inherited: inheritedOf(environment),
    secret: (name) => environment[name],
  };
}

/** One place a user, so that every worker on a machine finds the same instances. */
function defaultStateDir(xdgStateHome: string | undefined): string {
  return join(xdgStateHome ?? join(homedir(), '.local', 'state'), 'belay');
}

const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SSL_CERT_FILE'];

function inheritedOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = environment[name];
    if (value !== undefined) inherited[name] = value;
  }
  return inherited;
}
