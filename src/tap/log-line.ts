import type { Counted } from '../providers/traffic/counts-store.ts';

/** `service version audience status state microseconds`, at the end of an RFC 5424 line. */
const LINE =
  /^<\d+>1 (\S+) .* - - ([a-z0-9-]+) ([A-Za-z0-9._+-]+) (live|preview) (-?\d+) (\S\S) (-?\d+)\s*$/;

/**
 * Reads one line of the log that the shipped `haproxy.cfg` writes. `undefined` for anything else,
 * such as HAProxy's own notices, and for a request that the client gave up: neither version nor
 * balancer is to blame for it.
 */
export function readLogLine(line: string): Counted | undefined {
  const [, at = '', service = '', version = '', audience, status, state = '', micros] =
    LINE.exec(line) ?? [];
  const endedMs = Date.parse(at);
  if (micros === undefined || Number.isNaN(endedMs)) return undefined;
  // First letter of HAProxy's termination state: C is the client's side.
  if (state.startsWith('C')) return undefined;
  const code = Number(status);
  // `--`: the session ended by itself, so that the status is the version's own answer.
  const own = state === '--' && code > 0;
  return {
    service,
    version,
    audience: audience === 'preview' ? 'preview' : 'live',
    kind: !own ? 'failed' : code >= 500 ? 'faulty' : 'good',
    latencyMs: Math.max(0, Number(micros)) / 1000,
    atMs: endedMs,
  };
}
