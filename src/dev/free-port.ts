import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below what Linux gives to outgoing connections (32768 and above): between the moment in which a
 * port is found free and that in which a program listens there, no connection takes it.
 */
const FROM = 10_000;
const TO = 32_768;
const TRIES_MAX = 100;

/** Given by this process: a program that is still starting does not listen yet. */
const taken = new Set<number>();

/** `wanted` where it is free, else any free port of the loopback address that was not given yet. */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted !== undefined && (await isFree(wanted))) {
    taken.add(wanted);
    return wanted;
  }
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = randomInt(FROM, TO);
    if (taken.has(port)) continue;
    // Before it is known to be free: whoever asks meanwhile must not get it too.
    taken.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`of ${TRIES_MAX} ports from ${FROM} to ${TO} none is free on 127.0.0.1`);
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
