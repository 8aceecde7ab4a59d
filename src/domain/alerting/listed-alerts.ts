import { type Destination } from './group-key.ts';
import type { Labels } from './labels.ts';
import { type Matcher, matchesAll } from './matcher.ts';
import type { GroupView, MemberView, ShardView } from './views.ts';

/** How an alert stands in a group. */
export type AlertState = 'firing' | 'silenced' | 'inhibited' | 'muted' | 'ended';

/** What is not over, the most urgent first. */
export const SHOWN_BY_DEFAULT = ['firing', 'silenced', 'inhibited', 'muted'] as const;

export interface ListedGroup extends Pick<
  GroupView,
  'key' | 'labels' | 'isStorm' | 'openedAtMs' | 'nextFlushAtMs' | 'lastPagedAtMs' | 'isUnderWay'
> {
  readonly shard: number;
  readonly destination: Destination;
  /** Alerts of it that no answer had room for. */
  readonly more: number;
}

export interface ListedAlert {
  readonly state: AlertState;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly generatorUrl: string | null;
  readonly fingerprint: string;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly hasBeenPaged: boolean;
  readonly group: string;
}

/** What the shards hold, as far as it was asked for. Plain JSON. */
export interface Listed {
  readonly alerts: readonly ListedAlert[];
  /** Those of the alerts, and those that are not told whole. */
  readonly groups: readonly ListedGroup[];
  readonly isWhole: boolean;
  /** What the shards have beside it, but had no room for in their answers. */
  readonly moreGroups: number;
  readonly moreAlerts: number;
  readonly notes: readonly string[];
}

/** Groups that were opened last come last; alerts stand in the order of their beginning. */
export function listedOf(
  shards: readonly ShardView[],
  matchers: readonly Matcher[],
  states: readonly AlertState[],
): Listed {
  const wanted = new Set(states);
  const all = shards
    .flatMap(({ shard, groups }) => groups.map((group) => ({ shard, group })))
    .toSorted((one, other) => one.group.openedAtMs - other.group.openedAtMs);
  const alerts: ListedAlert[] = [];
  const groups: ListedGroup[] = [];
  for (const { shard, group } of all) {
    const of = group.alerts
      .filter(({ labels }) => matchesAll(matchers, labels))
      .map((member) => listed(member, group.key))
      .filter(({ state }) => wanted.has(state))
      .toSorted((one, other) => one.startsAtMs - other.startsAtMs);
    for (const one of of) alerts.push(one);
    if (of.length > 0 || group.more > 0) groups.push(summaryOf(group, shard));
  }
  const moreGroups = sum(shards.map((shard) => shard.moreGroups));
  const moreAlerts = sum(all.map(({ group }) => group.more));
  const isWhole = moreGroups === 0 && moreAlerts === 0;
  return { alerts, groups, isWhole, moreGroups, moreAlerts, notes: shards.flatMap(notesOf) };
}

function summaryOf(group: GroupView, shard: number): ListedGroup {
  const { key, destination, labels, isStorm, openedAtMs, more } = group;
  const { nextFlushAtMs, lastPagedAtMs, isUnderWay } = group;
  const times = { openedAtMs, nextFlushAtMs, lastPagedAtMs, isUnderWay };
  return { key, shard, destination, labels, isStorm, ...times, more };
}

function listed(member: MemberView, group: string): ListedAlert {
  const { labels, annotations, generatorUrl, fingerprint, hasBeenPaged } = member;
  const { startsAtMs, endsAtMs } = member;
  return {
    ...{ state: stateOf(member), labels, annotations, generatorUrl, fingerprint },
    ...{ startsAtMs, endsAtMs, hasBeenPaged, group },
  };
}

function stateOf({ isEnded, heldBy }: MemberView): AlertState {
  if (isEnded) return 'ended';
  switch (heldBy) {
    case null:
      return 'firing';
    case 'silence':
      return 'silenced';
    case 'inhibition':
      return 'inhibited';
    case 'mute':
      return 'muted';
    default:
      return heldBy satisfies never;
  }
}

function notesOf({ shard, refused, warnings }: ShardView): readonly string[] {
  const full = refused === 0 ? [] : [`shard ${shard} had no room for ${refused} alerts`];
  return [...full, ...warnings.map((text) => `shard ${shard}: ${text}`)];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
