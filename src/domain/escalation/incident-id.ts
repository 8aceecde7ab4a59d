import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * What makes two reports the same incident: the policy, and the key that its reporter gives. It is
 * also what providers group by, and depends on no route, file or worker. 64 hex digits.
 */
export function incidentKey(policy: string, key: string): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify([policy, key]))));
}

/** The id of its workflow. */
export function incidentId(key: string): string {
  return `incident/${key}`;
}
