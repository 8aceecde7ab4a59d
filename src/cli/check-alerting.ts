import {
  type PagingNames,
  missingInPaging,
  remarksOnAlerting,
} from '../domain/alerting/alerting-remarks.ts';
import { type Configuration, readAlerting } from '../domain/alerting/alerting-file.ts';
import { placesIn } from '../domain/document/place.ts';
import type { Problem } from '../domain/document/problem.ts';
import type { DocumentSource } from '../domain/document/read-document.ts';
import { requirePaging } from '../domain/paging/paging-file.ts';
import type { CliDeps } from './deps.ts';
import { pagingSource } from './paging-source.ts';

/** What is to be said of an alerting file. */
export type Checked =
  | {
      readonly kind: 'valid';
      readonly configuration: Configuration;
      readonly notes: readonly Problem[];
    }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** Reads it, with the names that it uses of a paging file, where that is known. */
export function checkAlerting(source: DocumentSource, names: PagingNames | null): Checked {
  const read = readAlerting(source);
  if (read.kind === 'invalid') return read;
  const { configuration } = read;
  const place = placesIn(source);
  const missing = names === null ? [] : missingInPaging(configuration, names);
  if (missing.length > 0) return { kind: 'invalid', problems: missing.map(place) };
  return { kind: 'valid', configuration, notes: remarksOnAlerting(configuration).map(place) };
}

/** Of a paging file, where one is named. */
export function pagingNames(file: string | undefined, deps: CliDeps): PagingNames | null {
  if (file === undefined) return null;
  const { channels, policies } = requirePaging(pagingSource(file, deps));
  return { channels: Object.keys(channels), policies: Object.keys(policies) };
}
