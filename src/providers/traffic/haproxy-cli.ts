import { createConnection } from 'node:net';
import { Failure } from '../../domain/failure.ts';

const ANSWER_WITHIN_MS = 5000;
const ANSWER_MAX_BYTES = 4 * 1024 * 1024;

/**
 * One command to a HAProxy Runtime API (a socket's path, or `host:port`), and the whole answer.
 * Throws `TrafficUnreachable`: a repeat may help.
 */
export async function askHaproxy(
  socket: string,
  line: string,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const connection = createConnection({ ...addressOf(socket), signal });
    const fail = (why: string): void => {
      clearTimeout(timer);
      connection.destroy();
      if (signal.aborted) reject(signal.reason);
      else reject(new Failure('TrafficUnreachable', `HAProxy at ${socket}: ${why}`));
    };
    const timer = setTimeout(() => fail('no answer in time'), ANSWER_WITHIN_MS);
    // The end of what is asked makes HAProxy close after the answer, the master included.
    connection.once('connect', () => connection.end(`${line}\n`));
    connection.on('data', (chunk) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > ANSWER_MAX_BYTES) fail('the answer is too long');
    });
    connection.once('error', (error) => fail(error.message));
    connection.once('end', () => {
      clearTimeout(timer);
      connection.end();
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
}

/** The worker processes that a reload has left behind, as the master lists them. */
export async function listOldProcesses(
  masterSocket: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const answer = await askHaproxy(masterSocket, 'show proc', signal);
  const section = answer.split('# old workers')[1]?.split('# ')[0] ?? '';
  return section
    .split('\n')
    .map((line) => /^(\d+)\s+worker/.exec(line)?.[1])
    .filter((pid) => pid !== undefined);
}

function addressOf(
  socket: string,
): { readonly path: string } | { readonly host: string; readonly port: number } {
  const [, host, port] = /^([^/]+):(\d{1,5})$/.exec(socket) ?? [];
  return host === undefined ? { path: socket } : { host, port: Number(port) };
}
