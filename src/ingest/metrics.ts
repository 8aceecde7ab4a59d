import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Taken } from './post-alerts.ts';

export interface IngestMetrics {
  taken(taken: Taken): void;
  heartbeat(): void;
  answered(route: string, status: number, tookMs: number): void;
  /** How many requests are worked on. */
  underWay(count: number): void;
  /** In the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Below the 10 s of Prometheus. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createIngestMetrics(): IngestMetrics {
  const registry = new Registry();
  const registers = [registry];
  const alerts = new Counter({
    ...{ name: 'belay_ingest_alerts_total', help: 'Alerts, by what has become of them' },
    ...{ labelNames: ['result'] as const, registers },
  });
  const heartbeats = new Counter({
    ...{ name: 'belay_ingest_heartbeats_total', help: 'Signals at /heartbeat', registers },
  });
  const requests = new Counter({
    ...{ name: 'belay_ingest_requests_total', help: 'Requests, by their answers' },
    ...{ labelNames: ['route', 'status'] as const, registers },
  });
  const duration = new Histogram({
    ...{ name: 'belay_ingest_request_duration_seconds', help: 'From a request to its answer' },
    ...{ labelNames: ['route'] as const, buckets: BUCKETS, registers },
  });
  const underWay = new Gauge({
    ...{ name: 'belay_ingest_requests_under_way', help: 'Requests that are worked on', registers },
  });
  return {
    taken({ news, resent, invalid, full }) {
      alerts.inc({ result: 'news' }, news);
      alerts.inc({ result: 'resent' }, resent);
      alerts.inc({ result: 'invalid' }, invalid);
      alerts.inc({ result: 'full' }, full);
    },
    heartbeat: () => heartbeats.inc(),
    answered(route, status, tookMs) {
      requests.inc({ route, status: String(status) });
      duration.observe({ route }, tookMs / 1000);
    },
    underWay: (count) => underWay.set(count),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
