import type { Found } from '../document/issues.ts';
import { cut } from '../paging/page-words.ts';
import { formatDuration } from '../quantity.ts';
import { fingerprint } from './fingerprint.ts';
import { NAME_MAX } from './route.schema.ts';

type Path = Found['path'];

const DURATION =
  /^(?=\d)(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const UNITS_MS = [31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1];
/** The longest that Belay's files take. */
const DURATION_MAX_MS = 30 * 86_400_000;

/** Reads what another program wrote, and collects what of it cannot be kept. */
export interface Leftovers {
  readonly found: readonly Found[];
  /** What Alertmanager does not take either, or Belay cannot: the file is refused for it. */
  readonly wrong: readonly Found[];
  readonly add: (path: Path, message: string) => void;
  readonly refuse: (path: Path, message: string) => void;
  readonly keysOf: (value: unknown, path: Path) => Readonly<Record<string, unknown>>;
  readonly listOf: (value: unknown, path: Path) => readonly unknown[];
  /** As it stands there; empty where nothing does. */
  readonly text: (value: unknown, path: Path) => string;
  readonly texts: (value: unknown, path: Path) => string[];
  /** Of what is defined there: one that is longer than Belay takes is cut and noted. */
  readonly name: (value: unknown, path: Path) => string;
  readonly unknown: (keys: Readonly<Record<string, unknown>>, path: Path) => void;
  /** `1w` is `7d`; what is longer than Belay takes is cut and noted. */
  readonly duration: (value: unknown, path: Path) => string | undefined;
  /** As YAML 1.1 writes it too. */
  readonly boolean: (value: unknown, path: Path) => boolean | undefined;
  /** By their names; two with one name are refused. */
  readonly byName: <Value>(
    all: readonly (readonly [name: string, value: Value, path: Path])[],
  ) => Record<string, Value>;
}

export function newLeftovers(): Leftovers {
  const found: Found[] = [];
  const wrong: Found[] = [];
  const add: Leftovers['add'] = (path, message) => void found.push({ path, message });
  const refuse: Leftovers['refuse'] = (path, message) => void wrong.push({ path, message });
  const listOf: Leftovers['listOf'] = (value, path) => {
    if (isNothing(value)) return [];
    if (Array.isArray(value)) return value;
    refuse(path, `must be a list, not ${kindOf(value)}: ${LIST}`);
    return [];
  };
  const text: Leftovers['text'] = (value, path) => {
    if (isNothing(value)) return '';
    if (typeof value === 'string') return value;
    refuse(
      path,
      `must be text, not ${kindOf(value)}: write it in quotes where it is meant as text`,
    );
    return '';
  };
  return {
    found,
    wrong,
    add,
    refuse,
    keysOf: (value, path) => {
      if (isNothing(value)) return {};
      if (typeof value === 'object' && !Array.isArray(value)) return { ...value };
      refuse(path, `must be a set of keys, not ${kindOf(value)}`);
      return {};
    },
    listOf,
    text,
    texts: (value, path) => listOf(value, path).map((one, at) => text(one, [...path, at])),
    name: (value, path) => {
      const name = text(value, path);
      if (name.length > NAME_MAX) add(path, `is longer than ${NAME_MAX} characters: it is cut`);
      return shortName(name);
    },
    unknown: (keys, path) => {
      for (const key of Object.keys(keys)) add([...path, key], 'Belay has no such setting');
    },
    duration: (value, path) => {
      if (isNothing(value)) return undefined;
      const [whole, ...amounts] = DURATION.exec(String(value)) ?? [];
      if (value === '0') return '0s';
      if (whole === undefined) {
        refuse(path, 'is no duration: write one like 30s, 5m or 1h30m');
        return undefined;
      }
      const ms = UNITS_MS.reduce((sum, unit, at) => sum + unit * Number(amounts[at] ?? 0), 0);
      if (ms <= DURATION_MAX_MS) return formatDuration(ms);
      add(path, 'is longer than 30d, the most that Belay takes: it is 30d now');
      return '30d';
    },
    boolean: (value, path) => {
      if (isNothing(value)) return undefined;
      if (/^(?:y|yes|on|true)$/i.test(String(value))) return true;
      if (/^(?:n|no|off|false)$/i.test(String(value))) return false;
      refuse(path, 'is neither true nor false: write one of them');
      return undefined;
    },
    byName: (all) => {
      const kept = new Map<string, (typeof all)[number][1]>();
      for (const [name, value, path] of all) {
        if (kept.has(name))
          refuse(path, `there is another ${name} above it: give each its own name`);
        else kept.set(name, value);
      }
      return Object.fromEntries(kept);
    },
  };
}

/** Wherever a name stands; what is cut of it still tells it from others. */
export function shortName(name: string): string {
  return name.length > NAME_MAX ? `${cut(name, NAME_KEPT)} ${fingerprint({ name })}` : name;
}

const NAME_KEPT = 180;

const LIST = 'write [a, b], or each entry in a line of its own that begins with -';

function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** Never the value itself: it may be a secret. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a set of keys' : 'text';
}
