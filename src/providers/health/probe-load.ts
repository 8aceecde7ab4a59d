import { Agent, request as fetchUrl } from 'undici';
import { messageOf } from './http.ts';

export interface ProbeLoadRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export type ProbeAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly tookMs: number }
  | { readonly kind: 'lost'; readonly why: string; readonly tookMs: number };

/** Sends single requests for warm-up and probe load; the answer's body counts into the time. */
export function createProbe() {
  const dispatcher = new Agent({ connections: 64, keepAliveTimeout: 2000 });
  return async (request: ProbeLoadRequest, signal: AbortSignal): Promise<ProbeAnswer> => {
    const startedMs = performance.now();
    const took = (): number => performance.now() - startedMs;
    try {
      const { statusCode, body } = await fetchUrl(request.url, {
        dispatcher,
        headers: request.headers,
        signal: AbortSignal.any([signal, AbortSignal.timeout(request.timeoutMs)]),
      });
      for await (const _ of body);
      return { kind: 'answered', status: statusCode, tookMs: took() };
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'lost', why: messageOf(error), tookMs: took() };
    }
  };
}
