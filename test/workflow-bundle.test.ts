import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { expect, test } from 'vitest';

/** Above this a cached workflow costs noticeably more memory; it was 1.9 MB when this was set. */
const BUNDLE_MAX_BYTES = 2_500_000;

test('the workflow bundle holds no zod, calendar or Node, and stays small', async () => {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../src/workflows/index.ts', import.meta.url)),
  });
  expect(code).not.toMatch(/node_modules\/(?:zod|rrule-temporal|temporal-polyfill)\//);
  expect(code).not.toMatch(/require\("node:/);
  expect(Buffer.byteLength(code)).toBeLessThan(BUNDLE_MAX_BYTES);
}, 60_000);
