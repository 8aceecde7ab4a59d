import { mkdirSync } from 'node:fs';
import { type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { FAILURES, Failure } from '../domain/failure.ts';
import { createAssignmentsStore } from '../providers/traffic/assignments-store.ts';
import { createCountsStore } from '../providers/traffic/counts-store.ts';
import { answerControl } from './control.ts';
import { createProxy } from './proxy.ts';
import { openRoutingTable } from './routing-table.ts';

export interface RouterOptions {
  /** Where users come in, and where Belay steers; port 0 takes any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly control: { readonly host: string; readonly port: number };
  /** Weights, effects, counts and assignments are kept here over a restart. */
  readonly stateDir: string;
  readonly random?: () => number;
}

export interface RunningRouter {
  readonly url: string;
  readonly control: string;
  close(): Promise<void>;
}

const SAVE_EVERY_MS = 1000;

/**
 * The embedded load balancer: for where there is none. A process of its own, so that neither a
 * worker's death nor its restart touches a request.
 */
export async function startRouter(options: RouterOptions): Promise<RunningRouter> {
  mkdirSync(options.stateDir, { recursive: true });
  const table = openRoutingTable(options.stateDir);
  const counts = createCountsStore(join(options.stateDir, 'counts.json'));
  const assignments = createAssignmentsStore(join(options.stateDir, 'assignments'));
  const random = options.random ?? Math.random;
  const proxy = createProxy({ table, counts, assignments, random });

  const front = createServer((request, response) => {
    proxy.handle(request, response).catch((error: unknown) => fail(response, error));
  });
  // Longer than that of common clients: they close first, and no request meets a closed door.
  front.keepAliveTimeout = 75_000;
  front.requestTimeout = 0;
  front.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 501 Not Implemented\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  const control = createServer((request, response) => {
    answerControl({ table, counts, assignments, proxy }, request, response).catch(
      (error: unknown) => fail(response, error),
    );
  });
  const save = (): void => {
    counts.save();
    assignments.save();
  };
  const saving = setInterval(save, SAVE_EVERY_MS);
  const [url, controlUrl] = await Promise.all([
    listen(front, options.listen),
    listen(control, options.control),
  ]);
  return {
    url,
    control: controlUrl,
    async close() {
      clearInterval(saving);
      await Promise.all([end(front), end(control)]);
      await proxy.close();
      save();
      table.close();
    },
  };
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const known = error instanceof Failure;
  const code = known ? error.code : 'Internal';
  response.writeHead(FAILURES[code].httpStatus, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({ code, message: error instanceof Error ? error.message : String(error) }),
  );
}

async function listen(server: Server, at: RouterOptions['listen']): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return `http://${at.host}:${port}`;
}

async function end(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 1000).unref();
  });
}
