import type { Report } from '../escalation/incident.ts';
import type { PagedAlerts } from '../paging/page.ts';
import type { FlushPage, IncidentPage } from './flush.ts';
import type { GroupPage } from './shard-state.ts';

/** A page with what it says, as it was when it was handed out. */
export interface ToldPage {
  readonly page: GroupPage;
  readonly report: Report;
  readonly alerts: PagedAlerts;
  /** When the group was opened. */
  readonly openedAtMs: number;
}

/** A group as channels are told it: as an incident that nobody can acknowledge. */
export function channelPage(
  { page, report, alerts, openedAtMs }: ToldPage,
  shard: string,
  dueMs: number,
): FlushPage {
  const isOver = page.firing.length === 0;
  return {
    key: page.key,
    action: isOver ? 'resolve' : 'trigger',
    incident: {
      ...report,
      ...{ id: shard, key: page.group, policy: '', openedAtMs },
      status: isOver ? 'resolved' : 'triggered',
      by: isOver ? 'its alerts' : undefined,
    },
    alerts,
    dueMs,
    earlier: [],
  };
}

/** A group as the incident of a policy; it is over when nothing fires any more. */
export function incidentPage({ page, report }: Pick<ToldPage, 'page' | 'report'>): IncidentPage {
  const action = page.firing.length === 0 ? 'resolve' : 'report';
  return { key: page.key, incident: page.group, action, report };
}
