import type { PlannedAlert, PlannedSilence } from './alert-plan.ts';

/** What was done with an alert: when its source was first answered that it is kept. */
export interface LivedAlert extends PlannedAlert {
  /** Null: never. */
  readonly keptAtMs: number | null;
  /** When the source was answered that its end is kept. */
  readonly endKeptAtMs: number | null;
}

/** A silence as whoever asked for it knows it; times are of the clock. */
export interface LivedSilence extends PlannedSilence {
  readonly id: string | null;
  readonly answeredAtMs: number | null;
  /** From then on nothing is promised: its end, or when it was first asked to be expired. */
  readonly promisedUntilMs: number;
  /** Until then it may have held back: its end, or when it was answered that it is expired. */
  readonly overAtMs: number;
}

/** A page as it came. */
export interface CamePage {
  readonly key: string;
  readonly group: string;
  readonly atMs: number;
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  /** It was answered as taken. */
  readonly isTaken: boolean;
}

export interface Duplicate {
  readonly text: string;
  /** Null: nothing explains it. */
  readonly explained: 'killed' | 'receiver' | null;
}

export interface AlertAccount {
  readonly lostAlerts: readonly string[];
  readonly lostEnds: readonly string[];
  readonly silencedPages: readonly string[];
  readonly duplicates: readonly Duplicate[];
}

export interface Seen {
  /** From when the times of the plan count. */
  readonly beganAtMs: number;
  readonly alerts: readonly LivedAlert[];
  readonly silences: readonly LivedSilence[];
  /** In the order in which they came. */
  readonly pages: readonly CamePage[];
  readonly killsAtMs: readonly number[];
  /** When the run was quiet at last. */
  readonly endedAtMs: number;
  /** So long a page, or an end, may take after what makes it due. */
  readonly dueWithinMs: number;
}

/** Within so long after a kill a page may come a second time. */
const EXPLAINS_FOR_MS = 60_000;

/**
 * What was lost, and what came although it was not to: by what sources were answered and what a
 * receiver got, and by nothing that Belay says of itself.
 */
export function accountAlerts(seen: Seen): AlertAccount {
  const { alerts, silences, pages, beganAtMs, endedAtMs, dueWithinMs } = seen;
  const groupOf = new Map(alerts.map(({ id, group }) => [id, group] as const));
  const silencesOf = Map.groupBy(
    silences.flatMap((silence) => silence.groups.map((group) => ({ group, silence }))),
    ({ group }) => group,
  );
  const isQuiet = (group: string, atMs: number): boolean =>
    (silencesOf.get(group) ?? []).some(
      ({ silence: { answeredAtMs, promisedUntilMs } }) =>
        answeredAtMs !== null && answeredAtMs < atMs && atMs < promisedUntilMs,
    );
  /** It may have been held back at any time since. */
  const wasQuietSince = (group: string, fromMs: number): boolean =>
    (silencesOf.get(group) ?? []).some(
      ({ silence: { answeredAtMs, overAtMs } }) => answeredAtMs !== null && overAtMs > fromMs,
    );
  const told = new Set(pages.filter(({ isTaken }) => isTaken).flatMap(({ firing }) => firing));
  const lastWord = new Map<string, 'firing' | 'resolved'>();
  for (const { isTaken, firing, resolved } of pages) {
    if (!isTaken) continue;
    for (const id of firing) lastWord.set(id, 'firing');
    for (const id of resolved) lastWord.set(id, 'resolved');
  }
  const dueMs = endedAtMs - dueWithinMs;
  const lostAlerts = alerts
    .filter(
      ({ id, group, keptAtMs, endKeptAtMs, endsAtMs }) =>
        keptAtMs !== null &&
        keptAtMs < dueMs &&
        endsAtMs === null &&
        endKeptAtMs === null &&
        !told.has(id) &&
        !wasQuietSince(group, dueMs),
    )
    .map(({ id, group }) => `${id} of ${group} fires and has been in no page`);
  const lostEnds = alerts
    .filter(
      ({ id, group, endsAtMs, endKeptAtMs }) =>
        endKeptAtMs !== null &&
        endKeptAtMs < dueMs &&
        lastWord.get(id) === 'firing' &&
        // It may have been kept, and found silenced, long before its source was answered so.
        !wasQuietSince(group, beganAtMs + (endsAtMs ?? 0)),
    )
    .map(({ id, group }) => `${id} of ${group} is over, and nobody was told`);
  const silencedPages = pages.flatMap(({ key, atMs, firing }) =>
    firing
      .filter((id) => isQuiet(groupOf.get(id) ?? '', atMs))
      .slice(0, 1)
      .map((id) => `${key} told of ${id} of ${groupOf.get(id)}, which is silenced`),
  );
  return { lostAlerts, lostEnds, silencedPages, duplicates: duplicatesOf(seen) };
}

/** The same page twice, or the same firing alerts of a group twice in a row. */
function duplicatesOf({ pages, killsAtMs }: Seen): readonly Duplicate[] {
  const found: Duplicate[] = [];
  const byKey = new Map<string, CamePage>();
  const byGroup = new Map<string, CamePage>();
  for (const page of pages) {
    const before = byKey.get(page.key) ?? byGroup.get(page.group);
    byKey.set(page.key, page);
    const last = byGroup.get(page.group);
    byGroup.set(page.group, page);
    if (before === undefined) continue;
    const isSameKey = before.key === page.key;
    if (!isSameKey && (last === undefined || !saysTheSame(last, page))) continue;
    const isKilled = killsAtMs.some((ms) => ms > before.atMs - EXPLAINS_FOR_MS && ms < page.atMs);
    const explained = !before.isTaken ? 'receiver' : isKilled ? 'killed' : null;
    const text = `${page.key} after ${before.key}, ${page.atMs - before.atMs} ms later`;
    found.push({ text, explained });
  }
  return found;
}

function saysTheSame(one: CamePage, other: CamePage): boolean {
  const textOf = ({ firing, resolved }: CamePage): string =>
    JSON.stringify([firing.toSorted(), resolved.toSorted()]);
  return textOf(one) === textOf(other);
}
