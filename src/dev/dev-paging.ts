import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Enough to open an incident and to see its pages. */
const TEXT = `# Who is paged about what. The worker reads it again whenever it has changed.
channels:
  log: { type: log } # a line of JSON in worker.log
policies:
  default:
    levels:
      - { wait: 1m, targets: [{ channel: log }] }
    repeat: 4
last_resort: [log]
`;

/** The paging file of a folder of \`belay dev\`; one that is there already stays as it is. */
export function usualPagingFile(folder: string): string {
  const file = join(folder, 'paging.yaml');
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, TEXT);
  return file;
}
