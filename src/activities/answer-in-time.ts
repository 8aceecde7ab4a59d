import { Context } from '@temporalio/activity';
import type { Clock } from './clock.ts';

type Connection = Context['client']['connection'];

export type InTime<T> =
  { readonly kind: 'answered'; readonly answer: T } | { readonly kind: 'late' };

/**
 * What Temporal answers within `ms`, by the connection of the worker. That one tries a call again for
 * some 10 s by itself, whatever its deadline: so it is not waited for, and let go when the time is
 * over. Throws what the call throws, and the reason of `signal`.
 */
export async function answerInTime<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  ask: (service: Connection['workflowService']) => Promise<T>,
): Promise<InTime<T>> {
  const { connection } = Context.current().client;
  const over = new AbortController();
  const asked = connection.withAbortSignal(over.signal, () =>
    connection.withDeadline(clock.nowMs() + ms, () => ask(connection.workflowService)),
  );
  try {
    return await Promise.race([
      asked.then((answer) => ({ kind: 'answered', answer }) as const),
      clock
        .pause(ms, AbortSignal.any([signal, over.signal]))
        .then(() => ({ kind: 'late' }) as const),
    ]);
  } finally {
    over.abort();
  }
}
