import { setTimeout as wait } from 'node:timers/promises';
import { Pool } from 'undici';
import { inParallel } from '../incidents/measure.ts';

/** As the reference was measured: so many alerts in a request, and so many connections. */
const BATCH = 64;
const CONNECTIONS = 4;
/** Whoever is told to come again does, as often. */
const TRIES = 3;
const AGAIN_AFTER_MS = 1000;
const ENDS_AFTER_MS = 600_000;

/** What alerts are about; the routes of both go by it. */
export type Scene = 'warm' | 'accept' | 'one' | 'many';

export interface Load {
  readonly scene: Scene;
  readonly count: number;
  /** The number of the first of them; default: 0. */
  readonly from?: number;
  /** When they have begun; none, at the moment when each is sent. */
  readonly startedMs?: number;
}

export interface Posted {
  readonly tookMs: number;
  /** In the order of the alerts, when its request was sent for the first time. */
  readonly sentAtMs: readonly number[];
  /** Of requests that were not taken at last, each with what was said. */
  readonly refused: readonly string[];
}

export const nameOf = (at: number): string => `host-${String(at).padStart(5, '0')}`;

const TEAMS = 100;

function alertOf(scene: Scene, at: number, startsAt: string, endsAt: string) {
  const name = nameOf(at);
  return {
    labels: { alertname: 'Down', scene, instance: name, team: `team-${at % TEAMS}` },
    annotations: { summary: `${name} does not answer` },
    generatorURL: 'http://prometheus.example/graph',
    startsAt,
    endsAt,
  };
}

/** As Prometheus sends them: each message says anew when its alerts end unless another comes. */
function bodyOf({ scene, count, from = 0, startedMs }: Load, first: number): string {
  const startsAt = new Date(startedMs ?? Date.now()).toISOString();
  const endsAt = new Date(Date.now() + ENDS_AFTER_MS).toISOString();
  const inBatch = Math.min(BATCH, count - first);
  return JSON.stringify(
    Array.from({ length: inBatch }, (_, at) => alertOf(scene, from + first + at, startsAt, endsAt)),
  );
}

/** Posts the alerts to `POST /api/v2/alerts` of whoever listens there, as fast as it takes them. */
export async function post(url: string, load: Load): Promise<Posted> {
  const pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1 });
  const sentAtMs: number[] = [];
  const refused: string[] = [];
  const request = async (body: string) => {
    const answer = await pool.request({
      path: '/api/v2/alerts',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  };
  const from = performance.now();
  try {
    await inParallel(Math.ceil(load.count / BATCH), CONNECTIONS, async (at) => {
      const body = bodyOf(load, at * BATCH);
      const sentMs = Date.now();
      for (let one = at * BATCH; one < Math.min((at + 1) * BATCH, load.count); one += 1) {
        sentAtMs[one] = sentMs;
      }
      for (let tried = 1; ; tried += 1) {
        const { status, text } = await request(body);
        if (status === 200) return;
        if (status !== 503 || tried === TRIES) {
          refused.push(`${status} ${text}`);
          return;
        }
        await wait(AGAIN_AFTER_MS);
      }
    });
  } finally {
    await pool.close();
  }
  return { tookMs: performance.now() - from, sentAtMs, refused };
}
