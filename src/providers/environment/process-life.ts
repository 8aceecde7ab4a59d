import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import { type ProcessIdentity, isAlive, isSessionAlive, signalSession } from './linux-process.ts';
import { readMark, refuseStart } from './process-mark.ts';
import { type ProcessSpec, environmentMarks, startInstance } from './process-start.ts';
import {
  type Claim,
  type Place,
  beginEnd,
  instanceOf,
  leaveTakenPort,
  nextAttempt,
} from './process-table.ts';

const POLL_MS = 20;
/** Only a process that the kernel itself holds up outlives SIGKILL for so long. */
const KILLED_WITHIN_MS = 10_000;

/** How the process of one place begins and ends, whichever worker sees to it. */
export function createProcessLife(options: {
  readonly database: DatabaseSync;
  readonly stateDir: string;
  readonly inherited: Readonly<Record<string, string>>;
}) {
  const { database, stateDir, inherited } = options;

  function markOf({ service, version, place, attempt }: Place): string {
    return join(stateDir, 'run', service, version, `${place}.${attempt}`);
  }

  function logOf({ service, version, place }: Place): string {
    return join(stateDir, 'log', service, `${version}-${place}.log`);
  }

  function identityOf(place: Place): ProcessIdentity | undefined {
    return readMark(markOf(place), environmentMarks(place));
  }

  async function ensureRunning(
    reserved: Place,
    by: Claim,
    spec: ProcessSpec,
    signal: AbortSignal,
  ): Promise<void> {
    for (let place = reserved; ; place = nextAttempt(database, by, place)) {
      const known = identityOf(place);
      if (place.ending) {
        // Somebody older was ending it: what is left of it is not what is wanted now.
        await stop(place, spec.stopGraceMs, signal);
      } else if (known !== undefined && isAlive(known)) {
        return;
      } else if (!existsSync(markOf(place))) {
        const [mark, log] = [markOf(place), logOf(place)];
        return startInstance({ place, spec, inherited, mark, log }, signal);
      } else {
        // What the dead program has started must not hold the port.
        await stop(place, 0, signal);
        await leaveTakenPort(database, by, place, spec.ports);
      }
    }
  }

  /** Returns when nothing of this attempt runs, nor ever will. */
  async function stop(place: Place, graceMs: number, signal: AbortSignal): Promise<void> {
    refuseStart(markOf(place));
    const identity = identityOf(place);
    if (identity === undefined || !isSessionAlive(identity)) return;
    if (graceMs > 0) signalSession(identity, 'SIGTERM');
    const forceAtMs = Date.now() + graceMs;
    while (isSessionAlive(identity)) {
      if (Date.now() >= forceAtMs + KILLED_WITHIN_MS) {
        throw new Failure(
          'EnvironmentFailed',
          `process ${identity.pid} of ${instanceOf(place).id} does not end, not even by SIGKILL`,
        );
      }
      if (Date.now() >= forceAtMs) signalSession(identity, 'SIGKILL');
      await wait(POLL_MS, undefined, { signal });
    }
  }

  async function end(place: Place, by: Claim, graceMs: number, signal: AbortSignal): Promise<void> {
    const ending = beginEnd(database, by, place);
    if (ending !== undefined) await stop(ending, graceMs, signal);
  }

  return { ensureRunning, end, identityOf, logOf };
}
