import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import type { DatabaseSync } from 'node:sqlite';
import { Failure } from '../../domain/failure.ts';
import type { Instance } from '../../domain/release/instance.ts';
import { EFFECTS_TABLE, appendEffect, transaction } from '../store/effect-log.ts';

export const PROCESS_TABLES = `
  CREATE TABLE IF NOT EXISTS instances (
    service TEXT NOT NULL,
    version TEXT NOT NULL,
    place INTEGER NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL UNIQUE,
    attempt INTEGER NOT NULL,
    ending INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (service, version, place)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS generations (
    service TEXT NOT NULL,
    version TEXT NOT NULL,
    generation INTEGER NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (service, version)
  ) STRICT;
  ${EFFECTS_TABLE}
`;

/** One instance that ought to run. Each attempt to start it has a number of its own. */
export interface Place {
  readonly service: string;
  readonly version: string;
  readonly place: number;
  readonly host: string;
  readonly port: number;
  readonly attempt: number;
  /** It has been asked to end, so that it does not count as running although it may still do. */
  readonly ending: boolean;
}

/** In whose name something changes: refused as soon as a newer generation has the version. */
export interface Claim {
  readonly service: string;
  readonly version: string;
  readonly generation: number;
  readonly key: string;
}

/** Outside the range from which Linux takes the ports of outgoing connections. */
const DEFAULT_PORTS = { from: 20_000, to: 29_999 };

export function instanceOf({ version, place, host, port }: Place): Instance {
  return { id: `${version}/${place}`, host, port };
}

export function placesOf(
  database: DatabaseSync,
  service: string,
  version: string,
): readonly Place[] {
  return database
    .prepare('SELECT * FROM instances WHERE service = ? AND version = ? ORDER BY place')
    .all(service, version)
    .map((row) => ({
      service: String(row.service),
      version: String(row.version),
      place: Number(row.place),
      host: String(row.host),
      port: Number(row.port),
      attempt: Number(row.attempt),
      ending: row.ending === 1,
    }));
}

export function versionsOf(database: DatabaseSync, service: string): readonly string[] {
  return database
    .prepare('SELECT DISTINCT version FROM instances WHERE service = ? ORDER BY version')
    .all(service)
    .map((row) => String(row.version));
}

/** In whose name a version was changed last; generation 0 where nobody has. */
export function newestClaim(database: DatabaseSync, service: string, version: string): Claim {
  const row = database
    .prepare('SELECT generation, key FROM generations WHERE service = ? AND version = ?')
    .get(service, version);
  return {
    service,
    version,
    generation: Number(row?.generation ?? 0),
    key: String(row?.key ?? ''),
  };
}

/** Takes the version for this generation; refused when a newer one has it. */
export function claim(database: DatabaseSync, by: Claim): void {
  transaction(database, () => {
    requireNewest(database, by);
    database
      .prepare(
        'INSERT OR REPLACE INTO generations (service, version, generation, key) VALUES (?, ?, ?, ?)',
      )
      .run(by.service, by.version, by.generation, by.key);
  });
}

/** The end is reached: its effect, and for a removal the end of its places, in one step. */
export function conclude(
  database: DatabaseSync,
  by: Claim,
  end: { readonly what: string; readonly removed: boolean },
): void {
  transaction(database, () => {
    requireNewest(database, by);
    if (end.removed) {
      database
        .prepare('DELETE FROM instances WHERE service = ? AND version = ?')
        .run(by.service, by.version);
    }
    const { service, generation, key } = by;
    appendEffect(database, { service, generation, key, what: end.what, atMs: Date.now() });
  });
}

export function requireNewest(database: DatabaseSync, by: Claim): void {
  const row = database
    .prepare('SELECT generation, key FROM generations WHERE service = ? AND version = ?')
    .get(by.service, by.version);
  if (row === undefined || Number(row.generation) <= by.generation) return;
  throw new Failure(
    'StaleGeneration',
    `generation ${by.generation} (${by.key}) comes after ${Number(row.generation)} ` +
      `(${String(row.key)}) of ${by.service} ${by.version}`,
  );
}

