const PREFIX = 'incident/';
const LENGTH = 12;

/** So much of the id of an incident is printed where somebody has to type it. */
export function shortId(id: string): string {
  return id.slice(PREFIX.length, PREFIX.length + LENGTH);
}
