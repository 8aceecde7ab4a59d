import type { PreviewAddress } from './progress.ts';
import type { ReleaseSpec } from './release-spec.ts';

/** How a person, or a test, reaches the candidate before users do: the same for every router. */
export function previewOf({ traffic, service, version }: ReleaseSpec): PreviewAddress | undefined {
  switch (traffic.kind) {
    case 'haproxy':
    case 'embedded':
      return {
        url: traffic.url,
        headers: { 'x-belay-version': version, 'x-belay-service': service },
      };
    case 'memory':
      return undefined;
    default:
      return traffic satisfies never;
  }
}
