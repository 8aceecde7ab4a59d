import type { AlertsInput } from './alert-messages.ts';

/**
 * A shard of alerts: the durable owner of the groups that hash to it, for ever. What it is made of
 * is loaded when one begins: no other workflow pays for it.
 */
export async function alerts(input: AlertsInput): Promise<void> {
  const { runShard } = await import(/* webpackMode: "eager" */ './alert-shard.ts');
  return runShard(input);
}
