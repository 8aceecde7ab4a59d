import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

/** The code of the workflows as one file, for `BELAY_WORKFLOW_BUNDLE`: workers start faster. */
export async function bundleWorkflows(file: string): Promise<void> {
  const isSource = import.meta.url.endsWith('.ts');
  const index = `../workflows/index.${isSource ? 'ts' : 'js'}`;
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(index, import.meta.url)),
    logger: quiet,
  });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
}

const ignore = (): void => undefined;
const quiet = {
  log: ignore,
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
};

if (import.meta.main) await bundleWorkflows(process.argv[2] ?? 'dist/workflows.js');
