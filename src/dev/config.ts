import { homedir } from 'node:os';
import { join } from 'node:path';

/** The only reader of the environment in this folder. */
export interface DevConfig {
  /** A Temporal server that runs already. */
  readonly temporalAddress: string | undefined;
  readonly path: string;
  /** Programs that were installed for development are kept here. */
  readonly cacheDir: string;
  /** `haproxy` or `embedded`; none, whichever is there. */
  readonly traffic: string | undefined;
  /** Of the demo: `blue_green`, `canary`, `rolling` or `ab`; none, blue-green. */
  readonly strategy: string | undefined;
  /** Of the demo: `release` or `page`; none, `release`. */
  readonly scenario: string | undefined;
  /** Of the page demo: `none`, nobody sits at another terminal. */
  readonly person: string | undefined;
  /** Whom the worker pages; none, what the demo or `belay dev` gives it. */
  readonly pagingFile: string | undefined;
  /** Leave everything running after the demo. */
  readonly keep: boolean;
  readonly environment: NodeJS.ProcessEnv;
}

export function readDevConfig(environment: NodeJS.ProcessEnv): DevConfig {
  return {
    temporalAddress: environment.TEMPORAL_ADDRESS || undefined,
    path: environment.PATH ?? '',
    cacheDir: join(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'belay'),
    traffic: environment.TRAFFIC || undefined,
    strategy: environment.STRATEGY || undefined,
    scenario: environment.SCENARIO || undefined,
    person: environment.PERSON || undefined,
    pagingFile: environment.BELAY_PAGING || undefined,
    keep: environment.KEEP === '1',
    environment,
  };
}
