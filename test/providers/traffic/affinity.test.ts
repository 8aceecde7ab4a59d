import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { USER_MAX_BYTES, affinityId, userSlot } from '../../../src/providers/traffic/affinity.ts';
import { WEIGHTS, loadWithAffinity } from '../../support/affinity-load.ts';

describe('where a user stands', () => {
  test('is the first four bytes of SHA-256 of salt/user, modulo 100', () => {
    const hash = createHash('sha256').update('release/checkout/1/ann').digest('hex');
    expect(userSlot('release/checkout/1', Buffer.from('ann'))).toEqual({
      slot: Number.parseInt(hash.slice(0, 8), 16) % 100,
      user: hash.slice(0, 16),
    });
  });

  test('is a number that must never change: users would move', () => {
    const slots = ['ann', 'bob', 'ü'].map((user) => userSlot('s', Buffer.from(user)).slot);
    expect(slots).toEqual([91, 7, 17]);
    const routes = [
      { version: 'v1', weightPercent: 95, instances: [] },
      { version: 'v2', weightPercent: 5, instances: [] },
    ];
    expect(affinityId('s', routes)).toBe('e8dc8398');
  });

  test('goes by the beginning of a name without end', () => {
    const long = Buffer.alloc(USER_MAX_BYTES, 'x');
    expect(userSlot('s', Buffer.concat([long, Buffer.from('more')]))).toEqual(userSlot('s', long));
  });
});

// `bench/affinity.ts` does the same with 100,000 requests of 10,000 users.
test.each(['haproxy', 'embedded'] as const)(
  '%s never takes a user back from the candidate while its weight rises, and keeps to the split',
  async (kind) => {
    const load = { requests: 8000, users: 4000 };
    const { flipped, splitErrorPoints } = await loadWithAffinity(kind, load);
    expect(flipped).toBe(0);
    for (const weight of WEIGHTS) expect(splitErrorPoints[weight]).toBeLessThan(2);
  },
);
