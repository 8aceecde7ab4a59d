import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import { openDatabase, readEffects } from '../store/effect-log.ts';
import type { EnvironmentDriver, InstanceState } from './environment.ts';
import { isAlive, usageOf } from './linux-process.ts';
import { createProcessLife } from './process-life.ts';
import { forgetOldLogs } from './process-log.ts';
import { forgetOldMarks } from './process-mark.ts';
import { requireProgram } from './process-start.ts';
import {
  PROCESS_TABLES,
  claim,
  conclude,
  forgetPlace,
  instanceOf,
  newestClaim,
  placesOf,
  requireNewest,
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
  /**
   * Ends every instance of a service and is no effect: in the name of whoever changed each version
   * last, so that any later change of it still counts.
   */
  stop(service: string, graceMs: number, signal: AbortSignal): Promise<void>;
}

/** Runs instances as processes of this machine. They outlive the worker, which finds them again. */
export function createProcessEnvironment(options: ProcessEnvironmentOptions): ProcessEnvironment {
  if (!existsSync('/proc/self/stat')) {
    throw new Failure('EnvironmentInvalid', 'the process environment needs Linux with /proc');
  }
  const { inherited } = options;
  const stateDir = resolve(options.stateDir);
  mkdirSync(stateDir, { recursive: true });
  const database = openDatabase(join(stateDir, 'process.sqlite'), PROCESS_TABLES);

  const { ensureRunning, end, identityOf, logOf } = createProcessLife({
    database,
    stateDir,
    inherited,
  });

  return {
    async deploy({ service, version, key, generation, spec }, signal) {
      if (spec.kind !== 'process') {
        throw new Failure('EnvironmentInvalid', `${spec.kind} is not run as processes`);
      }
      requireProgram({ spec, inherited, version });
      const by = { service, version, key, generation };
      claim(database, by);
      const { host, instances: count, ports } = spec;
      await reservePlaces(database, by, { host, count, ports });
      const all = placesOf(database, service, version);
      const wanted = all.filter(({ place }) => place < count);
      await allOf(wanted.map((place) => ensureRunning(place, by, spec, signal))).catch((error) => {
        // Whoever was overtaken is told so, rather than what the newer one did to its instances.
        requireNewest(database, by);
        throw error;
      });
      for (const extra of all.filter(({ place }) => place >= count)) {
        await end(extra, by, spec.stopGraceMs, signal);
        forgetPlace(database, by, extra);
      }
      conclude(database, by, { what: `${version} runs ${count}`, removed: false });
      return placesOf(database, service, version).map(instanceOf);
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
        return [{ instance: instanceOf(place).id, ...usageOf(identity), atMs: Date.now() }];
      });
    },

    async remove({ service, version, key, generation, graceMs }, signal) {
      const by = { service, version, key, generation };
      claim(database, by);
      const places = placesOf(database, service, version);
      await allOf(places.map((place) => end(place, by, graceMs, signal)));
      conclude(database, by, { what: `${version} removed`, removed: true });
      forgetOldMarks(join(stateDir, 'run', service, version));
      const left = versionsOf(database, service).flatMap((one) => placesOf(database, service, one));
      forgetOldLogs(join(stateDir, 'log', service), new Set(left.map(logOf)));
    },

    versions: async (service) => versionsOf(database, service),

    async stop(service, graceMs, signal) {
      for (const version of versionsOf(database, service)) {
        const by = newestClaim(database, service, version);
        const places = placesOf(database, service, version);
        await allOf(places.map((place) => end(place, by, graceMs, signal)));
        for (const place of places) forgetPlace(database, by, place);
      }
    },

    effects: async (service) => readEffects(database, service),
  };
}

/** Waits for every one, so that nothing goes on after the first failure has been told. */
async function allOf(all: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(all);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
