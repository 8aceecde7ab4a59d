/**
 * Pairs what is wanted with what there is, each with one at most, so that as many as can be are
 * paired (a maximum matching of a bipartite graph): whoever fits several leaves to the others what
 * only they fit. `fitting` are the places that each one fits; the answer is the place that each has
 * got, or null. What comes first in the list is never left out for what comes after it.
 */
export function assigned(fitting: readonly (readonly number[])[]): readonly (number | null)[] {
  const ownerOf = new Map<number, number>();
  const placeOf: (number | null)[] = fitting.map(() => null);
  const take = (one: number, place: number): true => {
    ownerOf.set(place, one);
    placeOf[one] = place;
    return true;
  };
  /** Takes a free place, or one whose owner can move to another. */
  const settle = (one: number, seen: Set<number>): boolean => {
    const places = fitting[one] ?? [];
    const free = places.find((place) => !ownerOf.has(place));
    if (free !== undefined) return take(one, free);
    for (const place of places) {
      const owner = ownerOf.get(place);
      if (owner === undefined || seen.has(place)) continue;
      seen.add(place);
      if (settle(owner, seen)) return take(one, place);
    }
    return false;
  };
  for (const one of fitting.keys()) settle(one, new Set());
  return placeOf;
}
