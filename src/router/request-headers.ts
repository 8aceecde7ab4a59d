import type { IncomingMessage } from 'node:http';

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-connection',
  // The router itself has told the user to go on.
  'expect',
]);

/** Names and values in turns, as Node and undici give and take them. */
export type RawHeaders = readonly string[];

/** Of a header that comes several times, the last; each byte of it is one character. */
export function lastHeader(raw: RawHeaders, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (let at = raw.length - 2; at >= 0; at -= 2) {
    if (raw[at]?.toLowerCase() === wanted) return raw[at + 1];
  }
  return undefined;
}

/** Of a cookie that comes several times, the first. `belay.lua` reads cookies in the same way. */
export function cookieOf(raw: RawHeaders, name: string): string | undefined {
  const begin = `${name}=`;
  return lastHeader(raw, 'cookie')
    ?.split(';')
    .map((part) => part.replace(/^[ \t]+/, ''))
    .find((part) => part.startsWith(begin))
    ?.slice(begin.length);
}

/** What an instance is told: all but what was meant for the router's own connection. */
export function forwarded(request: IncomingMessage): string[] {
  const headers: string[] = [];
  const dropped = new Set(
    (request.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()),
  );
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i] ?? '';
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || dropped.has(lower) || lower === 'x-forwarded-for') continue;
    headers.push(name, request.rawHeaders[i + 1] ?? '');
  }
  const before = request.headers['x-forwarded-for'];
  const remote = request.socket.remoteAddress ?? 'unknown';
  headers.push('x-forwarded-for', before === undefined ? remote : `${String(before)}, ${remote}`);
  return headers;
}

/** What the user is told of an instance's answer. */
export function returned(raw: unknown): string[] {
  const list = Array.isArray(raw) ? raw.map(String) : [];
  const headers: string[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] ?? '';
    if (!HOP_BY_HOP.has(name.toLowerCase())) headers.push(name, list[i + 1] ?? '');
  }
  return headers;
}

/** Such a request is for nobody (RFC 9112, section 3.2): who reads the other host sees another one. */
export function namesTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  const isHost = (name: string, at: number): boolean =>
    at % 2 === 0 && name.toLowerCase() === 'host';
  return rawHeaders.filter(isHost).length > 1;
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}
