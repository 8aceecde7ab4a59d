import { Failure } from '../../domain/failure.ts';
import { addressProblem } from '../../domain/paging/address.ts';
import type { ChannelSpec } from '../../domain/paging/channel.schema.ts';

/** Throws `PageRejected` where a page names somebody whom the channel cannot reach. */
export function requireAddress(spec: ChannelSpec, to: string | undefined): void {
  const problem = addressProblem(spec, to);
  if (problem !== undefined) throw new Failure('PageRejected', `${spec.type}: ${problem}`);
}
