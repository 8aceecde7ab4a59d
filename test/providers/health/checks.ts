import type { HealthCheckSpec } from '../../../src/domain/release/release.schema.ts';
import { requireRelease } from '../../../src/domain/release/release-file.ts';

type Kind = HealthCheckSpec['kind'];

/** A check as a release file has it, with every default that the file would get. */
export function checkOf<K extends Kind>(
  kind: K,
  fields: Readonly<Record<string, unknown>>,
): Extract<HealthCheckSpec, { kind: K }> {
  const document = {
    service: 'shop',
    version: 'v1',
    strategy: 'blue_green',
    environment: { kind: 'memory' },
    traffic: { kind: 'memory' },
    health_checks: [{ kind, timeout: '2s', ...fields }],
  };
  const text = JSON.stringify(document);
  const { spec } = requireRelease({
    forTests: true,
    text,
    file: 'r.json',
    folder: '/',
    version: undefined,
  });
  const [check] = spec.health.checks;
  if (check === undefined || !isOf(check, kind)) throw new Error(`there is no check of ${kind}`);
  return check;
}

function isOf<K extends Kind>(
  check: HealthCheckSpec,
  kind: K,
): check is Extract<HealthCheckSpec, { kind: K }> {
  return check.kind === kind;
}
