import type { PostedAlert } from './alert.ts';
import { postedAlerts } from './posted-alerts.schema.ts';

export type ReadPosted =
  | { readonly kind: 'valid'; readonly alerts: readonly PostedAlert[] }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

const PROBLEMS_MAX = 20;
const MESSAGE_MAX = 300;

/**
 * Reads what is posted to Alertmanager: a JSON list of alerts. Whether Belay can keep each of them
 * is asked when they are posted; here something is wrong that no single alert can be blamed for.
 */
export function readPosted(text: string): ReadPosted {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'invalid', problems: [`it is no JSON: ${why.slice(0, MESSAGE_MAX)}`] };
  }
  if (!Array.isArray(json)) {
    return {
      kind: 'invalid',
      problems: ['it is no list: write [{"labels": {"alertname": "Down"}}]'],
    };
  }
  const parsed = postedAlerts.safeParse(json);
  if (parsed.success) return { kind: 'valid', alerts: parsed.data };
  const { issues } = parsed.error;
  const problems = issues.slice(0, PROBLEMS_MAX).map(({ path, message }) => {
    const [at, ...keys] = path.map(String);
    const where = keys.length === 0 ? '' : `, ${keys.join('.').slice(0, MESSAGE_MAX)}`;
    return `alert ${Number(at) + 1} of ${json.length}${where}: ${message.slice(0, MESSAGE_MAX)}`;
  });
  const more = issues.length - problems.length;
  return { kind: 'invalid', problems: more > 0 ? [...problems, `and ${more} more`] : problems };
}
