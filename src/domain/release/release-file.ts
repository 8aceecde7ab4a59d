import type { Found } from '../document/issues.ts';
import { type Problem, formatProblem } from '../document/problem.ts';
import { type DocumentForm, readDocument } from '../document/read-document.ts';
import { suggestion } from '../document/suggestion.ts';
import { setProblem } from '../alerting/silence.ts';
import { Failure } from '../failure.ts';
import { releaseJsonSchema } from './json-schema.schema.ts';
import { contradictions, remarksOn } from './release-checks.ts';
import { type ParsedRelease, releaseSchema } from './release.schema.ts';
import { type ReleaseSpec, toReleaseSpec } from './release-spec.ts';
import { filledIn } from './silenced.ts';

export type ReleaseFile =
  | { readonly kind: 'valid'; readonly spec: ReleaseSpec; readonly remarks: readonly string[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

export interface ReleaseSource {
  readonly text: string;
  /** As the user named it, for the messages. */
  readonly file: string;
  /** Absolute; where programs of the environment run unless the file says otherwise. */
  readonly folder: string;
  /** Wins over the version in the file. */
  readonly version: string | undefined;
  /** Parts of `kind: memory` are taken: they move nothing and page nobody. */
  readonly forTests?: boolean;
}

let jsonSchema: Record<string, unknown> | undefined;

const RELEASE_FILE: DocumentForm<typeof releaseSchema> = {
  schema: releaseSchema,
  name: 'a release file',
  holds: 'one release',
  example: 'service: checkout',
  // A larger one is not a release file.
  charactersMax: 64 * 1024,
  suggest: (key, path) => suggestion(key, path, (jsonSchema ??= releaseJsonSchema())),
};

/** Reads a release file, YAML or JSON. Nothing is guessed: every problem is reported at once. */
export function readRelease(source: ReleaseSource): ReleaseFile {
  const read = readDocument(source, RELEASE_FILE, (parsed, written) => {
    const found = moreProblems(parsed, source);
    if (found.length > 0) return { kind: 'found', found };
    const version = source.version ?? parsed.version ?? '';
    const spec = toReleaseSpec(parsed, version, source.folder);
    return { kind: 'valid', value: { spec, remarks: remarksOn(parsed, written) } };
  });
  return read.kind === 'invalid' ? read : { kind: 'valid', ...read.value };
}

/** The specification, or one `ReleaseFileInvalid` that lists every problem. */
export function requireRelease(source: ReleaseSource): {
  readonly spec: ReleaseSpec;
  readonly remarks: readonly string[];
} {
  const read = readRelease(source);
  if (read.kind === 'valid') return read;
  throw new Failure('ReleaseFileInvalid', read.problems.map(formatProblem).join('\n'));
}

function moreProblems(parsed: ParsedRelease, source: ReleaseSource): Found[] {
  const found: Found[] = contradictions(parsed).map(({ path, message }) => ({ path, message }));
  if (source.version === undefined && parsed.version === undefined) {
    found.push({ path: [], message: 'names no version: add `version: …` or pass --version' });
  }
  if (
    source.version !== undefined &&
    !releaseSchema.shape.version.safeParse(source.version).success
  ) {
    found.push({
      path: [],
      message: `--version "${source.version}": letters, digits and . _ + - inside, at most 64`,
    });
  }
  found.push(...silenceProblems(parsed, source.version ?? parsed.version ?? ''));
  if (source.forTests !== true) found.push(...partsOfTests(parsed));
  return found;
}

/** As the coordinator of alerts would find them, of which a release cannot hear. */
function silenceProblems({ alerts, service }: ParsedRelease, version: string): Found[] {
  return filledIn(alerts?.silence ?? [], { service, version }).flatMap((set, at): Found[] => {
    const message = setProblem(set);
    return message === null ? [] : [{ path: ['alerts', 'silence', at], message }];
  });
}

/** A release of these would succeed without having done anything. */
function partsOfTests({ environment, traffic, metrics, notifications }: ParsedRelease): Found[] {
  const found: Found[] = [];
  const refuse = (kind: string, path: Found['path'], instead: string): void => {
    if (kind !== 'memory') return;
    const message = `memory is for Belay's own tests and does nothing here: write ${instead}`;
    found.push({ path, message });
  };
  refuse(environment.kind, ['environment', 'kind'], 'process');
  refuse(traffic.kind, ['traffic', 'kind'], 'haproxy or embedded');
  metrics.forEach(({ kind }, at) => refuse(kind, ['metrics', at, 'kind'], 'traffic'));
  notifications.forEach(({ kind }, at) => {
    refuse(kind, ['notifications', at, 'kind'], 'log or webhook');
  });
  return found;
}
