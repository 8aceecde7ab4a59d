import { CancellationScope } from '@temporalio/workflow';
import type { IncidentStatus } from '../domain/escalation/incident.ts';
import { type LedgerEntry, messagesOf, withShown } from '../domain/escalation/ledger.ts';
import { failureOf, isCalledOff } from './failure.ts';
import type { OpenIncident } from './incident.ts';
import type { pagingActivitiesFor } from './paging-activities.ts';

interface Showing {
  readonly scope: CancellationScope;
  readonly done: Promise<void>;
}

/**
 * Messages that have been sent show the status of the incident, where their channel can change
 * them. Of one message only the newest status is tried: an older one must not come after it.
 */
export function createScreens(
  incident: OpenIncident,
  act: () => ReturnType<typeof pagingActivitiesFor>,
  keep: (work: Promise<void>) => void,
) {
  const latest = new Map<string, Showing>();

  async function show(
    { key, channel, person, contact, handle }: LedgerEntry,
    action: LedgerEntry['shown'],
    { scope, before }: { readonly scope: CancellationScope; readonly before: Showing | undefined },
  ): Promise<void> {
    before?.scope.cancel();
    await before?.done;
    if (scope.consideredCancelled) return;
    const { cycle, round, level } = incident.escalation;
    const request = {
      ...{ key: `${key}/${action}-${cycle}`, channel, person, contact, handle, action },
      ...{ incident: incident.told(), round, level, dueMs: Date.now() },
    };
    try {
      await scope.run(() => act().showStatus(request));
    } catch (error) {
      if (isCalledOff(error)) return;
      incident.warn(`${channel} does not show it: ${failureOf(error).message}`);
    }
  }

  return {
    /** Each message shows the status of now, unless it does already. */
    show(): void {
      const action = SHOWN[incident.escalation.status];
      for (const entry of messagesOf(incident.ledger)) {
        if (action === null || entry.shown === action) continue;
        incident.record(withShown(incident.ledger, entry, action));
        const message = `${entry.channel} ${entry.handle}`;
        const scope = new CancellationScope({ cancellable: true });
        const done = show(entry, action, { scope, before: latest.get(message) }).then(() => {
          if (latest.get(message)?.scope === scope) latest.delete(message);
        });
        latest.set(message, { scope, done });
        keep(done);
      }
    },
  };
}

/** Null: nothing is said of it; who pages last has been told. */
const SHOWN = {
  triggered: 'trigger',
  acknowledged: 'acknowledge',
  resolved: 'resolve',
  never_acknowledged: null,
} as const satisfies Record<IncidentStatus, LedgerEntry['shown'] | null>;
