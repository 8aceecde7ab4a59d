import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'undici';
import { Failure } from '../../domain/failure.ts';
import { readLimited } from '../limited-body.ts';

/** How long a written change may take to be served before the write counts as not confirmed. */
const CONFIRM_WITHIN_MS = 3000;
const ASK_EVERY_MS = 25;
const ANSWER_WITHIN_MS = 1000;
const ANSWER_MAX_BYTES = 64 * 1024;
/** Fresh connections that must agree: an old process may still own one of the sockets. */
const AGREEING = 3;

/**
 * Returns when the data plane itself, asked through the address that users reach, says that it
 * serves `expected`; else throws `TrafficNotConfirmed` with what it said last.
 */
export async function confirmServed(
  request: { readonly url: string; readonly service: string; readonly expected: string },
  signal: AbortSignal,
  withinMs = CONFIRM_WITHIN_MS,
): Promise<void> {
  const untilMs = Date.now() + withinMs;
  let last = 'nothing';
  for (let agreed = 0; agreed < AGREEING;) {
    last = await ask(request, signal);
    agreed = last === request.expected ? agreed + 1 : 0;
    if (agreed > 0) continue;
    if (Date.now() >= untilMs) {
      throw new Failure(
        'TrafficNotConfirmed',
        `${request.url} does not serve ${request.expected} of ${request.service}: it says ${last}`,
      );
    }
    await wait(ASK_EVERY_MS, undefined, { signal });
  }
}

async function ask(
  { url, service }: { readonly url: string; readonly service: string },
  signal: AbortSignal,
): Promise<string> {
  const { origin, pathname } = new URL(url);
  // A connection of its own each time: a kept one would only ever ask one process.
  const client = new Client(origin);
  try {
    const { statusCode, body } = await client.request({
      method: 'GET',
      path: `${pathname.replace(/\/$/, '')}/.well-known/belay/${encodeURIComponent(service)}`,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    });
    const { text } = await readLimited(body, ANSWER_MAX_BYTES);
    if (statusCode !== 200) return `status ${statusCode}`;
    const answer: unknown = JSON.parse(text);
    const served = typeof answer === 'object' && answer !== null && 'served' in answer;
    return served ? String(answer.served) : 'another answer';
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.destroy();
  }
}
