import { requireRelease } from '../../../src/domain/release/release-file.ts';
import type { ReleaseSpec } from '../../../src/domain/release/release-spec.ts';
import type { ReleaseDocument } from '../../../src/domain/release/release.schema.ts';

/** A release whose parts are all in memory. */
export function specOf(changes: Partial<ReleaseDocument> = {}): ReleaseSpec {
  const document: ReleaseDocument = {
    service: 'checkout',
    version: 'v2',
    strategy: 'blue_green',
    environment: { kind: 'memory', instances: 2 },
    traffic: { kind: 'memory' },
    metrics: [{ kind: 'memory' }],
    performance_thresholds: { max_latency_p95: '250ms', max_error_rate: '5%' },
    ...changes,
  };
  const text = JSON.stringify(document);
  return requireRelease({ forTests: true, text, file: 'r.json', folder: '/', version: undefined })
    .spec;
}
