import { readFileSync, readdirSync } from 'node:fs';

/**
 * One process for good: a process id alone is used again, together with its start time and the
 * boot it is not. (A mark in the process's environment alone would be lost by programs that write
 * over theirs to change their title.)
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot: field 22 of `/proc/<pid>/stat`, see proc(5). */
  readonly startTicks: number;
  readonly bootId: string;
  /** `NAME=value` of its environment, by which what it has started is known once it has ended. */
  readonly environment: readonly string[];
}

interface Stat {
  readonly pid: number;
  readonly state: string;
  readonly group: number;
  readonly session: number;
  readonly cpuTicks: number;
  readonly threads: number;
  readonly startTicks: number;
  readonly rssPages: number;
}

/** USER_HZ is 100 and a page 4096 bytes on every platform that Node runs on with glibc and x86-64. */
const MS_A_TICK = 10;
const BYTES_A_PAGE = 4096;

export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

export function isAlive(identity: ProcessIdentity): boolean {
  const stat = readStat(identity.pid);
  return (
    stat !== undefined &&
    stat.startTicks === identity.startTicks &&
    hasNotEnded(stat) &&
    identity.bootId === bootId()
  );
}

/**
 * A zombie whose other threads still run, or are still ending, holds its ports and files: only its
 * first thread is gone.
 */
function hasNotEnded({ state, threads }: Stat): boolean {
  return state !== 'Z' || threads > 1;
}

/**
 * Sends a signal to the process and all that it has started, also in process groups of their own.
 * Somebody else's process under a used id is never touched.
 */
export function signalSession(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  for (const group of new Set(membersOf(identity).map((stat) => stat.group))) {
    try {
      process.kill(-group, signal);
    } catch {
      // The group has ended meanwhile.
    }
  }
}

/** Whether the process or anything that it has started still runs. */
export function isSessionAlive(identity: ProcessIdentity): boolean {
  return isAlive(identity) || membersOf(identity).some(hasNotEnded);
}

/** Resident memory and processor time of the process and all that it has started. */
export function usageOf(identity: ProcessIdentity): {
  readonly memoryBytes: number;
  readonly cpuTimeMs: number;
} {
  let pages = 0;
  let ticks = 0;
  for (const stat of membersOf(identity)) {
    pages += stat.rssPages;
    ticks += stat.cpuTicks;
  }
  return { memoryBytes: pages * BYTES_A_PAGE, cpuTimeMs: ticks * MS_A_TICK };
}

/**
 * Instances are started as the leader of a session of their own, whose id is their process id. The
 * kernel gives that id to nobody else while the session has any member; once it had none, another
 * leader may have come and gone under the same id. Hence what runs without its leader belongs to
 * the instance only if one of it has the instance's environment.
 */
function membersOf({ pid, startTicks, bootId: boot, environment }: ProcessIdentity): Stat[] {
  if (boot !== bootId()) return [];
  const leader = readStat(pid);
  if (leader !== undefined && leader.startTicks !== startTicks) return [];
  const members = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== undefined)
    .filter((stat) => stat.session === pid);
  if (leader !== undefined) return members;
  return members.some((stat) => hasEnvironment(stat.pid, environment)) ? members : [];
}

function hasEnvironment(pid: number, expected: readonly string[]): boolean {
  try {
    const variables = new Set(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0'));
    return expected.every((variable) => variables.has(variable));
  } catch {
    return false;
  }
}

function readStat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid,
    state: fields[0] ?? '?',
    group: field(5),
    session: field(6),
    cpuTicks: field(14) + field(15),
    threads: field(20),
    startTicks: field(22),
    rssPages: field(24),
  };
}
