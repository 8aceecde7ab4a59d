import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EnvironmentSpec } from '../../src/domain/release/release.schema.ts';
import {
  type ProcessEnvironment,
  createProcessEnvironment,
} from '../../src/providers/environment/process.ts';
import { TEST_MARK, endMarkedProcesses, markedProcesses } from './marked-processes.ts';

export type ProcessSpec = Extract<EnvironmentSpec, { kind: 'process' }>;

const TINY_SERVER = fileURLToPath(new URL('tiny-server.ts', import.meta.url));

/** A program that costs nothing to start, where nobody talks to it. */
export const SLEEPER = ['/bin/sleep', '600'];

/** Of this test process alone: others run at the same time, each with an environment of its own. */
const FIRST_PORT = 17_000 + 100 * Number(process.env.VITEST_POOL_ID ?? 0);
const PORTS = { from: FIRST_PORT, to: FIRST_PORT + 99 };

/** A process environment in a folder of its own, whose processes all carry one mark. */
export interface ProcessRig {
  readonly stateDir: string;
  readonly mark: string;
  /** Another worker of the same machine. */
  environment(): ProcessEnvironment;
  spec(changes?: Partial<ProcessSpec>): ProcessSpec;
  /** Every process that the test has caused and that still runs. */
  processes(): readonly number[];
  close(): void;
}

export function createProcessRig(): ProcessRig {
  const stateDir = mkdtempSync(join(tmpdir(), 'belay-processes-'));
  const mark = stateDir;
  return {
    stateDir,
    mark,
    environment: () =>
      createProcessEnvironment({ stateDir, inherited: { PATH: process.env.PATH ?? '' } }),
    spec: ({ env, ...changes } = {}) => ({
      kind: 'process',
      instances: 1,
      command: [process.execPath, TINY_SERVER, '--of={version}', '--at={port}', '--as={instance}'],
      cwd: stateDir,
      host: '127.0.0.1',
      ports: PORTS,
      stopGraceMs: 2000,
      ...changes,
      env: { ...env, [TEST_MARK]: mark },
    }),
    processes: () => markedProcesses(mark),
    close() {
      endMarkedProcesses(mark);
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
