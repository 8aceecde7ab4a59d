import { Failure } from '../../src/domain/failure.ts';
import type { IncidentView } from '../../src/domain/escalation/incident.ts';
import { type IncidentRig, startIncidentRig } from '../support/incident-rig.ts';
import { ADA, NIGHT } from '../support/night.ts';
import { unpacked } from '../support/unpacked.ts';
import type { History } from './history-file.ts';

const MINUTE = 60_000;
const REJECTED = new Failure('PageRejected', 'the pager knows no such address');
const CUT = new Failure('PageUndelivered', 'the connection was cut', { isUnknown: true });

/** What happens to each, beside the passing of time; its workflow has ended afterwards, or not. */
const INCIDENTS: Readonly<Record<string, (rig: IncidentRig, id: string) => Promise<void>>> = {
  async 'incident-acknowledged'({ client, pass, end }, id) {
    await client.incidents.acknowledge(id, ADA);
    await client.incidents.steer(id, 'add_note', ADA);
    await pass(60 * MINUTE);
    await client.incidents.steer(id, 'resolve', ADA);
    await end(id);
  },
  async 'incident-never-acknowledged'({ pass }) {
    await pass(31 * MINUTE);
  },
  async 'incident-reassigned'({ client, pass, end }, id) {
    const targets = [{ kind: 'person', name: 'bob' }];
    await client.incidents.steer(id, 'reassign', { ...ADA, targets });
    await pass(7 * MINUTE);
    await client.incidents.steer(id, 'snooze', { ...ADA, forMs: 20 * MINUTE });
    await pass(21 * MINUTE);
    await client.incidents.steer(id, 'escalate_now', ADA);
    await client.incidents.steer(id, 'change_policy', { ...ADA, policy: 'night' });
    await client.incidents.steer(id, 'resolve', ADA);
    await end(id);
  },
  async 'incident-signalled'({ signal, until, pass, end }, id) {
    await signal(id, 'ack', { ...ADA, requestId: 'recorded-ack' });
    await until(id, ({ status }) => status === 'acknowledged');
    await pass(60 * MINUTE);
    await signal(id, 'resolve-signal', { ...ADA, requestId: 'recorded-resolve' });
    await end(id);
  },
  async 'incident-with-fallback'({ client, fail, pass, end }, id) {
    fail('pager', { failure: REJECTED, when: 'before' });
    fail('chat', { failure: CUT, when: 'after' });
    await client.incidents.steer(id, 'escalate_now', ADA);
    await pass(12 * MINUTE);
    await client.incidents.steer(id, 'resolve', ADA);
    await end(id);
  },
};

/** Runs incidents on a server whose time is skipped, and hands over their histories. */
export async function recordIncidents(
  write: (name: string, history: History) => void,
): Promise<void> {
  const rig = await startIncidentRig();
  rig.use(NIGHT);
  try {
    for (const [name, happens] of Object.entries(INCIDENTS)) {
      const id = await rig.open({ key: name });
      await rig.until(id, hasBeenPaged);
      await happens(rig, id);
      const history = await rig.env.client.workflow.getHandle(id).fetchHistory();
      write(name, await unpacked(history));
      await rig.clear();
    }
  } finally {
    await rig.close();
  }
}

function hasBeenPaged({ level, ledger }: IncidentView): boolean {
  return level === 1 && ledger.every(({ state }) => state === 'accepted');
}
