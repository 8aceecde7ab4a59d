import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { expect, test } from 'vitest';

/**
 * What each workflow's context runs, of which 0.6 MB are the SDK's own; 1.03 MB since incidents are
 * part of it; 1.10 MB since a release can silence alerts. The source map behind it is twice as long, but a worker holds it once.
 */
const CODE_MAX_BYTES = 1_110_000;

test('the workflow bundle holds no zod, calendar or Node, and stays small', async () => {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../src/workflows/index.ts', import.meta.url)),
  });
  expect(code).not.toMatch(/node_modules\/(?:zod|rrule-temporal|temporal-polyfill)\//);
  expect(code).not.toMatch(/require\("node:/);
  const [own = '', sourceMap] = code.split('//# sourceMappingURL=');
  expect(sourceMap).toMatch(/^data:application\/json/);
  expect(Buffer.byteLength(own)).toBeLessThan(CODE_MAX_BYTES);
}, 60_000);
