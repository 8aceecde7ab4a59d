import { createFlush } from '../activities/flush-pages.ts';
import { withCodes } from '../activities/failure.ts';
import { createLastMessages } from '../activities/last-messages.ts';
import { createNap } from '../activities/nap.ts';
import type { PagingDeps } from '../activities/paging-deps.ts';
import { type Releases, createSteering } from '../activities/steer-release.ts';
import { type IncidentPort, createTellIncidents } from '../activities/tell-incidents.ts';
import { createTimeTables } from '../activities/time-tables.ts';
import { systemClock } from '../activities/clock.ts';
import { type BelayClient, createBelayClient } from '../client/client.ts';
import type { AlertActivities } from '../domain/alerting/alert-activities.ts';
import type { AlertStore } from '../domain/alerting/alert-store.ts';
import { Failure } from '../domain/failure.ts';

/** What shards of alerts ask of a worker: of the one that runs them, and of the one that pages. */
export interface AlertingActivities {
  readonly reads: Pick<
    AlertActivities,
    'lookUpTimes' | 'nap' | 'askLastMessages' | 'forgetAlerts' | 'forgetFiring'
  >;
  readonly sends: Pick<AlertActivities, 'flushPages' | 'tellIncidents' | 'steerRelease'>;
  close(): Promise<void>;
}

/** By the worker's own adapters, and by a client of its own for incidents and releases. */
export function createAlertingActivities(
  { taskQueue, store }: { readonly taskQueue: string; readonly store: AlertStore | undefined },
  paging: PagingDeps,
): AlertingActivities {
  const clock = systemClock;
  let connecting: Promise<BelayClient> | undefined;
  const belay = (): Promise<BelayClient> => {
    connecting ??= createBelayClient({ taskQueue }).catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  const { flushPages } = createFlush({ ...paging, clock });
  const { tellIncidents } = createTellIncidents({ clock, incidents: incidentsBy(belay) });
  const { steerRelease } = createSteering({ releases: releasesBy(belay) });
  return {
    reads: {
      ...createTimeTables(),
      ...createNap({ clock }),
      ...createLastMessages({ store, clock }),
    },
    sends: {
      flushPages: withCodes(flushPages),
      tellIncidents: withCodes(tellIncidents),
      steerRelease: withCodes(steerRelease),
    },
    async close() {
      await (await connecting?.catch(() => undefined))?.close();
      await store?.close();
    },
  };
}

/** Incidents, as their alerts reach them. */
export function incidentsBy(belay: () => Promise<BelayClient>): IncidentPort {
  return {
    report: async ({ policy, key, report, ...request }) =>
      (await belay()).incidents.report(policy, key, report, request),
    async resolve({ key, ...request }) {
      const { incidents } = await belay();
      try {
        await incidents.answer(incidents.idOf(key), 'resolve', request);
        return true;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (error.code === 'NotFound' || error.code === 'NotAllowedNow') return false;
        throw error;
      }
    },
  };
}

function releasesBy(belay: () => Promise<BelayClient>): Releases {
  return {
    history: async (service) => (await belay()).history(service),
    steer: async (service, verb, request) => (await belay()).steer(service, verb, request),
    progress: async (workflowId) => (await belay()).progress(workflowId),
  };
}
