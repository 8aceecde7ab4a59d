import { mkdirSync } from 'node:fs';
import { type ServerResponse, createServer as createHttpServer } from 'node:http';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { createAssignmentsStore } from '../providers/traffic/assignments-store.ts';
import { countsQuerySchema } from '../providers/traffic/counts-query.schema.ts';
import { createCountsStore } from '../providers/traffic/counts-store.ts';
import type { Assignment } from '../providers/traffic/router.ts';
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

/** Names of services have no letter that would be escaped. */
const ASKED = /^\/services\/([a-z0-9-]+)\/(counts|assignments)$/;
const assignmentsSchema = z.object({ affinity: z.string().regex(/^[0-9a-f]{8}$/) });
const USAGE =
  'GET /services/<service>/counts?version=&audience=live|preview|mirror&from=&to= (ms), or ' +
  'GET /services/<service>/assignments?affinity=';

/**
 * Counts every request that HAProxy logs. A process of its own: what a release is judged by must
 * not die with a worker. HAProxy keeps what it cannot send in its ring meanwhile.
 */
export async function startTap(options: TapOptions): Promise<RunningTap> {
  mkdirSync(options.stateDir, { recursive: true });
  const counts = createCountsStore(join(options.stateDir, 'counts.json'));
  const assignments = createAssignmentsStore(join(options.stateDir, 'assignments'));
  const connected = new Set<Socket>();
  let lastSeenMs = 0;

  const log = createServer((socket) => {
    connected.add(socket);
    const read = createFrameReader((line) => {
      const request = readLogLine(line);
      if (request === undefined) return;
      lastSeenMs = Math.max(lastSeenMs, request.counted.atMs);
      counts.record(request.counted);
      if (request.assigned !== undefined) assignments.record(request.assigned);
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
    const [, service = '', what] = ASKED.exec(url.pathname) ?? [];
    if (url.pathname === '/healthz') {
      return json(response, 200, { haproxy: connected.size, lastSeenMs });
    }
    const query = Object.fromEntries(url.searchParams);
    const answer =
      what === 'counts'
        ? answerCounts(service, query)
        : what === 'assignments'
          ? answerAssignments(service, query)
          : undefined;
    if (answer === undefined) return json(response, 404, { error: USAGE });
    json(response, 200, answer);
  });

  function answerCounts(service: string, query: object) {
    const asked = countsQuerySchema.safeParse(query);
    if (!asked.success) return undefined;
    const { version, audience, from, to, every } = asked.data;
    // With HAProxy connected, silence means that no request has ended; without, it means nothing.
    const countedUntilMs = connected.size > 0 ? Date.now() : lastSeenMs;
    const window = { service, version, audience, fromMs: from, toMs: to };
    if (every === undefined) return counts.read(window, countedUntilMs);
    return counts.readBlocks({ ...window, blockMs: every }, countedUntilMs);
  }

  function answerAssignments(service: string, query: object): readonly Assignment[] | undefined {
    const asked = assignmentsSchema.safeParse(query);
    return asked.success ? assignments.read(service, asked.data.affinity) : undefined;
  }

  const save = (): void => {
    counts.save();
    assignments.save();
  };
  const saving = setInterval(save, SAVE_EVERY_MS);
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
      save();
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
