import { spawn } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  rmSync,
  fstatSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import type { Instance } from '../../domain/release/instance.ts';
import type { EnvironmentSpec } from '../../domain/release/release.schema.ts';
import { openDatabase, readEffects } from '../store/effect-log.ts';
import type { EnvironmentDriver, InstanceState } from './environment.ts';
import {
  type ProcessIdentity,
  bootId,
  isAlive,
  isGroupAlive,
  signalGroup,
  usageOf,
} from './linux-process.ts';
import {
  PROCESS_TABLES,
  type Place,
  claim,
  conclude,
  forgetPlace,
  nextAttempt,
  placesOf,
  reservePlaces,
  versionsOf,
} from './process-table.ts';

export interface ProcessEnvironmentOptions {
  /** Shared by all workers of a machine; survives them. */
  readonly stateDir: string;
  /** What every instance gets besides its own block: `PATH`, `HOME` and the like, no secrets. */
  readonly inherited: Readonly<Record<string, string>>;
}

export interface ProcessEnvironment extends EnvironmentDriver {
  /** The versions of a service that have instances here. */
  versions(service: string): Promise<readonly string[]>;
}

type ProcessSpec = Extract<EnvironmentSpec, { kind: 'process' }>;

/**
 * The first to link its file wins and becomes the program; every other one of the same attempt
 * ends. The link is atomic and the file complete, whenever a worker dies.
 */
const START = `
mark="$1.$$"
echo "$$ $(cut -d' ' -f22 "/proc/$$/stat")" > "$mark" || exit 125
if ln "$mark" "$1" 2>/dev/null; then rm "$mark"; shift; exec "$@"; fi
rm "$mark"
`;

const MARK_WITHIN_MS = 5000;
const POLL_MS = 10;
/** A program that ends this soon has not started. */
const SETTLE_MS = 200;
const LOG_TAIL_BYTES = 1024;
const MARKS_KEPT_MS = 60 * 60_000;

/** Runs instances as processes of this machine. They outlive the worker, which finds them again. */
export function createProcessEnvironment(options: ProcessEnvironmentOptions): ProcessEnvironment {
  if (!existsSync('/proc/self/stat')) {
    throw new Failure('EnvironmentInvalid', 'the process environment needs Linux with /proc');
  }
  const stateDir = resolve(options.stateDir);
  mkdirSync(stateDir, { recursive: true });
  const database = openDatabase(join(stateDir, 'process.sqlite'), PROCESS_TABLES);

  function markOf({ service, version, place, attempt }: Place): string {
    return join(stateDir, 'run', service, version, `${place}.${attempt}`);
  }

  function logOf({ service, version, place }: Place): string {
    return join(stateDir, 'log', service, `${version}-${place}.log`);
  }

  function identityOf(place: Place): ProcessIdentity | undefined {
    return readMark(markOf(place));
  }

  async function ensureRunning(
    reserved: Place,
    spec: ProcessSpec,
    signal: AbortSignal,
  ): Promise<void> {
    for (let place = reserved; ; place = nextAttempt(database, place)) {
      const known = identityOf(place);
      if (known !== undefined && isAlive(known)) return;
      if (!existsSync(markOf(place))) return start(place, spec, signal);
      // What the last attempt has left behind must not hold the port.
      if (known !== undefined) signalGroup(known, 'SIGKILL');
    }
  }

  async function start(place: Place, spec: ProcessSpec, signal: AbortSignal): Promise<void> {
    const mark = markOf(place);
    const log = logOf(place);
    mkdirSync(join(mark, '..'), { recursive: true });
    mkdirSync(join(log, '..'), { recursive: true });
    const filled = (text: string): string =>
      text
        .replaceAll('{version}', place.version)
        .replaceAll('{port}', String(place.port))
        .replaceAll('{instance}', idOf(place));
    const output = openSync(log, 'a');
    try {
      const child = spawn(
        '/bin/sh',
        ['-c', START, 'belay-start', mark, ...spec.command.map(filled)],
        {
          cwd: spec.cwd,
          detached: true,
          stdio: ['ignore', output, output],
          env: {
            ...options.inherited,
            ...spec.env,
            PORT: String(place.port),
            BELAY_VERSION: place.version,
            BELAY_INSTANCE: idOf(place),
          },
        },
      );
      const failed = new Promise<never>((_resolve, reject) => {
        child.once('error', (error) =>
          reject(new Failure('EnvironmentFailed', `${idOf(place)}: ${error.message}`)),
        );
      });
      child.unref();
      await Promise.race([failed, marked(mark, signal)]);
    } finally {
      closeSync(output);
    }
    await wait(SETTLE_MS, undefined, { signal });
    const identity = identityOf(place);
    if (identity === undefined || !isAlive(identity)) {
      throw new Failure(
        'EnvironmentFailed',
        `${idOf(place)} ended at once (${spec.command.join(' ')}); ${log} ends with: ${tailOf(log)}`,
      );
    }
  }

  async function stop(place: Place, graceMs: number, signal: AbortSignal): Promise<void> {
    const mark = markOf(place);
    if (!existsSync(mark)) {
      // A start that is still on its way finds its place taken and ends.
      mkdirSync(join(mark, '..'), { recursive: true });
      try {
        writeFileSync(mark, 'removed\n', { flag: 'wx' });
        return;
      } catch {
        // It was faster: it is ended like any other.
      }
    }
    const identity = readMark(mark);
    if (identity === undefined || !isGroupAlive(identity)) return;
    signalGroup(identity, 'SIGTERM');
    const untilMs = Date.now() + graceMs;
    while (isGroupAlive(identity)) {
      if (Date.now() >= untilMs) signalGroup(identity, 'SIGKILL');
      await wait(POLL_MS * 2, undefined, { signal });
    }
  }

  return {
    async deploy({ service, version, key, generation, spec }, signal) {
      if (spec.kind !== 'process') {
        throw new Failure('EnvironmentInvalid', `${spec.kind} is not run as processes`);
      }
      requireProgram(spec, options.inherited.PATH ?? '');
      const by = { service, version, key, generation };
      claim(database, by);
      const { host, instances: count, ports } = spec;
      await reservePlaces(database, { service, version, host, count, ports });
      const all = placesOf(database, service, version);
      const wanted = all.filter(({ place }) => place < count);
      const results = await Promise.allSettled(
        wanted.map((place) => ensureRunning(place, spec, signal)),
      );
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      for (const extra of all.filter(({ place }) => place >= count)) {
        await stop(extra, spec.stopGraceMs, signal);
        forgetPlace(database, extra);
      }
      conclude(database, by, { what: `${version} runs ${count}`, removed: false });
      return wanted.map(instanceOf);
    },

    async find(service, version) {
      return placesOf(database, service, version).map((place): InstanceState => {
        const identity = identityOf(place);
        const running = identity !== undefined && isAlive(identity);
        return { ...instanceOf(place), running, log: logOf(place) };
      });
    },

    async usage(service, version) {
      return placesOf(database, service, version).flatMap((place) => {
        const identity = identityOf(place);
        if (identity === undefined || !isAlive(identity)) return [];
        return [{ instance: idOf(place), ...usageOf(identity), atMs: Date.now() }];
      });
    },

    async remove({ service, version, key, generation, graceMs }, signal) {
      const by = { service, version, key, generation };
      claim(database, by);
      const places = placesOf(database, service, version);
      await Promise.all(places.map((place) => stop(place, graceMs, signal)));
      conclude(database, by, { what: `${version} removed`, removed: true });
      forgetOldMarks(join(stateDir, 'run', service, version));
    },

    versions: async (service) => versionsOf(database, service),

    effects: async (service) => readEffects(database, service),
  };
}

