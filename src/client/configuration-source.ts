import type { Configuration } from '../domain/alerting/alerting-file.ts';
import type { AlertingView } from '../domain/alerting/views.ts';
import { notConfigured } from './shards.ts';

/** What alerts are shared out by. */
export interface Shared {
  readonly version: number;
  readonly shards: number;
  readonly configuration: Configuration;
}

/**
 * The coordinator's configuration, as it was lately. One that is older does no harm: a shard passes
 * on what is not its own. So the last one stands also where nobody answers any more.
 */
export interface ConfigurationSource {
  /** At most 30 s old, unless nobody has answered. */
  get(): Promise<Shared>;
  /** As it is now. */
  renew(): Promise<Shared>;
}

const KEPT_MS = 30_000;

/** Throws what `ask` throws, or `AlertingNotConfigured`, as long as nothing is known. */
export function createConfigurationSource(
  ask: () => Promise<AlertingView>,
  nowMs: () => number,
): ConfigurationSource {
  let known: Shared | undefined;
  let askedAtMs = -Infinity;
  let asking: Promise<Shared> | undefined;

  async function askNow(): Promise<Shared> {
    try {
      known = sharedOf(await ask());
    } catch (error) {
      if (known === undefined) throw error;
    } finally {
      askedAtMs = nowMs();
      asking = undefined;
    }
    return known;
  }

  const renew = (): Promise<Shared> => (asking ??= askNow());
  return {
    renew,
    get: async () => (known !== undefined && nowMs() - askedAtMs < KEPT_MS ? known : renew()),
  };
}

function sharedOf({ version, shards, configuration }: AlertingView): Shared {
  if (configuration === null) throw notConfigured();
  return { version, shards, configuration };
}
