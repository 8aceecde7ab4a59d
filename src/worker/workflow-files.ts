import { fileURLToPath } from 'node:url';
import type { BundleOptions } from '@temporalio/worker';

const ENDING = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

const fileOf = (name: string): string =>
  fileURLToPath(new URL(`../workflows/${name}.${ENDING}`, import.meta.url));

/** Where a bundle of the workflows begins, and what stands around each of them. */
export const WORKFLOWS_PATH = fileOf('index');
export const WORKFLOW_INTERCEPTORS = [fileOf('task-guard')];

/** As `tsconfig.json` says, of which SWC knows the language of this year. */
const TARGET = 'es2024';

/**
 * The SDK has SWC rewrite what is younger than 2017, so that each spread of an object is a loop that
 * asks for every key: the largest part of what workflows with much state cost.
 */
export const bundledAsWritten: NonNullable<BundleOptions['webpackConfigHook']> = (config) => {
  for (const rule of config.module?.rules ?? []) {
    if (typeof rule !== 'object' || rule === null) continue;
    const { use } = rule;
    if (typeof use !== 'object' || Array.isArray(use)) continue;
    const { options } = use;
    if (typeof options === 'object' && options.jsc) options.jsc.target = TARGET;
  }
  return config;
};
