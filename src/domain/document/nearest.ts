/** The closest word, where at most a third of its letters differ. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of known) {
    const most = Math.max(2, candidate.length / 3);
    // Also keeps the cost of a very long word small.
    if (Math.abs(word.length - candidate.length) > most) continue;
    const between = distance(word.toLowerCase().replaceAll('-', '_'), candidate);
    if (between < bestDistance && between <= most) {
      best = candidate;
      bestDistance = between;
    }
  }
  return best;
}

/** Levenshtein's edit distance. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const substitute = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
