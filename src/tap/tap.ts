import { mkdirSync } from 'node:fs';
import { type ServerResponse, createServer as createHttpServer } from 'node:http';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { createCountsStore } from '../providers/traffic/counts-store.ts';
import { readLogLine } from './log-line.ts';
import { createFrameReader } from './octet-frames.ts';

export interface TapOptions {
  /** Where HAProxy sends its log, and where Belay asks for counts; port 0 takes any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly control: { readonly host: string; readonly port: number };
  readonly stateDir: string;
}

export interface RunningTap {
  readonly listen: string;
  readonly control: string;
  close(): Promise<void>;
}

const SAVE_EVERY_MS = 1000;

const countsSchema = z.object({
  version: z.string(),
  audience: z.enum(['live', 'preview']),
  from: z.coerce.number(),
  to: z.coerce.number(),
});

/**
 * Counts every request that HAProxy logs. A process of its own: what a release is judged by must
 * not die with a worker. HAProxy keeps what it cannot send in its ring meanwhile.
 */
export async function startTap(options: TapOptions): Promise<RunningTap> {
  mkdirSync(options.stateDir, { recursive: true });
  const counts = createCountsStore(join(options.stateDir, 'counts.json'));
  const connected = new Set<Socket>();
  let lastSeenMs = 0;

  const log = createServer((socket) => {
    connected.add(socket);
    const read = createFrameReader((line) => {
      const request = readLogLine(line);
      if (request !== undefined) {
        lastSeenMs = Math.max(lastSeenMs, request.atMs);
        counts.record(request);
      }
    });
    socket.on('data', (chunk) => {
      try {
        read(chunk);
      } catch {
        socket.destroy();
      }
    });
    socket.once('error', () => socket.destroy());
    socket.once('close', () => connected.delete(socket));
  });

  const control = createHttpServer((request, response) => {
    const url = URL.parse(request.url ?? '/', 'http://tap') ?? new URL('http://tap/');
    // Names of services have no letter that would be escaped.
    const [, service] = /^\/services\/([a-z0-9-]+)\/counts$/.exec(url.pathname) ?? [];
    const query = countsSchema.safeParse(Object.fromEntries(url.searchParams));
    if (url.pathname === '/healthz') {
      return json(response, 200, { haproxy: connected.size, lastSeenMs });
    }
    if (service === undefined || !query.success) {
      return json(response, 404, {
        error: 'GET /services/<service>/counts?version=&audience=live|preview&from=&to= (ms)',
      });
    }
    const { version, audience, from, to } = query.data;
    const asked = { service, version, audience };
    // With HAProxy connected, silence means that no request has ended; without, it means nothing.
    const countedUntilMs = connected.size > 0 ? Date.now() : lastSeenMs;
    json(response, 200, counts.read({ ...asked, fromMs: from, toMs: to }, countedUntilMs));
  });
  const saving = setInterval(counts.save, SAVE_EVERY_MS);
  const [logAt, controlAt] = await Promise.all([
    listen(log, options.listen),
    listen(control, options.control),
  ]);
  return {
    listen: logAt,
    control: `http://${controlAt}`,
    async close() {
      clearInterval(saving);
      for (const socket of connected) socket.destroy();
      await Promise.all([end(log), end(control)]);
      counts.save();
    },
  };
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

async function listen(server: Server, at: TapOptions['listen']): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return `${at.host}:${port}`;
}

async function end(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function') {
      server.closeAllConnections();
    }
  });
}
