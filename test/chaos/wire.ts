import { once } from 'node:events';
import { join } from 'node:path';
import { type NetConnectOpts, type Server, type Socket, connect, createServer } from 'node:net';
import { freePort } from '../../src/dev/free-port.ts';
import type { TestStack } from '../support/stack.ts';

/** What becomes of a write that a driver sends to its device. */
export type Fate =
  /** It is lost on the way. */
  | 'lost'
  /** It arrives, the answer to it is lost. */
  | 'unanswered'
  /** It arrives long after, when somebody calls `deliver`. */
  | 'late';

export interface Wire {
  /** The next write with this text in it meets this fate; resolves when it has. */
  strike(text: string, fate: Fate): Promise<void>;
  /** Lets what was held up arrive; returns what the device answered to each. */
  deliver(): Promise<readonly string[]>;
  close(): Promise<void>;
}

interface Strike {
  readonly text: string;
  readonly fate: Fate;
  readonly struck: () => void;
}

/** A cable between a driver and its device that fails at a chosen moment. */
export async function startWire(
  listen: { readonly path: string } | { readonly host: string; readonly port: number },
  device: NetConnectOpts,
): Promise<Wire> {
  const open = new Set<Socket>();
  const held: Buffer[] = [];
  let next: Strike | undefined;

  const take = (data: Buffer): Strike | undefined => {
    if (next === undefined || !data.includes(next.text)) return undefined;
    const strike = next;
    next = undefined;
    return strike;
  };

  const server: Server = createServer({ allowHalfOpen: true }, (driver) => {
    const upstream = connect({ ...device, allowHalfOpen: true });
    let answers: 'pass' | 'dropped' = 'pass';
    let whenAnswered: (() => void) | undefined;
    for (const socket of [driver, upstream]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      socket.on('error', () => {
        driver.destroy();
        upstream.destroy();
      });
    }
    driver.on('data', (data) => {
      const strike = take(data);
      if (strike === undefined) {
        upstream.write(data);
        return;
      }
      if (strike.fate === 'unanswered') {
        answers = 'dropped';
        whenAnswered = strike.struck;
        upstream.write(data);
        return;
      }
      if (strike.fate === 'late') held.push(data);
      strike.struck();
    });
    upstream.on('data', (data) => {
      if (answers === 'pass') driver.write(data);
      whenAnswered?.();
      whenAnswered = undefined;
    });
    driver.on('end', () => upstream.end());
    upstream.on('end', () => {
      if (answers === 'pass') driver.end();
    });
  });
  server.listen(listen);
  await once(server, 'listening');

  return {
    strike: (text, fate) =>
      new Promise((resolve) => {
        next = { text, fate, struck: resolve };
      }),
    deliver: () =>
      Promise.all(
        held.splice(0).map(
          (data) =>
            new Promise<string>((resolve, reject) => {
              const socket = connect({ ...device, allowHalfOpen: true });
              let answer = '';
              socket.setEncoding('utf8');
              socket.once('error', reject);
              socket.on('data', (part) => (answer += part));
              socket.once('end', () => {
                socket.destroy();
                resolve(answer);
              });
              // What stays open after its answer has said all that it will.
              socket.setTimeout(1000, () => {
                socket.destroy();
                resolve(answer);
              });
              socket.end(data);
            }),
        ),
      ),
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What a device says when it takes a write for a new one. */
export function tookEffect(answer: string): boolean {
  return /^ok\b/.test(answer) || answer.startsWith('HTTP/1.1 200');
}

/** A cable in the way to the balancer of this stack, and the block that leads over it. */
export async function startCable({ balancer, folder }: TestStack) {
  const { traffic } = balancer;
  if (traffic.kind === 'haproxy') {
    const socket = join(folder, 'wire.sock');
    const wire = await startWire({ path: socket }, { path: traffic.socket });
    return { wire, traffic: { ...traffic, socket } };
  }
  if (traffic.kind === 'embedded') {
    const { hostname: host, port } = new URL(traffic.control);
    const near = await freePort();
    const wire = await startWire({ host, port: near }, { host, port: Number(port) });
    return { wire, traffic: { ...traffic, control: `http://${host}:${near}` } };
  }
  throw new Error(`${traffic.kind} has no cable`);
}
