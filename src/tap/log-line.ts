import type { Assigned } from '../providers/traffic/assignments-store.ts';
import type { Counted } from '../providers/traffic/counts-store.ts';

/**
 * `service version audience status state microseconds user`, at the end of an RFC 5424 line. `user`
 * is `-`, or `affinity.hash` where an affinity has chosen; configurations of before there was
 * affinity write none.
 */
const LINE = new RegExp(
  '^<\\d+>1 (\\S+) .* - - ([a-z0-9-]+) ([A-Za-z0-9._+-]+) (live|preview) ' +
    '(-?\\d+) (\\S\\S) (-?\\d+)' +
    '(?: (?:-|([0-9a-f]{8})\\.([0-9a-f]{16})))?\\s*$',
);

export interface LoggedRequest {
  readonly counted: Counted;
  readonly assigned?: Assigned;
}

/**
 * Reads one line of the log that the shipped `haproxy.cfg` writes. `undefined` for anything else,
 * such as HAProxy's own notices, and for a client that left, or came to a halt, before it had asked,
 * or with its body half sent and unanswered: neither version nor balancer is to blame for it.
 */
export function readLogLine(line: string): LoggedRequest | undefined {
  const [, at = '', service = '', version = '', audience, status, state = '', micros, ...who] =
    LINE.exec(line) ?? [];
  const endedMs = Date.parse(at);
  if (micros === undefined || Number.isNaN(endedMs)) return undefined;
  // HAProxy's termination state. First letter: C, the client left; c, it took nothing for too long.
  // Second letter: R, it had not asked yet; D, a body was under way, its own where none has answered.
  const isGivenUp = /^[Cc]/.test(state);
  const code = Number(status);
  if (isGivenUp && (state.endsWith('R') || (state.endsWith('D') && code < 0))) return undefined;
  // `--`: the session ended by itself, so that the status is the version's own answer.
  const own = state === '--' && code > 0;
  const counted: Counted = {
    service,
    version,
    audience: audience === 'preview' ? 'preview' : 'live',
    kind: isGivenUp ? 'given_up' : !own ? 'failed' : code >= 500 ? 'faulty' : 'good',
    latencyMs: Math.max(0, Number(micros)) / 1000,
    atMs: endedMs,
  };
  const [affinity, user] = who;
  if (affinity === undefined || user === undefined) return { counted };
  return { counted, assigned: { service, version, affinity, user } };
}
