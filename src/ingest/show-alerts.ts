import type { Configuration } from '../domain/alerting/alerting-file.ts';
import { destinationText } from '../domain/alerting/group-key.ts';
import { type Inhibitors, inhibitedBy, inhibitorsOf } from '../domain/alerting/inhibition.ts';
import type { Labels } from '../domain/alerting/labels.ts';
import { groupsFor } from '../domain/alerting/routing.ts';
import { type Silence, silences } from '../domain/alerting/silence.ts';
import type { AlertingView, GroupView, MemberView, ShardView } from '../domain/alerting/views.ts';
import { writeTime } from './time.ts';

/** An alert as Alertmanager's API shows it. */
export interface ShownAlert {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly updatedAt: string;
  readonly generatorURL: string;
  readonly receivers: readonly { readonly name: string }[];
  readonly status: {
    readonly state: 'active' | 'suppressed';
    readonly silencedBy: readonly string[];
    readonly inhibitedBy: readonly string[];
    readonly mutedBy: readonly string[];
  };
}

export interface ShownGroup {
  readonly labels: Labels;
  readonly receiver: { readonly name: string };
  readonly alerts: readonly ShownAlert[];
}

/** What fires, by what Belay holds; `more`: alerts that one answer has no place for. */
export interface Shown {
  readonly groups: readonly ShownGroup[];
  readonly more: number;
}

interface World {
  readonly configuration: Configuration;
  readonly silences: readonly Silence[];
  readonly inhibitors: Inhibitors;
  readonly nowMs: number;
}

/** The groups of all shards. A receiver is named by the routes that lead to the group now. */
export function shownOf(
  { configuration, silences: all }: AlertingView,
  shards: readonly ShardView[],
  nowMs: number,
): Shown {
  if (configuration === null) return { groups: [], more: 0 };
  const groups = shards.flatMap((shard) => shard.groups);
  const firing = groups.flatMap(firingOf);
  const inhibitors = inhibitorsOf(configuration.inhibitRules, firing);
  const world: World = { configuration, silences: all, inhibitors, nowMs };
  const listed = new Set(firing.map(({ fingerprint }) => fingerprint)).size;
  const held = shards.reduce((sum, shard) => sum + shard.firing, 0);
  return {
    groups: groups.flatMap((group) => groupOf(group, world)),
    more: shards.some(isCut) ? Math.max(1, held - listed) : 0,
  };
}

/** Each alert once, with all of its receivers, however many groups it is in. */
export function alertsIn(groups: readonly ShownGroup[]): readonly ShownAlert[] {
  const all = new Map<string, ShownAlert>();
  for (const one of groups.flatMap(({ alerts }) => alerts)) {
    const before = all.get(one.fingerprint);
    const isCalm = before === undefined || one.status.state === 'active';
    all.set(one.fingerprint, isCalm ? one : before);
  }
  return [...all.values()];
}

const firingOf = ({ alerts }: GroupView): readonly MemberView[] =>
  alerts.filter(({ isEnded }) => !isEnded);

function isCut({ moreGroups, groups }: ShardView): boolean {
  return moreGroups > 0 || groups.some(({ more }) => more > 0);
}

function groupOf(group: GroupView, world: World): readonly ShownGroup[] {
  const alerts = firingOf(group).map((member) => alertOf(member, group, world));
  const [first] = alerts;
  if (first === undefined) return [];
  const name =
    receiversOf(world.configuration, first.labels, group.key)[0] ??
    destinationText(group.destination);
  return [{ labels: group.labels, receiver: { name }, alerts }];
}

function alertOf(member: MemberView, group: GroupView, world: World): ShownAlert {
  const { labels, annotations, fingerprint, startsAtMs, endsAtMs, updatedAtMs } = member;
  const { configuration, nowMs } = world;
  const silencedBy = world.silences
    .filter((silence) => silences(silence, labels, nowMs))
    .map(({ id }) => id);
  const source = inhibitedBy(world.inhibitors, labels);
  const mutedBy = member.heldBy === 'mute' ? intervalsOf(configuration, labels, group.key) : [];
  const isHeld = silencedBy.length > 0 || source !== null || mutedBy.length > 0;
  return {
    ...{ fingerprint, labels, annotations },
    startsAt: writeTime(startsAtMs),
    endsAt: writeTime(endsAtMs),
    updatedAt: writeTime(updatedAtMs),
    generatorURL: member.generatorUrl ?? '',
    receivers: receiversOf(configuration, labels).map((name) => ({ name })),
    status: {
      state: isHeld ? 'suppressed' : 'active',
      silencedBy,
      inhibitedBy: source === null ? [] : [source],
      mutedBy,
    },
  };
}

function routesTo(configuration: Configuration, labels: Labels, key?: string) {
  const refs = groupsFor(configuration, labels).filter(
    (ref) => key === undefined || ref.key === key,
  );
  return [...new Set(refs.flatMap(({ routes }) => routes))].flatMap(
    (at) => configuration.routes[at] ?? [],
  );
}

/** By the names of the file; with a key, those that lead to that group. */
function receiversOf(
  configuration: Configuration,
  labels: Labels,
  key?: string,
): readonly string[] {
  const names = routesTo(configuration, labels, key).map(({ receiver }) => receiver);
  return [...new Set(names)];
}

function intervalsOf(configuration: Configuration, labels: Labels, key: string): readonly string[] {
  const names = routesTo(configuration, labels, key).flatMap(({ mutedIn, activeIn }) => [
    ...mutedIn,
    ...activeIn,
  ]);
  return names.length === 0 ? ['a time interval'] : [...new Set(names)];
}
