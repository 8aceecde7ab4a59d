import { Client } from '@temporalio/client';
import { dataConverter } from '../src/codec/data-converter.ts';
import { ackSignal } from '../src/workflows/incident-messages.ts';
import { besideSends } from '../test/support/history-cost.ts';
import { type IncidentRig, startIncidentRig } from '../test/support/incident-rig.ts';
import { poll } from '../test/support/poll.ts';
import { startBare } from './incidents/bare.ts';

export interface EscalationCost {
  /** Of one level more, beside its sends. */
  readonly eventsALevel: number;
  /** The same with its one send. */
  readonly eventsALevelWithSend: number;
  /** Of an acknowledgement by update, beside what it shows in the channels. */
  readonly eventsAnAck: number;
  /** Of an update that does nothing, of a workflow that does nothing: no update costs less. */
  readonly eventsABareUpdate: number;
  readonly eventsAnAckBySignal: number;
  /** Of a whole incident: opened, one page, acknowledged, resolved. */
  readonly events: number;
}

const FEW = 2;
const MANY = 12;
const WITHIN_MS = 20_000;
const BY = { who: 'bench', why: 'what it costs' };

/** What an incident costs in events of its history, on a server whose time is skipped. */
export async function costOfEscalation(): Promise<EscalationCost> {
  const rig = await startIncidentRig();
  try {
    const levels = (count: number) => ({
      levels: Array.from({ length: count }, () => ({
        wait: '5m',
        targets: [{ channel: 'chat' }],
      })),
    });
    rig.use({
      channels: { chat: { type: 'memory' } },
      policies: { few: levels(FEW), many: levels(MANY) },
      last_resort: ['chat'],
    });
    const few = await unanswered(rig, 'few');
    const many = await unanswered(rig, 'many');
    const aLevel = (events: (history: History) => number): number =>
      (events(many) - events(few)) / (MANY - FEW);
    const byUpdate = await acknowledged(rig, (id) => rig.client.incidents.acknowledge(id, BY));
    const temporal = new Client({ connection: rig.env.connection, dataConverter });
    const bySignal = await acknowledged(rig, (id) =>
      temporal.workflow.getHandle(id).signal(ackSignal, { ...BY, requestId: 'signalled' }),
    );
    return {
      eventsALevel: aLevel(besideSends),
      eventsALevelWithSend: aLevel(({ length }) => length),
      eventsAnAck: byUpdate.ack,
      eventsABareUpdate: await bareUpdate(rig),
      eventsAnAckBySignal: bySignal.ack,
      events: byUpdate.all,
    };
  } finally {
    await rig.close();
  }
}

async function bareUpdate(rig: IncidentRig): Promise<number> {
  const bare = await startBare(rig.env.address);
  try {
    const { workflowId } = await bare.start('update');
    const before = await settled(rig, workflowId);
    await bare.ask('update');
    const after = await settled(rig, workflowId);
    return besideSends(after) - besideSends(before);
  } finally {
    await bare.close();
  }
}

type History = Parameters<typeof besideSends>[0];

/** The history of an incident that nobody answers. */
async function unanswered(rig: IncidentRig, policy: string): Promise<History> {
  const id = await rig.open({ policy });
  const end = await rig.end(id).then(
    () => 'resolved',
    (error: unknown) => String(error instanceof Error ? error.cause : error),
  );
  if (!end.includes('nobody has acknowledged')) throw new Error(`${id}: ${end}`);
  return historyOf(rig, id);
}

async function acknowledged(
  rig: IncidentRig,
  acknowledge: (id: string) => Promise<unknown>,
): Promise<{ readonly ack: number; readonly all: number }> {
  const id = await rig.open({ policy: 'few' });
  await rig.until(id, ({ ledger }) => ledger[0]?.state === 'accepted');
  const before = await settled(rig, id);
  await acknowledge(id);
  await rig.until(id, ({ status }) => status === 'acknowledged');
  const after = await settled(rig, id);
  await rig.client.incidents.answer(id, 'resolve', BY);
  await rig.end(id);
  const all = await historyOf(rig, id);
  return { ack: besideSends(after) - besideSends(before), all: all.length };
}

/** When nothing is under way any more. */
async function settled(rig: IncidentRig, id: string): Promise<History> {
  return poll(WITHIN_MS, async () => {
    const history = await historyOf(rig, id);
    const count = (name: keyof History[number]): number =>
      history.filter((event) => event[name] != null).length;
    const isIdle =
      count('activityTaskScheduledEventAttributes') ===
        count('activityTaskCompletedEventAttributes') &&
      count('workflowTaskScheduledEventAttributes') ===
        count('workflowTaskCompletedEventAttributes');
    return isIdle ? history : undefined;
  });
}

async function historyOf({ env }: IncidentRig, id: string): Promise<History> {
  const { events } = await env.client.workflow.getHandle(id).fetchHistory();
  return events ?? [];
}
