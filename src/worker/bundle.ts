import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { WORKFLOWS_PATH, WORKFLOW_INTERCEPTORS, bundledAsWritten } from './workflow-files.ts';

/** The code of the workflows as one file, for `BELAY_WORKFLOW_BUNDLE`: workers start faster. */
export async function bundleWorkflows(file: string): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: WORKFLOWS_PATH,
    workflowInterceptorModules: WORKFLOW_INTERCEPTORS,
    webpackConfigHook: bundledAsWritten,
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
