import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Answered, BelayClient } from '../../src/client/client.ts';
import type { IncidentReport } from '../../src/domain/escalation/incident.ts';
import { Failure } from '../../src/domain/failure.ts';
import { ackSignal } from '../../src/workflows/incident-messages.ts';
import type { IncidentPlan, Say } from './incident-plan.ts';

/** What somebody said, and what they were told. */
export interface Told {
  readonly who: string;
  readonly verb: Say['verb'];
  /** When it was first known to be durable; null, never. */
  readonly durableAtMs: number | null;
  /** When it was answered that it is applied; null, it was not. */
  readonly appliedAtMs: number | null;
  /** Places where something may still arrive, as the answer says. */
  readonly inFlight: readonly string[];
  /** The code with which it was refused. */
  readonly refused: string | null;
}

export type End =
  | { readonly kind: 'resolved'; readonly report: IncidentReport }
  | { readonly kind: 'never acknowledged' }
  | { readonly kind: 'lost'; readonly why: string };

export interface Lived {
  readonly plan: IncidentPlan;
  readonly id: string;
  readonly told: readonly Told[];
  readonly end: End;
}

export interface Crowd {
  readonly belay: BelayClient;
  readonly temporal: Client;
  readonly beganAtMs: number;
  /** The turn of the next incident: not while too many wait for their first page. */
  turn(): Promise<void>;
  /** This one waits for no page any more. */
  over(id: string): void;
  /** Whoever is not through by then is not heard any more. */
  readonly untilMs: number;
}

/** Refused for good; anything else is tried again. */
const REFUSALS: readonly string[] = ['NotFound', 'NotAllowedNow', 'AlreadyAcknowledged'];
const AGAIN_AFTER_MS = 1000;
/** What is durable is not lost: whoever wants to know more asks again in a while. */
const MORE_AFTER_MS = 5000;
/** Whoever waits for a result looks again so often, as a killed server answers nothing any more. */
const RESULT_WITHIN_MS = 20_000;

/** Everything that befalls one incident from outside, whatever is away meanwhile. */
export async function live(crowd: Crowd, plan: IncidentPlan): Promise<Lived> {
  const { key, policy, openAfterMs, people, resolveAfterMs } = plan;
  await wait(Math.max(0, crowd.beganAtMs + openAfterMs - Date.now()));
  await crowd.turn();
  const requestId = randomUUID();
  const by = { who: 'monitor', why: 'its alert fires' };
  try {
    const { id } = await insist(crowd, () =>
      crowd.belay.incidents.open({ ...by, policy, title: key, key, requestId }),
    );
    const told = [...(await Promise.all(people.map((one) => say(crowd, id, one))))];
    if (people.length > 0) {
      const afterMs = resolveAfterMs;
      const all = { verb: 'resolve', by: 'client', until: 'durable' } as const;
      told.push(await say(crowd, id, { who: 'ops', afterMs, ...all }));
    }
    const end = await endOf(crowd, id);
    crowd.over(id);
    return { plan, id, told, end };
  } catch (error) {
    return { plan, id: '', told: [], end: { kind: 'lost', why: String(error) } };
  }
}

/** The same request until it is answered as this person wants it, or refused. */
async function say(
  crowd: Crowd,
  id: string,
  { who, verb, by, afterMs, until }: Say,
): Promise<Told> {
  await wait(afterMs);
  const request = { who, why: `${verb} in the chaos`, requestId: randomUUID() };
  let durableAtMs: number | null = null;
  const ask = async (): Promise<Answered> => {
    if (by === 'client') return crowd.belay.incidents.answer(id, verb, request);
    await crowd.temporal.workflow.getHandle(id).signal(ackSignal, request);
    return { kind: 'signalled' };
  };
  try {
    const answer = await insist(crowd, async () => {
      const answered = await ask();
      durableAtMs ??= Date.now();
      if (until === 'applied' && answered.kind !== 'applied') {
        await wait(MORE_AFTER_MS);
        throw new Error(`no more than ${answered.kind}`);
      }
      return answered;
    });
    const isApplied = answer.kind === 'applied';
    return {
      ...{ who, verb, durableAtMs, appliedAtMs: isApplied ? Date.now() : null },
      ...{ inFlight: isApplied ? answer.inFlight : [], refused: null },
    };
  } catch (error) {
    const refused = error instanceof Failure ? error.code : String(error);
    return { who, verb, durableAtMs, appliedAtMs: null, inFlight: [], refused };
  }
}

async function endOf(crowd: Crowd, id: string): Promise<End> {
  try {
    return await insist(crowd, async () => {
      try {
        const late = wait(RESULT_WITHIN_MS, undefined, { ref: false }).then(() => {
          throw new Error('it has not ended');
        });
        const report = await Promise.race([crowd.belay.incidents.result(id), late]);
        return { kind: 'resolved', report };
      } catch (error) {
        if (error instanceof Failure && error.code === 'NeverAcknowledged') {
          return { kind: 'never acknowledged' };
        }
        throw error;
      }
    });
  } catch (error) {
    return { kind: 'lost', why: String(error) };
  }
}

async function insist<T>({ untilMs }: Crowd, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw new Failure('NotFound', error.message);
      if (error instanceof Failure && REFUSALS.includes(error.code)) throw error;
      if (Date.now() > untilMs) throw error;
      await wait(AGAIN_AFTER_MS);
    }
  }
}
