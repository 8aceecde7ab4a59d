import type { Signal } from '../../domain/judge/measurement.ts';
import type { MetricsSpec } from '../../domain/release/release.schema.ts';
import type { EnvironmentDriver, InstanceUsage } from '../environment/environment.ts';
import type { TrafficRouter } from '../traffic/router.ts';
import { createEnvironmentSource } from './environment.ts';
import { createMemorySource } from './memory.ts';
import { createPrometheusSource } from './prometheus.ts';
import { createReadings } from './readings.ts';
import { type Scraped, createScrapeSource } from './scrape.ts';
import type { MetricsSource } from './source.ts';
import { createTrafficSource } from './traffic.ts';

export interface SourceDeps {
  secret(name: string): string | undefined;
  readonly memory?: MetricsSource;
}

interface Beside {
  readonly router: TrafficRouter;
  readonly environment: EnvironmentDriver;
}

/** The sources that a release file names; earlier readings of counters are kept here for all. */
export function createSources({ secret, memory = createMemorySource() }: SourceDeps) {
  const usages = createReadings<InstanceUsage>();
  const scraped = createReadings<Scraped>();
  return (spec: MetricsSpec, { router, environment }: Beside): MetricsSource => {
    switch (spec.kind) {
      case 'traffic':
        return only(createTrafficSource(router), spec.signals);
      case 'environment':
        return only(createEnvironmentSource(environment, usages), spec.signals);
      case 'scrape':
        return createScrapeSource(spec, scraped);
      case 'prometheus':
        return createPrometheusSource(spec, secret);
      case 'memory':
        return memory;
      default:
        return spec satisfies never;
    }
  };
}

/** The signals that the file wants from this source, and no others. */
function only(source: MetricsSource, signals: readonly Signal[] | undefined): MetricsSource {
  return signals === undefined
    ? source
    : { ...source, signals: source.signals.filter((name) => signals.includes(name)) };
}
