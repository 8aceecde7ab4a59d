import { utf8Length } from './shard-draft.ts';
import type { Handed } from './shard-state.ts';

/** What one signal may carry. */
export const BATCH_BYTES_MAX = 256 * 1024;

/**
 * Alerts in as few batches as may be sent, in their order. One that is alone larger than a batch is
 * in `tooLarge`: whoever sent it must be told.
 */
export function inBatches(
  handed: readonly Handed[],
  bytesMax = BATCH_BYTES_MAX,
): { readonly batches: readonly (readonly Handed[])[]; readonly tooLarge: readonly Handed[] } {
  const batches: Handed[][] = [];
  const tooLarge: Handed[] = [];
  let room = 0;
  for (const one of handed) {
    const bytes = utf8Length(JSON.stringify(one)) + 1;
    if (bytes + BRACKETS > bytesMax) {
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
