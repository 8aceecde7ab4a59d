import { utf8Length } from './shard-draft.ts';
import type { Handed } from './shard-state.ts';

/** What one signal may carry. */
export const BATCH_BYTES_MAX = 256 * 1024;
/**
 * What one alert may take that has been accepted already. Where it goes, or stays, is said with it when
 * it is passed on: labels of its own once more, and as many routes as a file has room for.
 */
export const ACCEPTED_BYTES_MAX = 1024 * 1024;

/**
 * Alerts in as few batches as may be sent, in their order. One that is larger than a batch is alone in
 * one; if it is larger than `aloneMax`, it is in `tooLarge`: whoever sent it must be told.
 */
export function inBatches(
  handed: readonly Handed[],
  bytesMax = BATCH_BYTES_MAX,
  aloneMax = bytesMax,
): { readonly batches: readonly (readonly Handed[])[]; readonly tooLarge: readonly Handed[] } {
  const batches: Handed[][] = [];
  const tooLarge: Handed[] = [];
  let room = 0;
  for (const one of handed) {
    const bytes = utf8Length(JSON.stringify(one)) + 1;
    if (bytes + BRACKETS > aloneMax) {
      tooLarge.push(one);
      continue;
    }
    const last = batches.at(-1);
    if (last !== undefined && bytes <= room) {
      last.push(one);
      room -= bytes;
    } else {
      batches.push([one]);
      room = bytesMax - BRACKETS - bytes;
    }
  }
  return { batches, tooLarge };
}

/** What stands around the alerts of an event. */
const BRACKETS = 100;
