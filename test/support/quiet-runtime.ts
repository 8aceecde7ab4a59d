import { DefaultLogger, Runtime } from '@temporalio/worker';

let isQuiet = false;

/**
 * A failed activity is a case of a test here, not a line for a person. A process has one runtime,
 * however many rigs it starts.
 */
export function quietRuntime(): void {
  if (isQuiet) return;
  isQuiet = true;
  Runtime.install({ logger: new DefaultLogger('ERROR') });
}
