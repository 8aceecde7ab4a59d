import type { FlushEnd, IncidentPage, TellRequest } from '../domain/alerting/flush.ts';
import type { Report } from '../domain/escalation/incident.ts';
import { Failure } from '../domain/failure.ts';
import { beating } from './beating.ts';
import type { Clock } from './clock.ts';

/** What an incident is told by the alerts that it is about. */
export interface IncidentPort {
  /** Opens the incident with this key, or tells the one that is open; answers its id. */
  report(told: {
    readonly policy: string;
    readonly key: string;
    readonly report: Report;
    readonly who: string;
    readonly why: string;
    readonly requestId: string;
  }): Promise<{ readonly id: string; readonly isNew: boolean }>;
  /** Ends the incident with this key; false, there is none that is open. */
  resolve(told: {
    readonly key: string;
    readonly who: string;
    readonly why: string;
    readonly requestId: string;
  }): Promise<boolean>;
}

export interface TellDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly incidents: IncidentPort;
}

const TOGETHER_MAX = 10;
const WHO = 'alerts';

/** What makes incidents of groups of alerts. */
export function createTellIncidents({ clock, incidents }: TellDeps) {
  async function tellOne(
    policy: string,
    { key, incident, action, report }: IncidentPage,
  ): Promise<FlushEnd> {
    const atMs = clock.nowMs();
    const told = { who: WHO, why: report.title, requestId: key };
    try {
      const receipt = await carryOut(policy, incident, action, report, told);
      const attempts = [{ attempt: 1, atMs, outcome: 'accepted', text: receipt } as const];
      return { key, state: 'arrived', attempts, receipt };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const attempts = [{ attempt: 1, atMs, outcome: 'failed', text: error.message } as const];
      return { key, state: 'later', attempts, receipt: null };
    }
  }

  async function carryOut(
    policy: string,
    key: string,
    action: IncidentPage['action'],
    report: Report,
    told: { readonly who: string; readonly why: string; readonly requestId: string },
  ): Promise<string> {
    if (action === 'report') {
      const { id, isNew } = await incidents.report({ ...told, policy, key, report });
      return `${id} was ${isNew ? 'opened' : 'told'}`;
    }
    return (await incidents.resolve({ ...told, key })) ? 'resolved' : 'was over already';
  }

  return {
    /** Each is told once, however often this is tried: a page's key is its request id. */
    async tellIncidents({ policy, pages }: TellRequest): Promise<readonly FlushEnd[]> {
      return beating(async () => {
        const ends: FlushEnd[] = [];
        for (let at = 0; at < pages.length; at += TOGETHER_MAX) {
          const some = pages.slice(at, at + TOGETHER_MAX);
          ends.push(...(await Promise.all(some.map((one) => tellOne(policy, one)))));
        }
        return ends;
      });
    },
  };
}
