import { SHARD_BYTES_MAX, bytesForSilences } from './limits.ts';
import { utf8Length } from './shard-draft.ts';
import { type Silence, stateOf } from './silence.ts';

const SILENCES_MAX = 1000;

/** Why there is no room for new or changed silences beside those that last; null, there is. */
export function fullBecause(
  before: ReadonlyMap<string, Silence>,
  changed: readonly Silence[],
  nowMs: number,
  bytesLimit = SHARD_BYTES_MAX,
): string | null {
  const after = new Map([...before, ...changed.map((one) => [one.id, one] as const)]);
  const lasting = [...after.values()].filter((one) => stateOf(one, nowMs) !== 'expired');
  if (lasting.length > SILENCES_MAX) return `there are ${SILENCES_MAX} silences: expire some first`;
  const bytes = bytesOfSilences(lasting);
  const most = bytesForSilences(bytesLimit);
  if (bytes <= most) return null;
  return `all silences together have ${bytes} bytes as JSON; ${most} is the most: expire some first`;
}

export function bytesOfSilences(silences: Iterable<Silence>): number {
  let bytes = 0;
  for (const one of silences) bytes += bytesOfSilence(one);
  return bytes;
}

/** What a silence takes as it is carried, with a comma. */
export function bytesOfSilence(silence: Silence): number {
  return utf8Length(JSON.stringify(silence)) + 1;
}
