const KEPT_MS = 15 * 60_000;
const PER_KEY_MAX = 1000;
const KEYS_MAX = 10_000;

interface At {
  readonly atMs: number;
}

/** Earlier readings of counters, for the difference to a later one. Bounded in time and number. */
export function createReadings<Value extends At>() {
  const byKey = new Map<string, Value[]>();
  return {
    add(key: string, value: Value): void {
      const values = (byKey.get(key) ?? []).filter(({ atMs }) => atMs > value.atMs - KEPT_MS);
      byKey.delete(key);
      byKey.set(key, [...values.slice(-PER_KEY_MAX + 1), value]);
      const [oldest] = byKey.size > KEYS_MAX ? byKey.keys() : [];
      if (oldest !== undefined) byKey.delete(oldest);
    },
    /** The reading that a window begins with: the last before it, else the first within it. */
    beginning(key: string, fromMs: number, beforeMs: number): Value | undefined {
      const values = (byKey.get(key) ?? []).filter(({ atMs }) => atMs < beforeMs);
      return values.findLast(({ atMs }) => atMs <= fromMs) ?? values[0];
    },
  };
}
