import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, type Server, type Socket, createServer as createRaw } from 'node:net';

/** A request as a server of a test saw it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface LocalServer {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** In the order in which they came. */
  readonly received: readonly Received[];
  close(): Promise<void>;
}

type Handler = (request: Received, response: ServerResponse) => void;

/** A server on the loopback address that answers, or misbehaves, as the test says. */
export async function startHttp(handle: Handler): Promise<LocalServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const one = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      received.push(one);
      handle(one, response);
    });
  });
  const port = await listen(server);
  return {
    host: '127.0.0.1',
    port,
    url: `http://127.0.0.1:${port}`,
    received,
    async close() {
      server.closeAllConnections();
      await end(server);
    },
  };
}

/** The same without HTTP: for what no HTTP server does. */
export async function startTcp(onSocket: (socket: Socket) => void): Promise<LocalServer> {
  const sockets = new Set<Socket>();
  const server = createRaw((socket) => {
    sockets.add(socket);
    socket.once('error', () => socket.destroy());
    onSocket(socket);
  });
  const port = await listen(server);
  return {
    host: '127.0.0.1',
    port,
    url: `http://127.0.0.1:${port}`,
    received: [],
    async close() {
      for (const socket of sockets) socket.destroy();
      await end(server);
    },
  };
}

/** A port of the loopback address on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createRaw();
  const port = await listen(server);
  await end(server);
  return port;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return port;
}

async function end(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}
