import { utf8ToBytes } from '@noble/hashes/utils.js';
import { type Labels, sortedLabels } from './labels.ts';

const SEPARATOR = 0xff;

/**
 * 16 hex digits that stand for a set of labels: FNV-1a of 64 bits over the sorted names and values,
 * each followed by 0xff; the same as Prometheus' and Alertmanager's. Empty labels do not count.
 */
export function fingerprint(labels: Labels): string {
  // The 64 bits in four parts, as numbers are exact up to 53 and bigint is slow.
  const hash = [0x2325, 0x8422, 0x9ce4, 0xcbf2] as [number, number, number, number];
  for (const [name, value] of sortedLabels(labels)) {
    addBytes(hash, utf8ToBytes(name));
    addByte(hash, SEPARATOR);
    addBytes(hash, utf8ToBytes(value));
    addByte(hash, SEPARATOR);
  }
  return hash
    .toReversed()
    .map((part) => part.toString(16).padStart(4, '0'))
    .join('');
}

type Hash = [number, number, number, number];

function addBytes(hash: Hash, bytes: Uint8Array): void {
  for (const byte of bytes) addByte(hash, byte);
}

/** Times the prime 2^40 + 0x1b3, lowest part first. */
function addByte(hash: Hash, byte: number): void {
  const [first, second, third, fourth] = hash;
  const low = first ^ byte;
  const part0 = low * 0x1b3;
  const part1 = second * 0x1b3 + Math.floor(part0 / 0x10000);
  const part2 = third * 0x1b3 + low * 0x100 + Math.floor(part1 / 0x10000);
  const part3 = fourth * 0x1b3 + second * 0x100 + Math.floor(part2 / 0x10000);
  hash[0] = part0 & 0xffff;
  hash[1] = part1 & 0xffff;
  hash[2] = part2 & 0xffff;
  hash[3] = part3 & 0xffff;
}
