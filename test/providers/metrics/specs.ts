import type { MetricsSpec } from '../../../src/domain/release/release.schema.ts';
import { releaseSchema } from '../../../src/domain/release/release.schema.ts';

type Kind = MetricsSpec['kind'];

/** A source as a release file has it, with every default that the file would get. */
export function sourceOf<K extends Kind>(
  kind: K,
  fields: Readonly<Record<string, unknown>>,
): Extract<MetricsSpec, { kind: K }> {
  const [spec] = releaseSchema.shape.metrics.parse([{ kind, ...fields }]);
  if (spec === undefined || !isOf(spec, kind)) throw new Error(`there is no source of ${kind}`);
  return spec;
}

function isOf<K extends Kind>(
  spec: MetricsSpec,
  kind: K,
): spec is Extract<MetricsSpec, { kind: K }> {
  return spec.kind === kind;
}
