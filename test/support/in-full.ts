import { test } from 'vitest';
import type { BalancerKind } from '../../src/dev/balancer.ts';

/**
 * The cases that say nothing of the load balancer are tried with HAProxy alone, so that the whole
 * suite stays short; with the other one there is no such test, and so none is skipped.
 */
export function inFullWith(balancer: BalancerKind) {
  return (name: string, body: () => Promise<void>): void => {
    if (balancer === 'haproxy') test(name, body);
  };
}
