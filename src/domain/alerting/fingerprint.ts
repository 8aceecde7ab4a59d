import { utf8ToBytes } from '@noble/hashes/utils.js';
import { type Labels, sortedLabels } from './labels.ts';

const SEPARATOR = 0xff;

/**
 * 16 hex digits that stand for a set of labels: FNV-1a of 64 bits over the sorted names and values,
 * each followed by 0xff; the same as Prometheus' and Alertmanager's. Empty labels do not count.
 */
export function fingerprint(labels: Labels): string {
  // The 64 bits in four parts, as numbers are exact up to 53 and bigint is slow.
  const hash = [0x2325, 0x8422, 0x9ce4, 0xcbf2] as Hash;
  for (const [name, value] of sortedLabels(labels)) {
    addText(hash, name);
    addByte(hash, SEPARATOR);
    addText(hash, value);
    addByte(hash, SEPARATOR);
  }
  return hash
    .toReversed()
    .map((part) => part.toString(16).padStart(4, '0'))
    .join('');
}

type Hash = [number, number, number, number];

const ASCII_MAX = 0x7f;

/** As UTF-8. Nearly all labels are ASCII, whose codes are their bytes: encoding takes far longer. */
function addText(hash: Hash, text: string): void {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > ASCII_MAX) {
      for (const byte of utf8ToBytes(text.slice(at))) addByte(hash, byte);
      return;
    }
    addByte(hash, code);
  }
}

/** Times the prime 2^40 + 0x1b3, lowest part first; no product has more than 31 bits. */
function addByte(hash: Hash, byte: number): void {
  const low = hash[0] ^ byte;
  const second = hash[1];
  const part0 = low * 0x1b3;
  const part1 = second * 0x1b3 + (part0 >>> 16);
  const part2 = hash[2] * 0x1b3 + low * 0x100 + (part1 >>> 16);
  const part3 = hash[3] * 0x1b3 + second * 0x100 + (part2 >>> 16);
  hash[0] = part0 & 0xffff;
  hash[1] = part1 & 0xffff;
  hash[2] = part2 & 0xffff;
  hash[3] = part3 & 0xffff;
}
