import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { delimiter, dirname, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import type { EnvironmentSpec } from '../../domain/release/release.schema.ts';
import { isAlive } from './linux-process.ts';
import { openLog, tailOf } from './process-log.ts';
import { START, readMark } from './process-mark.ts';
import { type Place, instanceOf } from './process-table.ts';

export type ProcessSpec = Extract<EnvironmentSpec, { kind: 'process' }>;

export interface Start {
  readonly place: Place;
  readonly spec: ProcessSpec;
  readonly inherited: Readonly<Record<string, string>>;
  /** The file that the one process of this attempt creates. */
  readonly mark: string;
  readonly log: string;
}

const MARK_WITHIN_MS = 5000;
const POLL_MS = 10;
/** A program that ends this soon has not started. */
const SETTLE_MS = 200;
const SHOWN_COMMAND_LENGTH = 200;

/** A release file always says its folder; whoever writes a specification without it gets this. */
const DEFAULT_FOLDER = '/';

/**
 * Starts one attempt and returns when its program runs, whoever has started it. It outlives this
 * process. `EnvironmentFailed` when the program ends at once.
 */
export async function startInstance(start: Start, signal: AbortSignal): Promise<void> {
  const { place, spec, mark, log } = start;
  const { id } = instanceOf(place);
  const command = spec.command.map((text) => fill(text, place));
  mkdirSync(dirname(mark), { recursive: true });
  const output = openLog(log);
  try {
    const child = spawn('/bin/sh', ['-c', START, 'belay-start', mark, ...command], {
      cwd: spec.cwd ?? DEFAULT_FOLDER,
      detached: true,
      stdio: ['ignore', output, output],
      env: { ...start.inherited, ...spec.env, ...ownVariables(place) },
    });
    const failed = new Promise<never>((_resolve, reject) => {
      child.once('error', (error) =>
        reject(new Failure('EnvironmentFailed', `${id}: ${error.message}`, { cause: error })),
      );
    });
    child.unref();
    await Promise.race([failed, marked(mark, child, signal)]);
  } finally {
    closeSync(output);
  }
  await wait(SETTLE_MS, undefined, { signal });
  const identity = readMark(mark, environmentMarks(place));
  if (identity !== undefined && isAlive(identity)) return;
  const shown = command.join(' ').slice(0, SHOWN_COMMAND_LENGTH);
  throw new Failure(
    'EnvironmentFailed',
    `${id} ended at once (${shown}); ${log} ends with: ${tailOf(log)}`,
  );
}

/** The variables by which what an instance has started is told from anything else. */
export function environmentMarks(place: Place): readonly string[] {
  return Object.entries(ownVariables(place)).map(([name, value]) => `${name}=${value}`);
}

function ownVariables(place: Place): Readonly<Record<string, string>> {
  return {
    PORT: String(place.port),
    BELAY_VERSION: place.version,
    BELAY_INSTANCE: instanceOf(place).id,
  };
}

/** What can be known to fail before anything changes. */
export function requireProgram(
  start: Pick<Start, 'spec' | 'inherited'> & { readonly version: string },
): void {
  const { spec, inherited, version } = start;
  const folder = spec.cwd ?? DEFAULT_FOLDER;
  if (!isFolder(folder)) {
    throw new Failure('EnvironmentInvalid', `the folder ${folder} does not exist on this machine`);
  }
  const program = (spec.command[0] ?? '').replaceAll('{version}', version);
  // One that each instance has for itself is looked for when the instance starts.
  if (program.includes('{port}') || program.includes('{instance}')) return;
  const path = (spec.env.PATH ?? inherited.PATH ?? '').split(delimiter);
  const folders = program.includes('/') ? [folder] : path;
  if (folders.some((one) => isProgram(resolve(folder, one, program)))) return;
  const where = program.includes('/') ? `from ${folder}` : 'on the PATH';
  throw new Failure('EnvironmentInvalid', `the program ${program} is not found ${where}`);
}

function fill(text: string, place: Place): string {
  return text
    .replaceAll('{version}', place.version)
    .replaceAll('{port}', String(place.port))
    .replaceAll('{instance}', instanceOf(place).id);
}

/** Also when the start has ended without a mark: what it printed says why. */
async function marked(mark: string, child: ChildProcess, signal: AbortSignal): Promise<void> {
  const untilMs = Date.now() + MARK_WITHIN_MS;
  while (!existsSync(mark) && child.exitCode === null && child.signalCode === null) {
    if (Date.now() >= untilMs) {
      throw new Failure('EnvironmentFailed', `${mark} was not written in time`);
    }
    await wait(POLL_MS, undefined, { signal });
  }
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
