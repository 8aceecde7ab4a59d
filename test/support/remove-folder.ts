import { rmSync } from 'node:fs';

/** A process that has just been killed may have left something while the folder is looked through. */
export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, maxRetries: 5, retryDelay: 100 });
}
