import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WatchdogMetrics } from './metrics.ts';

/** Whether the watchdog does its work; what it has found is not part of that. */
export interface Health {
  readonly ok: boolean;
  readonly [detail: string]: unknown;
}

export interface RunningAnswer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves `GET /metrics`, and `GET /healthz`: 200, or 503 with what is missing. */
export async function startAnswer(
  { host, port }: { readonly host: string; readonly port: number },
  metrics: Pick<WatchdogMetrics, 'text' | 'contentType'>,
  health: () => Health,
): Promise<RunningAnswer> {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });

  async function answer({ url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path] = url.split('?');
    if (path === '/metrics') {
      response.setHeader('content-type', metrics.contentType);
      response.end(await metrics.text());
    } else if (path === '/healthz') {
      const state = health();
      response.writeHead(state.ok ? 200 : 503, { 'content-type': 'application/json' });
      response.end(JSON.stringify(state));
    } else {
      response.writeHead(404).end();
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { address, port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${actual}`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
