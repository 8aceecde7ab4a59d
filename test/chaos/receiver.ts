import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Receiver {
  readonly url: string;
  /** The dedup keys in the order in which they first came; a repeat is dropped, as documented. */
  readonly keys: readonly string[];
  /** Repeats of a key that carried another text: these would reach a person twice. */
  readonly changed: readonly string[];
  /** The next message is taken, but its answer never sent; resolves when it has come. */
  hangUp(): Promise<void>;
  close(): Promise<void>;
}

/** A receiver of webhooks that drops repeats by their `Idempotency-Key`. */
export async function startReceiver(): Promise<Receiver> {
  const bodies = new Map<string, string>();
  const changed: string[] = [];
  let hungUp: (() => void) | undefined;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8');
      const key = String(request.headers['idempotency-key']);
      const before = bodies.get(key);
      if (before === undefined) bodies.set(key, body);
      else if (before !== body) changed.push(key);
      if (hungUp === undefined) {
        response.writeHead(204).end();
        return;
      }
      hungUp();
      hungUp = undefined;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    get keys() {
      return [...bodies.keys()];
    },
    changed,
    hangUp: () => new Promise((resolve) => (hungUp = resolve)),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
