import { setTimeout as wait } from 'node:timers/promises';
import type { Phase, Progress, Waiting } from '../../src/domain/release/progress.ts';
import type { TestStack } from '../support/stack.ts';
import { type Scene, linesOf } from './scene.ts';
import type { Fate } from './wire.ts';

/** A moment of a release that can be seen from outside. */
export type Moment =
  /** When the phase is first seen, or some time after that; also of the release's rollback. */
  | { readonly in: Phase; readonly afterMs?: number }
  /** When the release stands at this step of its plan or beyond it, or some time after that. */
  | { readonly step: string; readonly afterMs?: number }
  /** When the load balancer is known to give the candidate this share. */
  | { readonly weight: number; readonly afterMs?: number }
  /** When it waits for this, or some time after that. */
  | { readonly waiting: Waiting['why']; readonly afterMs?: number }
  /**
   * When the driver writes this effect, which then meets this fate; `back/…` is one of the
   * release's rollback.
   */
  | { readonly write: string; readonly fate: Fate }
  /** When the next instance has begun to run. */
  | { readonly started: 'instance' }
  /** When a message has been received, before it is answered. */
  | { readonly received: 'message' };

/** The worker is ended at the moment, or the Temporal server. */
export type Kill = Moment & { readonly server?: true };

export interface Ids {
  readonly workflowId: string;
  /** The rollback that the release may begin. */
  readonly back: string;
}

const MOMENT_WITHIN_MS = 90_000;
const LOOK_EVERY_MS = 80;

/**
 * Ends the process; `meanwhile` is called while it is away, so that what comes next is looked out
 * for before it can happen. The process is back when this returns.
 */
export async function strike(
  { stack, temporal }: Scene,
  { server }: Kill,
  meanwhile: () => void,
): Promise<void> {
  if (server === true) {
    meanwhile();
    return temporal.crash();
  }
  const worker = stack.worker();
  worker.kill('SIGKILL');
  await worker.exited;
  meanwhile();
  await stack.startWorker();
}

/** Resolves at the moment; whatever is written or started after this call counts. */
export async function untilMoment(
  scene: Scene,
  moment: Moment,
  ids: Ids,
  over: AbortSignal,
): Promise<void> {
  const { stack, receiver, wire, starts } = scene;
  const { workflowId, back } = ids;
  if ('in' in moment) {
    // A release is deploying when it has been accepted; the look at it may come later.
    const isThere = ({ timeline }: Progress): boolean =>
      timeline.some(({ phase }) => phase === moment.in);
    await seen({ stack, over }, [workflowId, back], `phase ${moment.in}`, isThere);
    await wait(moment.afterMs ?? 0, undefined, { signal: over });
  } else if ('step' in moment) {
    const isThere = ({ steps, at }: Progress): boolean => {
      const wanted = steps.findIndex(({ name }) => name === moment.step);
      return wanted >= 0 && at >= wanted;
    };
    await seen({ stack, over }, [workflowId], `step ${moment.step}`, isThere);
    await wait(moment.afterMs ?? 0, undefined, { signal: over });
  } else if ('weight' in moment) {
    const isThere = ({ weights, version }: Progress): boolean =>
      weights.some((one) => one.version === version && one.weightPercent === moment.weight);
    await seen({ stack, over }, [workflowId], `weight ${moment.weight}`, isThere);
    await wait(moment.afterMs ?? 0, undefined, { signal: over });
  } else if ('waiting' in moment) {
    const isThere = ({ waiting }: Progress): boolean => waiting?.why === moment.waiting;
    await seen({ stack, over }, [workflowId], `it ${moment.waiting}`, isThere);
    await wait(moment.afterMs ?? 0, undefined, { signal: over });
  } else if ('write' in moment) {
    const isBack = moment.write.startsWith('back/');
    const text = isBack ? `${back}/${moment.write.slice('back/'.length)}` : `/${moment.write}`;
    await within(wire.strike(text, moment.fate), `the write ${text}`, over);
  } else if ('started' in moment) {
    const count = linesOf(starts).length;
    const begun = async (): Promise<void> => {
      while (linesOf(starts).length === count) await wait(1, undefined, { signal: over });
    };
    await within(begun(), 'the start of an instance', over);
  } else {
    await within(receiver.hangUp(), 'the message', over);
  }
}

async function within(moment: Promise<void>, what: string, over: AbortSignal): Promise<void> {
  const late = new AbortController();
  const signal = AbortSignal.any([over, late.signal]);
  const never = wait(MOMENT_WITHIN_MS, undefined, { signal }).then(() => {
    throw new Error(`${what} never came`);
  });
  try {
    await Promise.race([moment, never]);
  } finally {
    late.abort();
    for (const one of [never, moment]) one.catch(() => undefined);
  }
}

async function seen(
  { stack, over }: { readonly stack: TestStack; readonly over: AbortSignal },
  ids: readonly string[],
  what: string,
  isThere: (progress: Progress) => boolean,
): Promise<void> {
  for (const untilMs = Date.now() + MOMENT_WITHIN_MS; Date.now() < untilMs;) {
    for (const id of ids) {
      const progress = await stack.client.progress(id).catch(() => undefined);
      if (progress !== undefined && isThere(progress)) return;
    }
    await wait(LOOK_EVERY_MS, undefined, { signal: over });
  }
  throw new Error(`${ids.join(', ')}: ${what} was never seen`);
}
