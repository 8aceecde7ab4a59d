/** What stands at a place of a JSON text: a value, or why there is none. */
export type Found =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'none'; readonly why: string };

/** `checks.0.status`: keys and indexes with dots between them. Only own keys count. */
export function valueAt(text: string, path: string): Found {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'none', why: 'the body is not JSON' };
  }
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) {
      return { kind: 'none', why: `there is no "${step}"` };
    }
    value = new Map<string, unknown>(Object.entries(value)).get(step);
  }
  return { kind: 'value', value };
}
