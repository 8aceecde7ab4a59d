import type { BelayClient } from '../../client/client.ts';
import { Failure } from '../../domain/failure.ts';
import { shortId } from '../render/short-id.ts';

const PREFIX = 'incident/';
const WHOLE_LENGTH = 64;
/** Fewer digits belong to too many. */
const DIGITS_MIN = 4;

/** The id of an incident as people type it: whole, or its first digits, with `incident/` or not. */
export async function incidentOf(client: BelayClient, what: string): Promise<string> {
  const digits = what.startsWith(PREFIX) ? what.slice(PREFIX.length) : what;
  if (!/^[0-9a-f]{4,64}$/.test(digits)) {
    throw new Failure(
      'NotFound',
      `"${what}" is no incident: write its id, or at least ${DIGITS_MIN} of its first digits`,
    );
  }
  if (digits.length === WHOLE_LENGTH) return `${PREFIX}${digits}`;
  const found = await client.incidents.list({ all: true, beginsWith: digits });
  const [id, ...others] = new Set(found.map((one) => one.id));
  if (id === undefined) {
    throw new Failure('NotFound', `no incident begins with ${digits}; a new one is listed late`);
  }
  if (others.length === 0) return id;
  const all = [id, ...others].map(shortId).join(', ');
  throw new Failure('NotFound', `${digits} begins ${others.length + 1} incidents: ${all}`);
}
