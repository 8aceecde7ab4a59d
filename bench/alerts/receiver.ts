import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A page, as far as it is looked at. */
export interface Arrival {
  /** When all of it had come. */
  readonly atMs: number;
  /** The instances that it names, each once. */
  readonly names: readonly string[];
  /** How many alerts it is about. */
  readonly firing: number;
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

/** One webhook for both: it takes everything at once. */
export async function startReceiver() {
  const arrivals: Arrival[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const atMs = Date.now();
      response.end();
      arrivals.push({ atMs, ...read(Buffer.concat(chunks).toString('utf8')) });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    arrivals,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

/** Of many alerts Belay lists the first, and says how many more there are. */
function read(body: string): Pick<Arrival, 'names' | 'firing'> {
  const names = [...new Set(body.match(/host-\d{5}/g))];
  const truncated = Number(/"truncatedAlerts":(\d+)/.exec(body)?.[1] ?? 0);
  return { names, firing: names.length + truncated };
}
