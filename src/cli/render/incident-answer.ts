import type { Answered } from '../../client/client.ts';
import type { IncidentVerb } from '../../domain/escalation/incident.ts';

const DONE: Readonly<Record<IncidentVerb, string>> = {
  acknowledge: 'it is yours: nobody else is paged',
  unacknowledge: 'the policy begins again',
  resolve: 'it is over: nobody is paged any more',
  reassign: 'they are paged now; the policy goes on if none of them answers',
  snooze: 'nobody is paged until it is over',
  escalate_now: 'the next level begins',
  change_policy: 'it goes by this policy, from its first level on',
  add_note: 'it stands in the timeline',
};

/** Verbs after which pages may still arrive that nobody wants any more. */
const QUIETING: readonly IncidentVerb[] = ['acknowledge', 'resolve', 'snooze'];

/** What has become of a verb, and what the person must know now. */
export function renderAnswered(what: string, verb: IncidentVerb, answered: Answered): string {
  switch (answered.kind) {
    case 'applied': {
      const { inFlight } = answered;
      const late = QUIETING.includes(verb) ? inFlight : [];
      const lines = late.map((page) => `  ${page}`);
      const may = late.length === 0 ? [] : ['these had begun before and may still arrive:'];
      return `${[DONE[verb], ...may, ...lines].join('\n')}\n`;
    }
    case 'accepted':
      return (
        `${DONE[verb]}\npages that had begun before may still arrive; see them with: ` +
        `belay incident show ${what}\n`
      );
    case 'signalled':
      return (
        'durable, not yet applied: no worker has answered. Temporal keeps it, and it applies ' +
        'when a worker is\nthere; without one nobody is paged either. Start one with: belay worker\n'
      );
    default:
      return answered satisfies never;
  }
}
