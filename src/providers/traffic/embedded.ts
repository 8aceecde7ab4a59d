import { setTimeout as wait } from 'node:timers/promises';
import { request as fetchUrl } from 'undici';
import { Failure, isFailureCode } from '../../domain/failure.ts';
import type { TrafficSpec } from '../../domain/release/release.schema.ts';
import { CAPABILITIES } from '../../domain/release/capabilities.ts';
import { canonical, requireNotTakenBack, requireReady, requireWhole } from './check-change.ts';
import { requireAble } from './check-steering.ts';
import { confirmServed } from './confirm.ts';
import { type AnsweredCounts, blocksQuery, countsOf, countsQuery } from './counts-query.schema.ts';
import { addressOf } from './left-instances.ts';
import type { TrafficRouter, TrafficState } from './router.ts';

const ANSWER_WITHIN_MS = 5000;
const DRAIN_ASK_EVERY_MS = 100;

/** Steers `belay router` through its control address. */
export function createEmbeddedRouter(
  spec: Extract<TrafficSpec, { kind: 'embedded' }>,
): TrafficRouter {
  async function call<T>(
    method: 'GET' | 'PUT',
    path: string,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<T> {
    const { statusCode, body: answer } = await fetchUrl(`${spec.control}${path}`, {
      method,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw new Failure('TrafficUnreachable', `the router at ${spec.control}: ${String(error)}`, {
        cause: error,
      });
    });
    const text = await answer.text();
    if (statusCode === 200) return JSON.parse(text);
    const { code, message } = failureIn(text);
    throw new Failure(code, message);
  }

  const at = (service: string): string => `/services/${encodeURIComponent(service)}`;

  return {
    can: CAPABILITIES.embedded,
    async apply(change, signal) {
      requireWhole(change);
      requireAble(change, CAPABILITIES.embedded);
      const path = `${at(change.service)}/traffic`;
      const current = await call<TrafficState>('GET', path, signal);
      requireNotTakenBack(current, change);
      await requireReady(change, current, signal);
      await call('PUT', path, signal, change);
      const { service, generation } = change;
      const expected = `${generation} ${canonical(change)}`;
      await confirmServed({ url: spec.url, service, expected }, signal);
      return call('GET', path, signal);
    },
    read: (service, signal) => call('GET', `${at(service)}/traffic`, signal),
    async drain({ service, version, instances, deadlineMs }, signal) {
      if (instances?.length === 0) return { open: 0 };
      const untilMs = Date.now() + deadlineMs;
      const query = new URLSearchParams({ version });
      for (const instance of instances ?? []) query.append('instance', addressOf(instance));
      const path = `${at(service)}/open?${query}`;
      for (;;) {
        const { open } = await call<{ open: number }>('GET', path, signal);
        if (open === 0 || Date.now() >= untilMs) return { open };
        await wait(DRAIN_ASK_EVERY_MS, undefined, { signal });
      }
    },
    preview: (service, version) => ({
      url: spec.url.replace(/\/$/, ''),
      headers: { 'x-belay-version': version, 'x-belay-service': service },
    }),
    counts: async (query, signal) => {
      const path = `${at(query.service)}/counts?${countsQuery(query)}`;
      return countsOf(await call<AnsweredCounts>('GET', path, signal));
    },
    async countsByBlock(query, signal) {
      const path = `${at(query.service)}/counts?${blocksQuery(query)}`;
      return (await call<readonly AnsweredCounts[]>('GET', path, signal)).map(countsOf);
    },
    assignments: (service, signal) => call('GET', `${at(service)}/assignments`, signal),
    effects: (service, signal) => call('GET', `${at(service)}/effects`, signal),
  };
}

function failureIn(text: string): Failure {
  try {
    const { code, message }: { code?: unknown; message?: unknown } = JSON.parse(text);
    if (isFailureCode(code)) return new Failure(code, String(message));
  } catch {
    // Not an answer of the router: told below.
  }
  return new Failure('TrafficUnreachable', `the router answered: ${text.slice(0, 200)}`);
}
