import { readFileSync, readdirSync } from 'node:fs';

/** The variable by which a test finds every process that it has caused, also one nobody recorded. */
export const TEST_MARK = 'BELAY_TEST_MARK';

/** The ids of all processes that still run with this mark in their environment. */
export function markedProcesses(mark: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && hasMark(pid, mark));
}

/** Whatever a failed test has left behind. */
export function endMarkedProcesses(mark: string): void {
  for (const pid of markedProcesses(mark)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself meanwhile.
    }
  }
}

/** A process that has ended, but that nobody has waited for, has no environment any more. */
function hasMark(pid: number, mark: string): boolean {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return variables.includes(`${TEST_MARK}=${mark}`);
  } catch {
    return false;
  }
}
