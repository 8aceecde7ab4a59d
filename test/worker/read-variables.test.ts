import { expect, test } from 'vitest';
import { readAnswersConfig } from '../../src/answers/config.ts';
import { FAILURES } from '../../src/domain/failure.ts';
import { readWatchdogConfig } from '../../src/watchdog/config.ts';
import { readWorkerConfig } from '../../src/worker/config.ts';

/** Wrong for each of the three. */
const WRONG = { BELAY_PAGING: '', BELAY_TASK_QUEUE: '' };

test.each([
  ['the worker', readWorkerConfig, "the worker's environment: "],
  ['answers', readAnswersConfig, 'the environment: '],
  ['the watchdog', readWatchdogConfig, "the watchdog's environment: "],
] as const)('%s names every variable that is wrong, and whose it is', (_name, read, head) => {
  expect(() => read(WRONG)).toThrow(
    expect.objectContaining({
      code: 'EnvironmentInvalid',
      message: expect.stringMatching(
        new RegExp(`^${head}(?=.*BELAY_PAGING: .+)(?=.*BELAY_TASK_QUEUE: .+).*; `),
      ),
    }),
  );
});

test('an address without a port is told as what it is', () => {
  expect(() => readWorkerConfig({ BELAY_METRICS_ADDRESS: 'localhost' })).toThrow(
    "the worker's environment: BELAY_METRICS_ADDRESS: an address is host:port",
  );
  expect(readWorkerConfig({ BELAY_METRICS_ADDRESS: ':9464' }).metricsAddress).toBe(':9464');
});

test('how to mend it fits a variable as well as a release file', () => {
  expect(FAILURES.EnvironmentInvalid.mend).toContain('a variable of the process');
  expect(FAILURES.EnvironmentInvalid.mend).toContain('`environment` block');
});
