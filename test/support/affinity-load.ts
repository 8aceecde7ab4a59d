import { Pool } from 'undici';
import type { Affinity } from '../../src/providers/traffic/router.ts';
import { startRouterRig } from './router-rig.ts';

const CONNECTIONS = 32;
const AFFINITY: Affinity = { cookie: 'user', maxAgeS: 3600, salt: 'release/checkout/1' };
/** What the candidate has, one after the other, while requests go on. */
export const WEIGHTS = [5, 25, 50] as const;

export interface AffinityFigures {
  readonly requests: number;
  readonly users: number;
  /** Users who met the candidate and later the stable version again. */
  readonly flipped: number;
  /** By weight: how far the share of the candidate was from it, in points of percent. */
  readonly splitErrorPoints: Readonly<Record<string, number>>;
  readonly tookMs: number;
}

/**
 * All users in turn over kept connections, while the weight of the candidate rises. Where each one
 * lands is noted; the split counts only requests that began and ended between two changes.
 */
export async function loadWithAffinity(
  kind: 'haproxy' | 'embedded',
  { requests, users }: { readonly requests: number; readonly users: number },
): Promise<AffinityFigures> {
  const rig = await startRouterRig(kind, ['v1', 'v2']);
  const pool = new Pool(rig.url(''), { connections: CONNECTIONS, pipelining: 1 });
  const met = new Uint8Array(users);
  const seen = WEIGHTS.map(() => ({ all: 0, candidate: 0 }));
  /** The weight in force, by its place; while it changes, none. */
  let phase: number | undefined;
  let sent = 0;
  let flipped = 0;

  const change = async (next: number): Promise<void> => {
    phase = undefined;
    const weight = WEIGHTS[next] ?? 0;
    await rig.apply(rig.routes(100 - weight, weight), { affinity: AFFINITY });
    phase = next;
  };

  const ask = async (): Promise<void> => {
    while (sent < requests) {
      const user = sent % users;
      const began = phase;
      sent += 1;
      const cookie = `theme=dark; user=visitor-${user}`;
      const { body } = await pool.request({ method: 'GET', path: '/', headers: { cookie } });
      const candidate = (await body.text()) === 'v2';
      if (!candidate && met[user] === 1) flipped += 1;
      if (candidate) met[user] = 1;
      const slot = began === phase && began !== undefined ? seen[began] : undefined;
      if (slot === undefined) continue;
      slot.all += 1;
      if (candidate) slot.candidate += 1;
    }
  };

  try {
    await change(0);
    const startedMs = performance.now();
    const asking = Promise.all(Array.from({ length: CONNECTIONS }, ask));
    for (const next of [1, 2]) {
      while (sent < (requests * next) / WEIGHTS.length) await new Promise(setImmediate);
      await change(next);
    }
    await asking;
    const tookMs = Math.round(performance.now() - startedMs);
    return { requests: sent, users, flipped, splitErrorPoints: errors(seen), tookMs };
  } finally {
    await pool.close();
    await rig.close();
  }
}

function errors(seen: readonly { readonly all: number; readonly candidate: number }[]) {
  return Object.fromEntries(
    WEIGHTS.map((weight, at) => {
      const { all, candidate } = seen[at] ?? { all: 0, candidate: 0 };
      return [String(weight), Math.round(Math.abs((candidate / all) * 100 - weight) * 100) / 100];
    }),
  );
}
