import type { IncomingMessage } from 'node:http';
import type { CountsStore } from '../providers/traffic/counts-store.ts';
import type { TrafficState } from '../providers/traffic/router.ts';
import { createTurns } from './choose.ts';
import type { InstancePools } from './instance-pools.ts';
import type { createOpenRequests } from './open-requests.ts';
import { forwarded, hasBody } from './request-headers.ts';

/** So many copies are open at once; beyond that requests are not copied. */
export const COPIES_MAX = 64;
const ANSWER_WITHIN_MS = 10_000;
const ANSWER_MAX_BYTES = 16 * 1024 * 1024;
/** Tells an instance that nobody waits for its answer. */
export const MIRROR_HEADER = 'x-belay-mirror';

export interface MirrorDeps {
  readonly counts: CountsStore;
  readonly pools: InstancePools;
  readonly open: ReturnType<typeof createOpenRequests>;
  readonly random: () => number;
}

/** Sends copies of live requests to another version. Whatever becomes of one, no user sees it. */
export function createMirror({ counts, pools, open, random }: MirrorDeps) {
  const inTurn = createTurns();
  let copies = 0;

  return async (request: IncomingMessage, service: string, state: TrafficState): Promise<void> => {
    const { mirror } = state;
    if (mirror === undefined || copies >= COPIES_MAX) return;
    if (request.method !== 'GET' && request.method !== 'HEAD') return;
    if (hasBody(request) || random() * 100 >= mirror.percent) return;
    const { version } = mirror;
    const route = state.routes.find((one) => one.version === version);
    const [instance] = route === undefined ? [] : inTurn(service, route);
    if (instance === undefined) return;
    const startedMs = performance.now();
    const ended = [open.atVersion(service, version), open.atInstance(service, version, instance)];
    copies += 1;
    let kind: 'good' | 'faulty' | 'failed' = 'failed';
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      const answer = await pools.of(instance).request({
        method: request.method,
        path: request.url ?? '/',
        headers: [...forwarded(request), MIRROR_HEADER, '1'],
        signal,
      });
      await answer.body.dump({ limit: ANSWER_MAX_BYTES, signal });
      kind = answer.statusCode >= 500 ? 'faulty' : 'good';
    } catch {
      // Counted as failed: that is all that anybody can learn of a copy.
    } finally {
      copies -= 1;
      for (const end of ended) end();
    }
    const latencyMs = performance.now() - startedMs;
    counts.record({ service, version, audience: 'mirror', kind, latencyMs, atMs: Date.now() });
  };
}
