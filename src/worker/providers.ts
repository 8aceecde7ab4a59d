import { systemClock } from '../activities/clock.ts';
import type { ActivityDeps } from '../activities/deps.ts';
import { createTemporalCheck } from '../activities/temporal.ts';
import { createWebhookCall } from '../providers/call/webhook-call.ts';
import { createEnvironments } from '../providers/environment/registry.ts';
import { checkOnce } from '../providers/health/check-all.ts';
import { createProbe } from '../providers/health/probe-load.ts';
import { createProbes } from '../providers/health/registry.ts';
import { askPrometheus } from '../providers/metrics/prometheus.ts';
import { createSources } from '../providers/metrics/registry.ts';
import { createChannels } from '../providers/notify/registry.ts';
import { acceptsConnections } from '../providers/traffic/check-change.ts';
import { createRouters } from '../providers/traffic/registry.ts';
import type { WorkerConfig } from './config.ts';

/** Every adapter of a worker, from its configuration. */
export function createProviders(config: WorkerConfig): ActivityDeps {
  const { stateDir, inherited, secret } = config;
  const probeHealth = createProbes({ inherited });
  return {
    clock: systemClock,
    environment: createEnvironments({ stateDir, inherited }),
    router: createRouters(),
    metrics: createSources({ secret }),
    askPrometheus: (server, template, query, signal) =>
      askPrometheus({ headersFromEnv: {}, ...server }, template, query, secret, signal),
    channel: createChannels({ secret, write: (line) => process.stdout.write(line) }),
    call: createWebhookCall({ secret }),
    checkHealth: (request, signal) => checkOnce(request, signal, probeHealth),
    temporal: createTemporalCheck(systemClock),
    acceptsConnections,
    probe: createProbe(),
  };
}