/** Gives every place below `count` a port that it keeps. */
export async function reservePlaces(
  database: DatabaseSync,
  by: Claim,
  wanted: {
    readonly host: string;
    readonly count: number;
    readonly ports: { readonly from: number; readonly to: number } | undefined;
  },
): Promise<void> {
  const has = new Set(placesOf(database, by.service, by.version).map(({ place }) => place));
  for (let place = 0; place < wanted.count; place += 1) {
    if (!has.has(place)) await reserve(database, by, { ...wanted, place });
  }
}

interface PortWanted {
  readonly host: string;
  readonly ports: { readonly from: number; readonly to: number } | undefined;
  readonly place: number;
}

async function reserve(database: DatabaseSync, by: Claim, wanted: PortWanted): Promise<void> {
  const { service, version } = by;
  const { place, host } = wanted;
  await takePort(database, by, wanted, (port) => {
    const { changes } = database
      .prepare(
        `INSERT INTO instances (service, version, place, host, port, attempt)
         VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT DO NOTHING`,
      )
      .run(service, version, place, host, port);
    return changes > 0 || placeOf(database, by, place) !== undefined;
  });
}

/** Another port for an instance that has ended and whose port somebody else holds meanwhile. */
export async function leaveTakenPort(
  database: DatabaseSync,
  by: Claim,
  { service, version, place, attempt, host, port: taken }: Place,
  ports: PortWanted['ports'],
): Promise<void> {
  if (await isFree(host, taken)) return;
  await takePort(database, by, { host, ports, place }, (port) => {
    const { changes } = database
      .prepare(
        `UPDATE OR IGNORE instances SET port = ?
         WHERE service = ? AND version = ? AND place = ? AND attempt = ?`,
      )
      .run(port, service, version, place, attempt);
    return changes > 0 || placeOf(database, by, place)?.attempt !== attempt;
  });
}

/** Goes through the free ports until `take` has one, or finds that it needs none any more. */
async function takePort(
  database: DatabaseSync,
  by: Claim,
  wanted: PortWanted,
  take: (port: number) => boolean,
): Promise<void> {
  const { service, version } = by;
  const { place, host, ports } = wanted;
  const { from, to } = ports ?? DEFAULT_PORTS;
  const size = to - from + 1;
  // Versions begin at different ports, so that one just freed is not taken up at once.
  const start = ports === undefined ? spread(`${service}/${version}/${place}`, size) : 0;
  const taken = database.prepare('SELECT 1 FROM instances WHERE port = ?');
  for (let offset = 0; offset < size; offset += 1) {
    const port = from + ((start + offset) % size);
    if (taken.get(port) !== undefined || !(await isFree(host, port))) continue;
    const reserved = transaction(database, () => {
      requireNewest(database, by);
      return take(port);
    });
    if (reserved) return;
  }
  throw new Failure(
    'EnvironmentInvalid',
    `no port from ${from} to ${to} on ${host} is free for ${version}/${place}`,
  );
}

/** A new attempt, unless another worker has begun it already; answers with what holds now. */
export function nextAttempt(database: DatabaseSync, by: Claim, after: Place): Place {
  const { service, version, place, attempt } = after;
  return transaction(database, () => {
    requireNewest(database, by);
    database
      .prepare(
        `UPDATE instances SET attempt = attempt + 1, ending = 0
         WHERE service = ? AND version = ? AND place = ? AND attempt = ?`,
      )
      .run(service, version, place, attempt);
    const now = placeOf(database, by, place);
    if (now !== undefined) return now;
    throw new Failure('EnvironmentFailed', `${version}/${place} of ${service} has been removed`);
  });
}

/** From here on the present attempt of a place is over, also for who deploys it again meanwhile. */
export function beginEnd(database: DatabaseSync, by: Claim, { place }: Place): Place | undefined {
  return transaction(database, () => {
    requireNewest(database, by);
    database
      .prepare('UPDATE instances SET ending = 1 WHERE service = ? AND version = ? AND place = ?')
      .run(by.service, by.version, place);
    return placeOf(database, by, place);
  });
}

export function forgetPlace(database: DatabaseSync, by: Claim, { place }: Place): void {
  transaction(database, () => {
    requireNewest(database, by);
    database
      .prepare('DELETE FROM instances WHERE service = ? AND version = ? AND place = ?')
      .run(by.service, by.version, place);
  });
}

function placeOf(database: DatabaseSync, by: Claim, place: number): Place | undefined {
  return placesOf(database, by.service, by.version).find((one) => one.place === place);
}

function spread(text: string, size: number): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) % size;
}

async function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
