import { readFileSync, readdirSync } from 'node:fs';

/**
 * One process for good: a process id alone is used again, together with its start time and the
 * boot it is not. (A mark in the process's environment would be lost by programs that write over
 * theirs to change their title.)
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot: field 22 of `/proc/<pid>/stat`, see proc(5). */
  readonly startTicks: number;
  readonly bootId: string;
}

interface Stat {
  readonly state: string;
  readonly session: number;
  readonly cpuTicks: number;
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
    stat.state !== 'Z' &&
    identity.bootId === bootId()
  );
}

/**
 * Sends a signal to the process and all that it has started (its process group), and tells whether
 * anything was there. Somebody else's process under a used id is never touched.
 */
export function signalGroup(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (identity.bootId !== bootId()) return false;
  const leader = readStat(identity.pid);
  // Without its leader the group keeps the id: the kernel gives it to nobody else meanwhile.
  if (leader !== undefined && leader.startTicks !== identity.startTicks) return false;
  if (leader === undefined && membersOf(identity.pid).length === 0) return false;
  try {
    process.kill(-identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Whether anything that the process has started still runs. */
export function isGroupAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  const leader = readStat(identity.pid);
  if (leader !== undefined && leader.startTicks !== identity.startTicks) return false;
  return membersOf(identity.pid).some((stat) => stat.state !== 'Z');
}

/** Resident memory and processor time of the process and all that it has started. */
export function usageOf(identity: ProcessIdentity): {
  readonly memoryBytes: number;
  readonly cpuTimeMs: number;
} {
  let pages = 0;
  let ticks = 0;
  for (const stat of membersOf(identity.pid)) {
    pages += stat.rssPages;
    ticks += stat.cpuTicks;
  }
  return { memoryBytes: pages * BYTES_A_PAGE, cpuTimeMs: ticks * MS_A_TICK };
}

/** Instances are started as the leader of a session of their own, whose id is their process id. */
function membersOf(session: number): Stat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== undefined)
    .filter((stat) => stat.session === session);
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
    state: fields[0] ?? '?',
    session: field(6),
    cpuTicks: field(14) + field(15),
    startTicks: field(22),
    rssPages: field(24),
  };
}
