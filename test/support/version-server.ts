import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Instance } from '../../src/domain/release/instance.ts';

export type VersionServer = Awaited<ReturnType<typeof startVersion>>;

/**
 * A version that answers with its name; `/slow` answers only when it is let go, `/upload` with how
 * many bytes it got.
 */
export async function startVersion(version: string) {
  const held: (() => void)[] = [];
  let received = 0;
  let uploading = 0;
  const server: Server = createServer((request, response) => {
    received += 1;
    const answer = (): void => void response.setHeader('x-version', version).end(version);
    if (request.url === '/slow') held.push(answer);
    else if (request.url === '/bad') response.writeHead(500, { 'x-version': version }).end();
    else if (request.url === '/upload') {
      let bytes = 0;
      uploading += 1;
      request.on('data', (part: Buffer) => (bytes += part.length));
      request.once('end', () => response.end(`${version} got ${bytes}`));
      request.once('close', () => (uploading -= 1));
    } else answer();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const instance: Instance = { id: `${version}/0`, host: '127.0.0.1', port };
  return {
    instance,
    received: () => received,
    holding: () => held.length,
    uploading: () => uploading,
    letGo: () => held.splice(0).forEach((answer) => answer()),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
