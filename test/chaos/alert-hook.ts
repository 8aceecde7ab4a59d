import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Random } from '../../bench/judge/random.ts';
import type { CamePage } from './alert-account.ts';

export interface AlertHook {
  readonly url: string;
  readonly pages: readonly CamePage[];
  close(): Promise<void>;
}

/** How often it misbehaves, of all requests. */
const FAULTS = { error: 0.03, tooMany: 0.02, cut: 0.02 };

/** A webhook of Belay's, or of Alertmanager, that misbehaves now and then. */
export async function startAlertHook({ uniform }: Random): Promise<AlertHook> {
  const pages: CamePage[] = [];
  const server = createServer((request, response) => {
    const atMs = Date.now();
    const parts: Buffer[] = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const drawn = uniform();
      const { error, tooMany, cut } = FAULTS;
      const isTaken = drawn >= error + tooMany + cut;
      const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as HookBody;
      const key = request.headers['idempotency-key'];
      pages.push({
        ...toldOf(typeof key === 'string' ? key : undefined, body),
        atMs,
        isTaken,
      });
      if (isTaken) response.writeHead(200).end();
      else if (drawn < error) response.writeHead(500).end();
      else if (drawn < error + tooMany) response.writeHead(429, { 'retry-after': '1' }).end();
      else request.socket.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    pages,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface HookBody {
  readonly groupKey: string;
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
}

type Told = Pick<CamePage, 'key' | 'group' | 'firing' | 'resolved'>;

let peers = 0;

/** Alertmanager's pages have no key of their own. */
function toldOf(key: string | undefined, { groupKey, alerts }: HookBody): Told {
  const idsOf = (wanted: string): readonly string[] =>
    alerts.filter(({ status }) => status === wanted).flatMap(({ labels }) => labels.id ?? []);
  peers += 1;
  const told = { firing: idsOf('firing'), resolved: idsOf('resolved') };
  return { key: key ?? `${groupKey} ${peers}`, group: groupKey, ...told };
}
