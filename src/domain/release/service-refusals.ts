import type { FailureCode } from '../failure.ts';
import type { DeployCommand, RollbackCommand } from './commands.ts';
import type { DeployedVersion } from './progress.ts';
import type { ReleaseSpec } from './release-spec.ts';
import type { ActiveRun, ServiceState } from './service-state.ts';

/** Why the owner of a service does not do what it is asked. */
export interface Refusal {
  readonly code: FailureCode;
  readonly message: string;
}

/** What is wrong with a request whatever the service is doing now. */
export function refuseAsWritten(
  { service }: ServiceState,
  command: DeployCommand | RollbackCommand,
): Refusal | undefined {
  const { who, why, requestId } = command;
  if ([who, why, requestId].some((text) => typeof text !== 'string')) {
    return { code: 'NotAllowedNow', message: 'a request needs who, why and requestId' };
  }
  if (!('spec' in command)) return undefined;
  const { spec } = command;
  const lack = lackOf(spec);
  if (lack !== undefined) {
    const message = `the specification has no ${lack}: give the text of a file, or what is read of one`;
    return { code: 'ReleaseFileInvalid', message };
  }
  if (spec?.service !== service) {
    return {
      code: 'ReleaseFileInvalid',
      message: `a release of ${spec?.service} cannot be begun by the owner of ${service}`,
    };
  }
  return undefined;
}

/** Blocks without which a release could not begin, and would try for ever. */
const BLOCKS = [
  'environment',
  'traffic',
  'metrics',
  'thresholds',
  'health',
  'warmup',
  'validation',
  'watch',
  'notifications',
  'rolling',
  'gates',
  'hooks',
] as const satisfies readonly (keyof ReleaseSpec)[];

function lackOf(spec: ReleaseSpec): string | undefined {
  if (typeof spec !== 'object' || spec === null) return 'blocks at all';
  if (!Object.hasOwn(STRATEGY_NAMES, spec.strategy)) return 'strategy that is known';
  if (typeof spec.version !== 'string' || spec.version === '') return 'version';
  if (!Object.hasOwn(POLICIES, spec.supersede)) return 'supersede that is known';
  const { freezeWindows = [] } = spec;
  if (!Array.isArray(freezeWindows)) return 'list of freeze windows';
  return BLOCKS.find((block) => typeof spec[block] !== 'object' || spec[block] === null);
}

const STRATEGY_NAMES = { blue_green: 1, canary: 1, rolling: 1, ab_test: 1 } as const;
const POLICIES: Record<ReleaseSpec['supersede'], 1> = {
  reject: 1,
  queue: 1,
  coalesce: 1,
  replace: 1,
};

/** Whether a release may begin now; one that finds another asks `supersede` first. */
export function refuseDeploy(state: ServiceState, command: DeployCommand): Refusal | undefined {
  const { spec } = command;
  if (state.active !== null) return inProgress(state.active);
  if (state.stable?.version === spec.version) {
    return {
      code: 'VersionAlreadyStable',
      message:
        `${spec.version} already serves ${state.service}; ` +
        'where its instances are gone, release the same program under another version',
    };
  }
  return undefined;
}

export function refuseRollback(state: ServiceState, command: RollbackCommand): Refusal | undefined {
  const { active } = state;
  if (active?.kind === 'rollback') return inProgress(active);
  if (active !== null && active.stable === null) {
    return {
      code: 'NothingToRollBackTo',
      message: `${active.workflowId} is the first release of ${state.service}: nothing served before`,
    };
  }
  if (active !== null) {
    // To its own stable version it goes by itself; to another one it is rolled back afterwards.
    const { toVersion } = command;
    if (toVersion === undefined || toVersion === active.stable?.version) return undefined;
    if (rollbackTarget(state, toVersion) !== undefined) return undefined;
  }
  if (active === null && rollbackTarget(state, command.toVersion) !== undefined) return undefined;
  return {
    code: 'NothingToRollBackTo',
    message:
      command.toVersion === undefined
        ? `${state.service} has no version that was stable before ${state.stable?.version ?? 'now'}`
        : `${command.toVersion} never was stable for ${state.service}, or serves already`,
  };
}

/** Refuses whatever needs the slot to itself. */
export function refuseWhileRunning(state: ServiceState): Refusal | undefined {
  return state.active === null ? undefined : inProgress(state.active);
}

export function inProgress(active: ActiveRun): Refusal {
  return {
    code: 'ReleaseInProgress',
    message:
      `${active.workflowId} (${active.version}, by ${active.who}) is in progress; ` +
      'supersede: reject lets it end first',
  };
}

/**
 * Whom a rollback goes back to: the named version if it ever served, else the release that was
 * stable before the present one was released. A version that has been rolled back is never chosen
 * by itself, because it is newer than the one that came back.
 */
export function rollbackTarget(
  state: ServiceState,
  toVersion: string | undefined,
): DeployedVersion | undefined {
  const { stable } = state;
  if (stable === null) return undefined;
  const served = state.runs.filter((run) => run.served !== undefined);
  const own = served.find((run) => run.version === stable.version);
  const target = served.find((run) =>
    toVersion === undefined
      ? run.version !== stable.version && run.number < (own?.number ?? 0)
      : run.version === toVersion && toVersion !== stable.version,
  );
  if (target?.served === undefined) return undefined;
  const running = state.left.find((old) => old.version === target.version);
  return running ?? { version: target.version, spec: target.served, instances: [] };
}
