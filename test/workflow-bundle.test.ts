import { expect, test } from 'vitest';
import { workflowCode } from './support/workflow-code.ts';

/**
 * 0.6 MB of it are the SDK's own, 1.1 MB is what each workflow's context runs; the rest, with the
 * regular expressions of matchers, is loaded by the shards of alerts and their coordinator alone. The
 * source map behind it is twice as long, but a worker holds it once.
 */
const CODE_MAX_BYTES = 1_700_000;

test('the workflow bundle holds no zod, calendar or Node, and stays small', async () => {
  const code = await workflowCode();
  expect(code).not.toMatch(/node_modules\/(?:zod|rrule-temporal|temporal-polyfill)\//);
  expect(code).not.toMatch(/require\("node:/);
  // Rewritten for older engines, a spread takes several times as long.
  expect(code).not.toContain('_object_spread');
  const [own = '', sourceMap] = code.split('//# sourceMappingURL=');
  expect(sourceMap).toMatch(/^data:application\/json/);
  expect(Buffer.byteLength(own)).toBeLessThan(CODE_MAX_BYTES);
}, 60_000);
