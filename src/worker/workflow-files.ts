import { fileURLToPath } from 'node:url';

const ENDING = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

const fileOf = (name: string): string =>
  fileURLToPath(new URL(`../workflows/${name}.${ENDING}`, import.meta.url));

/** Where a bundle of the workflows begins, and what stands around each of them. */
export const WORKFLOWS_PATH = fileOf('index');
export const WORKFLOW_INTERCEPTORS = [fileOf('task-guard')];
