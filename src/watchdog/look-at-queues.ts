import type { TemporalView } from '../client/temporal-view.ts';
import { formatDuration } from '../domain/quantity.ts';
import type { Observation } from '../domain/watchdog/observation.ts';

type Kind = 'workflow' | 'activity';

export interface WatchedQueue {
  readonly queue: string;
  readonly kinds: readonly Kind[];
}

/** The task queues of Belay's workers; kept in step with `src/worker/worker.ts`. */
export function watchedQueues(taskQueue: string): readonly WatchedQueue[] {
  return [
    { queue: taskQueue, kinds: ['workflow', 'activity'] },
    { queue: `${taskQueue}-watch`, kinds: ['activity'] },
    { queue: `${taskQueue}-page`, kinds: ['activity'] },
  ];
}

/**
 * Whether workers ask a task queue for work. An idle one asks at least once a minute; one whose
 * slots are all taken does not ask, and nobody else could take a task either.
 */
export async function lookAtQueue(
  view: Pick<TemporalView, 'lastAsked'>,
  { queue, kinds }: WatchedQueue,
  { nowMs, silentForMs }: { readonly nowMs: number; readonly silentForMs: number },
): Promise<Observation> {
  const lasts = await Promise.all(
    kinds.map((kind) => view.lastAsked(queue, kind, nowMs - silentForMs)),
  );
  const silent = kinds.flatMap((kind, at) => {
    const lastMs = lasts[at] ?? 0;
    if (nowMs - lastMs < silentForMs) return [];
    const last =
      lastMs === 0 ? 'nobody has for minutes' : `last at ${new Date(lastMs).toISOString()}`;
    return [`no worker asks ${queue} for ${PLURAL[kind]}: ${last}`];
  });
  const text =
    silent.length > 0
      ? silent.join('\n')
      : `workers have asked within ${formatDuration(silentForMs)}`;
  return { condition: 'no_pollers', queue, state: silent.length > 0 ? 'bad' : 'good', text };
}

const PLURAL: Readonly<Record<Kind, string>> = {
  workflow: 'workflow tasks',
  activity: 'activities',
};
