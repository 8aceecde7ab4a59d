import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../domain/failure.ts';
import type { Accepted, Begun } from '../domain/release/commands.ts';

const LOOK_EVERY_MS = 500;

/**
 * Waits until a release that waits for its turn has begun, however long that takes; `NotFound`
 * says why it never will. It only asks, so that one that was called off stays so.
 */
export async function awaitBegun(
  ask: () => Promise<Accepted | null>,
  about: { readonly service: string; readonly requestId: string },
  pauseMs = LOOK_EVERY_MS,
): Promise<Begun> {
  for (;;) {
    const answer = await ask();
    const head = `the release of ${about.service} under the request id ${about.requestId}`;
    if (answer === null) throw new Failure('NotFound', `${head} is not known`);
    switch (answer.kind) {
      case 'begun':
        return answer;
      case 'called_off':
        throw new Failure('NotFound', `${head} will not begin: ${answer.why}`);
      case 'queued':
        await wait(pauseMs);
        break;
      default:
        return answer satisfies never;
    }
  }
}
