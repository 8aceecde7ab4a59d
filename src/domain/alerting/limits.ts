/** What the state of a shard may take as JSON. */
export const SHARD_BYTES_MAX = 1_000_000;

const SILENCES_PERCENT = 10;

/** Every shard holds all silences: so much of it is kept free for them, and never for alerts. */
export function bytesForSilences(bytesLimit: number): number {
  return Math.floor((bytesLimit * SILENCES_PERCENT) / 100);
}
