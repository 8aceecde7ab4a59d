import { randomUUID } from 'node:crypto';
import { createAttemptLog } from '../activities/begin-attempt.ts';
import { systemClock } from '../activities/clock.ts';
import type { ActivityDeps } from '../activities/deps.ts';
import type { PagingDeps } from '../activities/paging-deps.ts';
import { createTemporalCheck } from '../activities/temporal.ts';
import { createWebhookCall } from '../providers/call/webhook-call.ts';
import { createEnvironments } from '../providers/environment/registry.ts';
import { checkOnce } from '../providers/health/check-all.ts';
import { createProbe } from '../providers/health/probe-load.ts';
import { createProbes } from '../providers/health/registry.ts';
import { askPrometheus } from '../providers/metrics/prometheus.ts';
import { createSources } from '../providers/metrics/registry.ts';
import { createChannels } from '../providers/notify/registry.ts';
import type { PageChannel } from '../providers/page/page-channel.ts';
import { createRateBudgets } from '../providers/page/rate-budget.ts';
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

/** What pages need: the paging file, the channels that it describes, and Temporal. */
export function createPagingProviders({ pagingFile, secret }: WorkerConfig): PagingDeps {
  const write = (line: string): void => void process.stdout.write(line);
  const open = createPageChannels({
    write,
    secret,
    nowMs: () => systemClock.nowMs(),
    newId: () => randomUUID(),
  });
  const kept = new Map<string, { readonly written: string; readonly channel: PageChannel }>();
  const source = createPagingSource(pagingFile, (problem) =>
    process.stderr.write(`${JSON.stringify({ paging: 'not read', problem })}\n`),
  );
  return {
    clock: systemClock,
    paging: {
      read: () => source.read(),
      channel(name, spec) {
        const written = JSON.stringify(spec);
        const known = kept.get(name);
        if (known?.written === written) return known.channel;
        const channel = open(name, spec);
        kept.set(name, { written, channel });
        return channel;
      },
      budget: createRateBudgets(),
    },
    temporal: createAttemptLog(systemClock),
  };
}
