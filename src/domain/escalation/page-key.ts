/** Providers take at most 255 characters of [A-Za-z0-9._/-]; the rest of a key needs up to 90. */
const PLACE_MAX = 160;
const DIGEST_LENGTH = 9;

/**
 * A place as a part of the keys of its pages: [A-Za-z0-9._/-], at most 160 characters, and never
 * the same for two places, as a provider would take the second page for a repeat of the first.
 */
export function placeInKey(place: string): string {
  const written = [...place]
    .map((one) => (/[A-Za-z0-9./-]/.test(one) ? one : `_${one.codePointAt(0)?.toString(16)}_`))
    .join('');
  if (written.length <= PLACE_MAX) return written;
  return `${written.slice(0, PLACE_MAX - DIGEST_LENGTH)}_${digest(written)}`;
}

/** FNV-1a, 32 bits, 8 hex digits: nobody chooses names in order to meet another one's. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