function instanceOf(place: Place): Instance {
  return { id: idOf(place), host: place.host, port: place.port };
}

function idOf({ version, place }: Place): string {
  return `${version}/${place}`;
}

/** `undefined` where there is no mark, or that of a removal. */
function readMark(file: string): ProcessIdentity | undefined {
  let text: string;
  let written: number;
  try {
    text = readFileSync(file, 'utf8');
    written = statSync(file).mtimeMs;
  } catch {
    return undefined;
  }
  const [, pid, startTicks] = /^(\d+) (\d+)\n$/.exec(text) ?? [];
  if (startTicks === undefined || written < bootedAtMs()) return undefined;
  return { pid: Number(pid), startTicks: Number(startTicks), bootId: bootId() };
}

/** Marks stay for longer than any start can be on its way, so that none comes back from the dead. */
function forgetOldMarks(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (written < Date.now() - MARKS_KEPT_MS) rmSync(file, { force: true });
  }
}

/** A mark from before the last boot names nobody. */
function bootedAtMs(): number {
  const [, seconds] = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8')) ?? [];
  return Number(seconds ?? 0) * 1000 - 1000;
}

async function marked(mark: string, signal: AbortSignal): Promise<void> {
  const untilMs = Date.now() + MARK_WITHIN_MS;
  while (!existsSync(mark)) {
    if (Date.now() >= untilMs) {
      throw new Failure('EnvironmentFailed', `${mark} was not written in time`);
    }
    await wait(POLL_MS, undefined, { signal });
  }
}

/** What can be known to fail before anything starts. */
function requireProgram({ command: [program = ''], cwd }: ProcessSpec, path: string): void {
  const folder = cwd ?? '/';
  if (!isFolder(folder)) {
    throw new Failure('EnvironmentInvalid', `the folder ${folder} does not exist on this machine`);
  }
  const places = program.includes('/') ? [folder] : path.split(delimiter);
  if (places.some((place) => isProgram(resolve(place, program)))) return;
  const where = program.includes('/') ? `from ${folder}` : 'on the PATH of the worker';
  throw new Failure('EnvironmentInvalid', `the program ${program} is not found ${where}`);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return !isFolder(path);
  } catch {
    return false;
  }
}

function tailOf(file: string): string {
  const opened = openSync(file, 'r');
  try {
    const { size } = fstatSync(opened);
    const length = Math.min(size, LOG_TAIL_BYTES);
    const bytes = Buffer.alloc(length);
    readSync(opened, bytes, 0, length, size - length);
    return bytes.toString('utf8').trim() || '(nothing)';
  } finally {
    closeSync(opened);
  }
}
