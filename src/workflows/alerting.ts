import type { AlertingInput } from './alert-messages.ts';

/**
 * The coordinator of the shards of alerts, one a namespace, for ever: it owns the configuration and
 * the silences. What it is made of is loaded when it begins.
 */
export async function alerting(input: AlertingInput): Promise<void> {
  const { runCoordinator } = await import(/* webpackMode: "eager" */ './alert-coordinator.ts');
  return runCoordinator(input);
}
