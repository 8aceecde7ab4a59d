import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Assignment, USERS_COUNTED_MAX } from './router.ts';
import { createUserSet } from './user-set.ts';

/** One user whom an affinity has sent to a version. */
export interface Assigned {
  readonly service: string;
  readonly version: string;
  /** `affinityId` of the salt and the split. */
  readonly affinity: string;
  /** 16 hexadecimal digits. */
  readonly user: string;
}

const VERSIONS_MAX = 20;
/** The present one and the one before: old processes may still log its users. */
const AFFINITIES_KEPT = 2;
const HASH_BYTES = 8;

interface Series {
  readonly version: string;
  readonly users: ReturnType<typeof createUserSet>;
  readonly file: string;
  /** Users that are not in the file yet. */
  unsaved: bigint[];
}

const headSchema = z.strictObject({
  service: z.string(),
  affinity: z.string(),
  version: z.string(),
});
type Head = z.infer<typeof headSchema>;

export type AssignmentsStore = ReturnType<typeof createAssignmentsStore>;

/**
 * Distinct users by service, affinity and version; of a service its two newest affinities. `save`
 * keeps them in the folder: a file a version, with one line of JSON that says of what, and then
 * eight bytes a user. What came after the last `save` is lost with the process; those users are
 * counted when they come again.
 */
export function createAssignmentsStore(folder: string, usersMax = USERS_COUNTED_MAX) {
  /** Service, then affinity with the newest last, then version. */
  const services = new Map<string, Map<string, Map<string, Series>>>();

  function seriesOf({ service, affinity, version }: Head): Series | undefined {
    const affinities = services.get(service) ?? new Map<string, Map<string, Series>>();
    services.set(service, affinities);
    let versions = affinities.get(affinity);
    if (versions === undefined) {
      versions = new Map();
      affinities.set(affinity, versions);
      forgetOld(affinities);
    }
    let series = versions.get(version);
    if (series === undefined) {
      if (versions.size >= VERSIONS_MAX) return undefined;
      const name = createHash('sha256').update(JSON.stringify([service, affinity, version]));
      const file = join(folder, `${name.digest('hex').slice(0, 32)}.users`);
      series = { version, users: createUserSet(usersMax), file, unsaved: [] };
      versions.set(version, series);
      writeFileSync(file, `${JSON.stringify({ service, affinity, version })}\n`);
    }
    return series;
  }

  function forgetOld(affinities: Map<string, Map<string, Series>>): void {
    for (const [affinity, versions] of affinities) {
      if (affinities.size <= AFFINITIES_KEPT) return;
      affinities.delete(affinity);
      for (const { file } of versions.values()) rmSync(file, { force: true });
    }
  }

  function load(file: string): void {
    const bytes = readFileSync(file);
    const end = bytes.indexOf('\n') + 1;
    const head = headSchema.safeParse(parseJson(bytes.toString('utf8', 0, end)));
    // What a crash has left without its head says nothing about anybody.
    if (!head.success) return rmSync(file);
    const whole = bytes.length - ((bytes.length - end) % HASH_BYTES);
    if (whole < bytes.length) truncateSync(file, whole);
    const users = createUserSet(usersMax);
    for (let at = end; at < whole; at += HASH_BYTES) users.add(bytes.readBigUInt64BE(at));
    const { service, affinity, version } = head.data;
    const affinities = services.get(service) ?? new Map<string, Map<string, Series>>();
    const versions = affinities.get(affinity) ?? new Map<string, Series>();
    versions.set(version, { version, users, file, unsaved: [] });
    services.set(service, affinities.set(affinity, versions));
  }

  mkdirSync(folder, { recursive: true });
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.users'))
    .map((name) => join(folder, name))
    .map((file) => ({ file, at: statSync(file).mtimeMs }));
  for (const { file } of files.toSorted((a, b) => a.at - b.at)) load(file);

  return {
    record(assigned: Assigned): void {
      const hash = BigInt(`0x${assigned.user}`);
      const series = seriesOf(assigned);
      if (series?.users.add(hash) === true) series.unsaved.push(hash);
    },
    read(service: string, affinity: string): readonly Assignment[] {
      const versions = services.get(service)?.get(affinity) ?? new Map<string, Series>();
      return [...versions.values()]
        .map(({ version, users }) => ({ version, users: users.size() }))
        .toSorted((a, b) => (a.version < b.version ? -1 : 1));
    },
    save(): void {
      const all = [...services.values()].flatMap((affinities) => [...affinities.values()]);
      for (const series of all.flatMap((versions) => [...versions.values()])) {
        if (series.unsaved.length === 0) continue;
        const bytes = Buffer.alloc(series.unsaved.length * HASH_BYTES);
        series.unsaved.forEach((hash, index) => bytes.writeBigUInt64BE(hash, index * HASH_BYTES));
        series.unsaved = [];
        appendFileSync(series.file, bytes);
      }
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
