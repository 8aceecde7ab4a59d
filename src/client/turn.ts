import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../domain/failure.ts';
import type { Begun, DeployCommand, Queued, ServiceView } from '../domain/release/commands.ts';
import type { RunRecord } from '../domain/release/progress.ts';
import type { BelayClient } from './client.ts';

const LOOK_EVERY_MS = 500;
/** Between leaving the queue and standing in the history a release is nowhere, for a moment. */
const LOOKS_FOR_ITS_RUN = 4;
/** The oldest are forgotten first: a client that lives long must not grow. */
const REMEMBERED_MAX = 1000;

/** Tells the run of a waiting release from all others: its number is above all seen before. */
export interface Waited {
  readonly version: string;
  readonly who: string;
  readonly why: string;
  readonly afterNumber: number;
}

export type Turn =
  | { readonly kind: 'waits'; readonly waited: Waited }
  | { readonly kind: 'begun'; readonly run: RunRecord }
  | { readonly kind: 'gone' };

/** Whether a release still waits, has begun, or is nowhere. Pure: `view` is one look. */
export function turnOf(view: ServiceView, requestId: string, before: Waited | undefined): Turn {
  const all = view.active === undefined ? view.runs : [view.active, ...view.runs];
  const waiting = view.queue.find((one) => one.requestId === requestId);
  if (waiting !== undefined) {
    const { version, who, why } = waiting;
    const afterNumber = Math.max(0, ...all.map(({ number }) => number));
    return { kind: 'waits', waited: { version, who, why, afterNumber } };
  }
  const run = all.find(
    ({ kind, number, version, who, why }) =>
      kind === 'release' &&
      before !== undefined &&
      number > before.afterNumber &&
      version === before.version &&
      who === before.who &&
      why === before.why,
  );
  return run === undefined ? { kind: 'gone' } : { kind: 'begun', run };
}

/** Waiting for a turn asks and never repeats the request: one that was called off stays so. */
export function createTurns(history: BelayClient['history'], pauseMs = LOOK_EVERY_MS) {
  const remembered = new Map<string, Waited>();
  const remarks = new Map<string, readonly string[]>();

  return {
    remember({ requestId, who, why }: DeployCommand, queued: Queued): void {
      const afterNumber = Number(queued.behind.split('/').at(-1));
      remembered.set(requestId, { version: queued.version, who, why, afterNumber });
      remarks.set(requestId, queued.remarks);
      for (const kept of [remembered, remarks]) {
        const [oldest] = kept.keys();
        if (oldest !== undefined && kept.size > REMEMBERED_MAX) kept.delete(oldest);
      }
    },

    async awaitTurn(service: string, requestId: string): Promise<Begun> {
      let before = remembered.get(requestId);
      for (let missed = 0; missed < LOOKS_FOR_ITS_RUN;) {
        const turn = turnOf(await history(service), requestId, before);
        if (turn.kind === 'begun') {
          const { workflowId, number, version } = turn.run;
          return {
            kind: 'begun',
            workflowId,
            number,
            version,
            remarks: remarks.get(requestId) ?? [],
          };
        }
        if (turn.kind === 'waits') before = turn.waited;
        missed = turn.kind === 'waits' ? 0 : missed + 1;
        await wait(pauseMs);
      }
      throw new Failure(
        'NotFound',
        `no release of ${service} waits under the request id ${requestId}: ` +
          'it was called off, or a newer one took its place',
      );
    },
  };
}
