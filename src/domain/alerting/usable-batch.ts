import { type Alert, postedProblem } from './alert.ts';
import { type GroupRef, groupRef, stormRef } from './group-key.ts';
import { isRecord } from './is-record.ts';
import type { Handed, Stay } from './shard-state.ts';

/** What of a batch can be used, and why the rest of it cannot. */
export interface UsableBatch {
  readonly version: number;
  readonly alerts: readonly Handed[];
  readonly faults: readonly string[];
}

/**
 * Anybody may send a signal, in any language: what is no batch, or no alert, must not stop a shard.
 * The other alerts of a batch are taken.
 */
export function usableBatch(sent: unknown): UsableBatch {
  if (!isRecord(sent) || !Number.isSafeInteger(sent.version) || !Array.isArray(sent.alerts)) {
    return { version: 0, alerts: [], faults: ['it has no version and alerts'] };
  }
  const alerts: Handed[] = [];
  const faults: string[] = [];
  for (const [at, one] of (sent.alerts as readonly unknown[]).entries()) {
    const why = faultOf(one);
    if (why === null) alerts.push(one as Handed);
    else faults.push(`alerts[${at}] ${why}`);
  }
  return { version: sent.version as number, alerts, faults };
}

function faultOf(one: unknown): string | null {
  if (!isRecord(one) || !isRecord(one.alert)) return 'is no alert';
  const { alert, groups, stays } = one;
  if (!isTexts(alert.labels)) return 'has labels that are no texts';
  if (!isTexts(alert.annotations)) return 'has annotations that are no texts';
  const isUrl = alert.generatorUrl === null || typeof alert.generatorUrl === 'string';
  if (!isUrl) return 'has a generatorUrl that is no text';
  const times = [alert.startsAtMs, alert.endsAtMs, alert.updatedAtMs];
  if (!times.every((ms) => typeof ms === 'number') || typeof alert.isTimeout !== 'boolean') {
    return 'has no startsAtMs, endsAtMs, updatedAtMs and isTimeout';
  }
  if (!Number.isSafeInteger(alert.updatedAtMs)) return 'has a time in no calendar';
  if (groups !== null && !(Array.isArray(groups) && groups.every(isRef))) {
    return 'has groups that are none';
  }
  if (!Array.isArray(stays) || !stays.every(isStay)) return 'has stays that are none';
  if (![one.dueAtMs ?? 0, one.notBeforeMs ?? 0].every((ms) => Number.isSafeInteger(ms))) {
    return 'is due at no time';
  }
  const { labels, annotations, generatorUrl, startsAtMs, endsAtMs } = alert as unknown as Alert;
  return postedProblem({
    ...{ labels, annotations, startsAtMs, endsAtMs: Math.max(startsAtMs, endsAtMs) },
    ...(generatorUrl === null ? {} : { generatorUrl }),
  });
}

function isRef(ref: unknown): ref is GroupRef {
  if (!isRecord(ref) || !isRecord(ref.destination)) return false;
  const { kind, name } = ref.destination;
  return (
    (kind === 'channel' || kind === 'policy') &&
    typeof name === 'string' &&
    isTexts(ref.labels) &&
    typeof ref.isStorm === 'boolean' &&
    Array.isArray(ref.routes) &&
    ref.routes.every((at) => Number.isSafeInteger(at)) &&
    ref.key === keyOf(ref as unknown as GroupRef)
  );
}

/** What it has to be, as it is not carried on. */
function keyOf({ destination, labels, isStorm }: GroupRef): string {
  return isStorm ? stormRef(destination, []).key : groupRef(destination, labels, []).key;
}

function isStay(stay: unknown): stay is Stay {
  return (
    isRecord(stay) &&
    Number.isSafeInteger(stay.shard) &&
    Number.isSafeInteger(stay.version) &&
    isRef(stay.ref)
  );
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === 'string');
}
