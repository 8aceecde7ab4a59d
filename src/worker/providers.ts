import { randomUUID } from 'node:crypto';
import { createAttemptLog } from '../activities/begin-attempt.ts';
import { systemClock } from '../activities/clock.ts';
import type { ActivityDeps } from '../activities/deps.ts';
import type { PagingDeps } from '../activities/paging-deps.ts';
import { createTemporalCheck } from '../activities/temporal.ts';
import type { ChannelSpec } from '../domain/paging/channel.schema.ts';
import { createWebhookCall } from '../providers/call/webhook-call.ts';
import { createEnvironments } from '../providers/environment/registry.ts';
import { checkOnce } from '../providers/health/check-all.ts';
import { createProbe } from '../providers/health/probe-load.ts';
import { createProbes } from '../providers/health/registry.ts';
import { askPrometheus } from '../providers/metrics/prometheus.ts';
import { createSources } from '../providers/metrics/registry.ts';
import { createChannels } from '../providers/notify/registry.ts';
import type { PageChannel } from '../providers/page/page-channel.ts';
import { type RateBudget, createRateBudget } from '../providers/page/rate-budget.ts';
import { createPageChannels } from '../providers/page/registry.ts';
import { acceptsConnections } from '../providers/traffic/check-change.ts';
import { createRouters } from '../providers/traffic/registry.ts';
import type { WorkerConfig } from './config.ts';
import { createPagingSource } from './paging-source.ts';

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

/** Everything by which a worker reaches people, from its configuration. */
export function createPagingProviders({ pagingFile, secret }: WorkerConfig): PagingDeps {
  const write = (line: string): unknown => process.stdout.write(line);
  const { nowMs } = systemClock;
  const channels = createPageChannels({ secret, write, nowMs, newId: randomUUID });
  return {
    clock: systemClock,
    paging: {
      ...createPagingSource(pagingFile, write),
      channel: keptBySettings<PageChannel, ChannelSpec>(channels),
      budget: keptBySettings<RateBudget, ChannelSpec['rate']>((_, rate) => createRateBudget(rate)),
    },
    temporal: createAttemptLog(systemClock),
  };
}

/** One of each name, made again where its settings in the file have changed. */
function keptBySettings<Kept, Settings>(make: (name: string, settings: Settings) => Kept) {
  const kept = new Map<string, { readonly by: string; readonly it: Kept }>();
  return (name: string, settings: Settings): Kept => {
    const by = JSON.stringify(settings);
    const known = kept.get(name);
    if (known?.by === by) return known.it;
    const it = make(name, settings);
    kept.set(name, { by, it });
    return it;
  };
}
