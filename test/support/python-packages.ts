import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readDevConfig } from '../../src/dev/config.ts';

const INSTALL_WITHIN_MS = 180_000;

/** A folder with what a `requirements.txt` names, hashes checked, installed once; for PYTHONPATH. */
export async function pythonPackages(name: string, requirements: string): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const { cacheDir } = readDevConfig(process.env);
  const folder = join(cacheDir, `${name}-${digest.slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheDir, { recursive: true });
  const fresh = mkdtempSync(join(cacheDir, `${name}-`));
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
