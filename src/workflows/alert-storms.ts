import type { Configuration } from '../domain/alerting/alerting-file.ts';
import type { Destination } from '../domain/alerting/group-key.ts';
import type { Storm } from '../domain/alerting/shard-state.ts';
import { CALM, counted, stormId } from '../domain/alerting/storm.ts';
import type { OpenedGroups } from './alert-messages.ts';

/** A storm that every shard is to hear of. */
interface StormToTell {
  readonly of: number;
  readonly destination: Destination;
  readonly untilMs: number;
}

/** Counts the new groups of all shards together. */
export function createStorms() {
  const storms = new Map<string, Storm>();
  const told = new Map<string, number>();
  return {
    /** Routes are others by another configuration. */
    clear(): void {
      storms.clear();
      told.clear();
    },
    /** The storms that are new, or that go on for so long that it must be told again. */
    count(
      { opened }: OpenedGroups,
      configuration: Configuration | null,
      nowMs: number,
    ): readonly StormToTell[] {
      return opened.flatMap(({ of, destination, count }) => {
        const limit = configuration?.routes[of]?.storm ?? null;
        if (limit === null) return [];
        const id = stormId(of, destination);
        const after = counted(
          storms.get(id) ?? CALM,
          Array.from({ length: Math.min(count, limit.above + 1) }, () => nowMs),
          limit,
          nowMs,
        );
        storms.set(id, after);
        const { untilMs } = after;
        // It lasts as long as groups come: every shard hears of that in time, not at each.
        if (untilMs === null || untilMs - (told.get(id) ?? 0) < limit.withinMs / 2) return [];
        told.set(id, untilMs);
        return [{ of, destination, untilMs }];
      });
    },
  };
}
