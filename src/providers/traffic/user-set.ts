const FIRST_SLOTS = 64;

/**
 * A set of 64-bit hashes that costs 16 bytes or so each, where a `Set` of texts costs a hundred. It
 * takes `limit` of them and no more. The hash of zero cannot be told from an empty place and is
 * taken for 1.
 */
export function createUserSet(limit: number) {
  let places = new BigUint64Array(FIRST_SLOTS);
  let size = 0;

  function place(hash: bigint, all: BigUint64Array): number {
    const mask = all.length - 1;
    let at = Number(BigInt.asUintN(32, hash)) & mask;
    while (all[at] !== 0n && all[at] !== hash) at = (at + 1) & mask;
    return at;
  }

  function grow(): void {
    const wider = new BigUint64Array(places.length * 2);
    for (const hash of places) if (hash !== 0n) wider[place(hash, wider)] = hash;
    places = wider;
  }

  return {
    size: (): number => size,
    /** Whether it is new, and was taken. */
    add(hash: bigint): boolean {
      const kept = hash === 0n ? 1n : hash;
      if (size * 2 >= places.length) grow();
      const at = place(kept, places);
      if (places[at] === kept || size >= limit) return false;
      places[at] = kept;
      size += 1;
      return true;
    },
  };
}
