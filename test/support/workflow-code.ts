import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { bundleWorkflows } from '../../src/worker/bundle.ts';
import {
  WORKFLOWS_PATH,
  WORKFLOW_INTERCEPTORS,
  bundledAsWritten,
} from '../../src/worker/workflow-files.ts';

let code: string | undefined;

/** The code of the workflows, built once for all tests of a file. */
export async function workflowCode(): Promise<string> {
  if (code !== undefined) return code;
  const folder = mkdtempSync(join(tmpdir(), 'belay-bundle-'));
  const file = join(folder, 'workflows.js');
  await bundleWorkflows(file);
  code = readFileSync(file, 'utf8');
  rmSync(folder, { recursive: true, force: true });
  return code;
}

/** The same, but its activities may be silent for as long as they like. */
export async function workflowCodeWithoutHeartbeats(): Promise<string> {
  const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  const bundle = await bundleWorkflowCode({
    workflowsPath: WORKFLOWS_PATH,
    workflowInterceptorModules: [...WORKFLOW_INTERCEPTORS, fileOf('./long-heartbeats.ts')],
    webpackConfigHook: bundledAsWritten,
    logger: new DefaultLogger('ERROR'),
  });
  return bundle.code;
}
