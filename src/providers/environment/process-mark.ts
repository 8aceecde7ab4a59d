import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { ProcessIdentity } from './linux-process.ts';

/**
 * `sh -c START belay-start <mark> <program> <arguments>`: the first to link its mark wins and
 * becomes the program; every other one of the same attempt ends. The link is atomic and the file
 * complete, whenever a worker dies. The inner shell keeps its variables from the program, and
 * `command -p` needs no PATH.
 */
export const START = `
(
  mark="$1.$$"
  read -r boot < /proc/sys/kernel/random/boot_id || exit 125
  ticks=$(command -p cut -d' ' -f22 "/proc/$$/stat") && [ -n "$ticks" ] || exit 125
  echo "$$ $ticks $boot" > "$mark" || exit 125
  command -p ln "$mark" "$1" 2>/dev/null
  won=$?
  command -p rm -f "$mark"
  exit $won
) || exit
shift
exec "$@"
`;

/** No start can be on its way for longer than this. */
const KEPT_MS = 60 * 60_000;

/** `undefined` where there is no mark, or that of a refusal. */
export function readMark(
  file: string,
  environment: readonly string[],
): ProcessIdentity | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const [, pid, startTicks, bootId] = /^(\d+) (\d+) ([0-9a-f-]+)\n$/.exec(text) ?? [];
  if (bootId === undefined) return undefined;
  return { pid: Number(pid), startTicks: Number(startTicks), bootId, environment };
}

/** A start that is still on its way finds its place taken and ends, unless it was faster. */
export function refuseStart(file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, 'refused\n', { flag: 'wx' });
  } catch (error) {
    if (!existsSync(file)) throw error;
  }
}

/** Marks stay for longer than any start takes, so that none comes back from the dead. */
export function forgetOldMarks(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const file = `${folder}/${name}`;
    const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (written < Date.now() - KEPT_MS) rmSync(file, { force: true });
  }
}
