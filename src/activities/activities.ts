import { createCalendarActivities } from './calendar.ts';
import { createCompareArmsActivities } from './compare-arms.ts';
import type { ActivityDeps } from './deps.ts';
import { createEnvironmentActivities } from './environment.ts';
import { withCodes } from './failure.ts';
import { createGateActivities } from './gates.ts';
import { createHealthActivities } from './health.ts';
import { createHookActivities } from './hooks.ts';
import { createNotifyActivities } from './notify.ts';
import type { PagingDeps } from './paging-deps.ts';
import { createPagingSends } from './paging.ts';
import { createRollBatchActivities } from './roll-batch.ts';
import { createRunStateActivities } from './run-state.ts';
import { createTrafficActivities } from './traffic.ts';
import { createValidateActivities } from './validate.ts';
import { createVerifyActivities } from './verify.ts';
import { createWatchActivities } from './watch.ts';

export type Activities = ReturnType<typeof createActivities> & ReturnType<typeof createWatching>;

/** What moves the world; served from the main task queue. */
export function createActivities(deps: ActivityDeps) {
  const environment = createEnvironmentActivities(deps);
  const { switchTraffic, readGeneration } = createTrafficActivities(deps);
  const { notify } = createNotifyActivities(deps);
  return {
    deployVersion: withCodes(environment.deployVersion),
    countInstances: withCodes(environment.countInstances),
    retireVersion: withCodes(environment.retireVersion),
    switchTraffic: withCodes(switchTraffic),
    readGeneration: withCodes(readGeneration),
    rollBatch: withCodes(createRollBatchActivities(deps).rollBatch),
    notify: withCodes(notify),
    findFreezes: createCalendarActivities(deps).findFreezes,
    callHook: withCodes(createHookActivities(deps).callHook),
    runState: createRunStateActivities().runState,
  };
}

/** What looks at the world, for long; served from a queue with slots of its own. */
export function createWatching(deps: ActivityDeps) {
  return {
    proveReady: withCodes(createHealthActivities(deps).proveReady),
    validateCandidate: withCodes(createValidateActivities(deps).validateCandidate),
    watchRelease: withCodes(createWatchActivities(deps).watchRelease),
    compareArms: withCodes(createCompareArmsActivities(deps).compareArms),
    askGate: withCodes(createGateActivities(deps).askGate),
    verifyRollback: withCodes(createVerifyActivities(deps).verifyRollback),
  };
}

/** What pages people; served from a queue with slots of its own. */
export function createPaging(paging: PagingDeps) {
  const { sendPage, showStatus } = createPagingSends(paging);
  return { sendPage: withCodes(sendPage), showStatus: withCodes(showStatus) };
}
