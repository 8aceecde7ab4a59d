import { defineConfig } from 'vitest/config';
import { FailedNames } from './test/support/failed-names.ts';

/**
 * Four projects, so that each can be run alone: `npx vitest run --project unit`.
 * `unit` is pure and fast; `provider` drives real programs; `workflow` skips time; `integration`
 * has a real Temporal server. Files that start servers run one after the other, and what they wait
 * for may take its time on a busy machine.
 */
const patient = { poll: { timeout: 30_000 } };

export default defineConfig({
  test: {
    reporters: ['default', new FailedNames()],
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'test/{domain,codec,client,cli,worker,tap,router}/**/*.test.ts',
            'test/*.test.ts',
          ],
        },
      },
      {
        test: {
          name: 'provider',
          expect: patient,
          include: ['test/{providers,activities,dev,answers,ingest,watchdog}/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'workflow',
          expect: patient,
          include: ['test/{workflows,replay}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'integration',
          expect: patient,
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
