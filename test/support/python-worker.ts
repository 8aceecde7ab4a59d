import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../../src/dev/children.ts';
import { pythonPackages } from './python-packages.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/hooks/', import.meta.url));

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
      PYTHONPATH: await pythonPackages('python-hooks', join(EXAMPLE, 'requirements.txt')),
      TEMPORAL_ADDRESS: address,
      HOOKS_DATABASE: database,
    },
    log: join(folder, 'python-worker.log'),
    ready: (line) => line.startsWith('serving'),
  });
}
