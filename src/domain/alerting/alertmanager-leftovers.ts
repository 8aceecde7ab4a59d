import type { Found } from '../document/issues.ts';
import { formatDuration } from '../quantity.ts';

type Path = Found['path'];

const DURATION =
  /^(?=\d)(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const UNITS_MS = [31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1];
/** The longest that Belay's files take. */
const DURATION_MAX_MS = 30 * 86_400_000;

/** Reads what another program wrote, and collects what of it cannot be kept. */
export interface Leftovers {
  readonly found: readonly Found[];
  readonly add: (path: Path, message: string) => void;
  /** A set of keys; none where something else stands, which is noted. */
  readonly keysOf: (value: unknown, path: Path) => Readonly<Record<string, unknown>>;
  /** A list; none where something else stands, which is noted. */
  readonly listOf: (value: unknown, path: Path) => readonly unknown[];
  readonly unknown: (keys: Readonly<Record<string, unknown>>, path: Path) => void;
  /** `1w` is `7d`; what is longer than Belay takes is cut and noted. */
  readonly duration: (value: unknown, path: Path) => string | undefined;
  /** As YAML 1.1 writes it too. */
  readonly boolean: (value: unknown, path: Path) => boolean | undefined;
  /** By their names; of two with one name the first is kept. */
  readonly byName: <Value>(
    all: readonly (readonly [name: string, value: Value, path: Path])[],
  ) => Record<string, Value>;
}

export function newLeftovers(): Leftovers {
  const found: Found[] = [];
  const add: Leftovers['add'] = (path, message) => void found.push({ path, message });
  return {
    found,
    add,
    keysOf: (value, path) => {
      if (value === null || value === undefined) return {};
      if (typeof value === 'object' && !Array.isArray(value)) return { ...value };
      add(path, 'is no set of keys and was passed over');
      return {};
    },
    listOf: (value, path) => {
      if (value === null || value === undefined) return [];
      if (Array.isArray(value)) return value;
      add(path, 'is no list and was passed over');
      return [];
    },
    unknown: (keys, path) => {
      for (const key of Object.keys(keys)) add([...path, key], 'Belay has no such setting');
    },
    duration: (value, path) => {
      const [whole, ...amounts] = DURATION.exec(String(value)) ?? [];
      if (String(value) === '0') return '0s';
      if (whole === undefined) {
        add(path, 'is no duration and was passed over');
        return undefined;
      }
      const ms = UNITS_MS.reduce((sum, unit, at) => sum + unit * Number(amounts[at] ?? 0), 0);
      if (ms <= DURATION_MAX_MS) return formatDuration(ms);
      add(path, 'is longer than 30d, the most that Belay takes: it is 30d now');
      return '30d';
    },
    boolean: (value, path) => {
      if (value === undefined || value === null) return undefined;
      if (/^(?:yes|on|true)$/i.test(String(value))) return true;
      if (/^(?:no|off|false)$/i.test(String(value))) return false;
      add(path, 'is neither true nor false and was passed over');
      return undefined;
    },
    byName: (all) => {
      const kept = new Map<string, (typeof all)[number][1]>();
      for (const [name, value, path] of all) {
        if (kept.has(name)) add(path, `there is another ${name} above it, which is kept`);
        else kept.set(name, value);
      }
      return Object.fromEntries(kept);
    },
  };
}
