import type { TemporalView } from '../client/temporal-view.ts';
import type { Observation } from '../domain/watchdog/observation.ts';
import { type WatchedQueue, lookAtQueue, watchedQueues } from './look-at-queues.ts';
import { type RunsSettings, type Sweep, createRunsLook } from './look-at-runs.ts';

export interface LookSettings extends RunsSettings {
  /** Nobody has asked for work for so long: nobody is there. */
  readonly silentForMs: number;
}

export interface Look {
  /** One observation of each condition and queue, always. Never throws. */
  round(nowMs: number): Promise<readonly Observation[]>;
  sweep(): Sweep;
}

/** What was observed, and why the rest could not be. */
interface Part {
  readonly observations: readonly Observation[];
  readonly why: string | undefined;
}

/** Everything that the watchdog looks at. One part that cannot be looked at hides no other. */
export function createLook(view: TemporalView, settings: LookSettings): Look {
  const { taskQueue, silentForMs } = settings;
  const runs = createRunsLook(view, settings);

  function atQueue(watched: WatchedQueue, nowMs: number): Promise<Part> {
    const { queue } = watched;
    return part([{ condition: 'no_pollers', queue }], async () => [
      await lookAtQueue(view, watched, { nowMs, silentForMs }),
    ]);
  }

  return {
    async round(nowMs) {
      const parts = await Promise.all([
        ...watchedQueues(taskQueue).map((watched) => atQueue(watched, nowMs)),
        part(
          [
            { condition: 'tasks_failing', queue: taskQueue },
            { condition: 'overdue', queue: taskQueue },
          ],
          () => runs.round(nowMs),
        ),
      ]);
      const why = [...new Set(parts.flatMap((one) => one.why ?? []))];
      if (why.length > 0) view.reconnect();
      const server: Observation = {
        condition: 'unreachable',
        queue: taskQueue,
        state: why.length > 0 ? 'bad' : 'good',
        text: why.length > 0 ? why.join('\n') : `${view.address} answers`,
      };
      return [server, ...parts.flatMap(({ observations }) => observations)];
    },
    sweep: runs.sweep,
  };
}

async function part(
  about: readonly Pick<Observation, 'condition' | 'queue'>[],
  look: () => Promise<readonly Observation[]>,
): Promise<Part> {
  try {
    return { observations: await look(), why: undefined };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = 'it could not be looked at';
    return { observations: about.map((one) => ({ ...one, state: 'unknown', text })), why };
  }
}
