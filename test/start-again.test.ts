import { expect, test } from 'vitest';
import { startAgain } from './chaos/start-again.ts';

/** Fails so often, then starts; counts the tries. */
function stubborn(failures: number) {
  let tries = 0;
  const start = async (): Promise<void> => {
    tries += 1;
    if (tries <= failures) throw new Error(`refused ${tries}`);
  };
  return { start, tries: () => tries };
}

test.each([0, 1, 29])('what fails %i times is started all the same', async (failures) => {
  const { start, tries } = stubborn(failures);
  await startAgain('worker 1', start, 0);
  expect(tries()).toBe(failures + 1);
});

test('what does not start in 30 tries is an error that tells the last one', async () => {
  const { start, tries } = stubborn(Infinity);
  await expect(startAgain('the server', start, 0)).rejects.toThrow(
    'the server did not start in 30 tries, the last: Error: refused 30',
  );
  expect(tries()).toBe(30);
});
