import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Child, startChild } from '../../src/dev/children.ts';
import { readDevConfig } from '../../src/dev/config.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/hooks/', import.meta.url));
const INSTALL_WITHIN_MS = 180_000;

/** The task queue and the activity of the example, as its page names them. */
export const PYTHON_QUEUE = 'db-hooks';
export const PYTHON_ACTIVITY = 'migrate_schema';

export interface PythonWorkerOptions {
  /** Of Temporal. */
  readonly address: string;
  /** For its log. */
  readonly folder: string;
  /** The SQLite file that it migrates: it must have a table `orders` with `id` and `total`. */
  readonly database: string;
}

/** The Python worker of `examples/hooks`, once it serves its queue. Stop it. */
export async function startPythonWorker(options: PythonWorkerOptions): Promise<Child> {
  const { address, folder, database } = options;
  return startChild({
    command: 'python3',
    args: [join(EXAMPLE, 'worker.py')],
    env: {
      PATH: process.env.PATH,
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONPATH: await installedPackages(),
      TEMPORAL_ADDRESS: address,
      HOOKS_DATABASE: database,
    },
    log: join(folder, 'python-worker.log'),
    ready: (line) => line.startsWith('serving'),
  });
}

/** A folder with what the example's `requirements.txt` names, installed once. */
async function installedPackages(): Promise<string> {
  const requirements = join(EXAMPLE, 'requirements.txt');
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const { cacheDir } = readDevConfig(process.env);
  const folder = join(cacheDir, `python-hooks-${digest.slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheDir, { recursive: true });
  const fresh = mkdtempSync(join(cacheDir, 'python-hooks-'));
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
  args.push('--only-binary=:all:', '--require-hashes', '--target', fresh, '-r', requirements);
  try {
    await promisify(execFile)('python3', args, { timeout: INSTALL_WITHIN_MS });
    if (!existsSync(folder)) renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}
