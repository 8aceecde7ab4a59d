import { hash } from 'node:crypto';
import type { Route } from './router.ts';

/** Of a longer value of the cookie only so much names the user: it comes from outside. */
export const USER_MAX_BYTES = 4096;

export interface UserSlot {
  /** 0 to 99; a version of weight 5 in the second place has the slots 0 to 4. */
  readonly slot: number;
  /** Stands for the user where users are counted: 64 bits in hexadecimal. */
  readonly user: string;
}

/**
 * Where a user stands under an affinity. `belay.lua` does the same sum inside HAProxy: the first
 * four bytes of SHA-256 of `salt/user`, as a number, modulo 100.
 */
export function userSlot(salt: string, user: Buffer): UserSlot {
  const named = Buffer.concat([Buffer.from(`${salt}/`), user.subarray(0, USER_MAX_BYTES)]);
  const digest = hash('sha256', named, 'hex');
  return { slot: Number.parseInt(digest.slice(0, 8), 16) % 100, user: digest.slice(0, 16) };
}

/**
 * Tells the users of one salt and one split from those of another, in logs and counts: with each
 * new weight they are counted anew. `belay.lua` makes the same of what HAProxy serves.
 */
export function affinityId(salt: string, routes: readonly Route[]): string {
  const split = routes.map(({ version, weightPercent }) => ` ${version}:${weightPercent}`).join('');
  return hash('sha256', salt + split, 'hex').slice(0, 8);
}

/** The routes after the first take the slots from 0 upwards; the first has the rest. */
export function routeOfSlot(routes: readonly Route[], slot: number): Route | undefined {
  let upto = 0;
  for (const route of routes.slice(1)) {
    upto += route.weightPercent;
    if (slot < upto) return route;
  }
  return routes[0];
}
