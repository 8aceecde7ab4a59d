import {
  type Alias,
  type Document,
  type ParseOptions,
  type DocumentOptions,
  type Node,
  Scalar,
  type SchemaOptions,
  type YAMLMap,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
} from 'yaml';
import type { Aliases } from './aliases.ts';
import type { Flaw } from './document-text.ts';

/**
 * How programs in Go (`yaml.v2`) read a file of theirs: a scalar is the text that stands there
 * (`1.10` is not `1.1`), and `<<` merges keys. What comes of keys that a merge has too depends on
 * the types that they are read into.
 */
export interface GoYaml {
  /** Lists that grow where they are set again; others are replaced. */
  readonly growing: ReadonlySet<string>;
  /** Sets of names that users choose: none may be set twice. */
  readonly maps: ReadonlySet<string>;
}

const MERGE = 'tag:yaml.org,2002:merge';
const TYPES = ['int', 'float', 'bool'].map((name) => `tag:yaml.org,2002:${name}`);

const COPIED_MAX = 100_000;
const DEPTH_MAX = 500;

export const TOO_DEEP = 'is nested too deep';

export const AS_GO: ParseOptions & DocumentOptions & SchemaOptions = {
  schema: 'failsafe',
  resolveKnownTags: false,
  customTags: (tags) => [
    ...tags,
    'null',
    ...[...TYPES, MERGE].map((tag) => ({ tag, resolve: (text: string) => text })),
  ],
  uniqueKeys: (one, other) =>
    isScalar(one) && isScalar(other) && one.value === other.value && !isMergeKey(one),
};

function isMergeKey(key: unknown): boolean {
  return (
    isScalar(key) &&
    key.value === '<<' &&
    key.type === Scalar.PLAIN &&
    (key.tag === undefined || key.tag === MERGE)
  );
}

type Keys = Record<string, unknown>;

/** Where a value stands: below which keys, and within the copy that an alias makes of it. */
interface Place {
  readonly depth: number;
  readonly alias: Alias | null;
}

/** What a document says: sets of keys, lists, texts, and null where nothing stands. */
export function readAsGo(
  document: Document,
  { targets }: Aliases,
  { growing, maps }: GoYaml,
): { readonly value: unknown; readonly flaws: readonly Flaw[] } {
  const flaws: Flaw[] = [];
  let copied = 0;

  function tell(node: Node | null, message: string): null {
    if (flaws.length === 0) flaws.push({ offset: node?.range?.[0] ?? 0, message });
    return null;
  }

  function valueOf(node: unknown, name: string, place: Place): unknown {
    if (flaws.length > 0 || !isNode(node)) return null;
    if (isAlias(node)) return valueOf(targets.get(node), name, within(node, place));
    if (place.depth > DEPTH_MAX) return tell(place.alias ?? node, TOO_DEEP);
    if (place.alias !== null && (copied += 1) > COPIED_MAX) {
      return tell(place.alias, `aliases make more than ${COPIED_MAX} values of this file`);
    }
    const below = { ...place, depth: place.depth + 1 };
    if (isSeq(node)) return node.items.map((item) => valueOf(item, name, below));
    if (!isMap(node)) return isScalar(node) ? node.value : null;
    const keys: Keys = {};
    fill(keys, node, name, below);
    return keys;
  }

  /** In the order of the file: what comes later replaces what was there, from a merge or not. */
  function fill(keys: Keys, map: YAMLMap, name: string, place: Place): void {
    for (const { key, value } of map.items) {
      if (isMergeKey(key)) {
        for (const [source, inner] of sourcesOf(value, key, place)) fill(keys, source, name, inner);
      } else if (isScalar(key)) {
        const own = String(key.value ?? '');
        set(keys, own, valueOf(value, own, place), name, key);
      }
      if (flaws.length > 0) return;
    }
  }

  function set(keys: Keys, own: string, value: unknown, name: string, key: Node): void {
    const before = Object.hasOwn(keys, own) ? keys[own] : undefined;
    if (before !== undefined && maps.has(name)) {
      tell(key, `${own} is set here and by a merge: write it once`);
    } else if (isPresent(before) && isPresent(value) && kindOf(before) !== kindOf(value)) {
      tell(
        key,
        `${own} is ${kindOf(before)} and, by a merge, ${kindOf(value)}: only one can be right`,
      );
    } else if (isKeys(before) && isKeys(value)) {
      for (const [inner, one] of Object.entries(value)) set(before, inner, one, own, key);
    } else if (growing.has(own) && Array.isArray(before) && Array.isArray(value)) {
      keys[own] = [...before, ...value];
    } else {
      keys[own] = value;
    }
  }

  /** Of several the first one counts most: it comes last. */
  function sourcesOf(value: unknown, key: unknown, place: Place): readonly [YAMLMap, Place][] {
    const parts = isSeq(value) ? value.items.toReversed() : [value];
    return parts.flatMap((part): readonly [YAMLMap, Place][] => {
      const source = isAlias(part) ? targets.get(part) : part;
      if (isMap(source)) return [[source, isAlias(part) ? within(part, place) : place]];
      tell(isNode(key) ? key : null, '<< takes a set of keys, an alias of one, or a list of these');
      return [];
    });
  }

  const value = valueOf(document.contents, '', { depth: 0, alias: null });
  return { value, flaws };
}

function within(alias: Alias, place: Place): Place {
  return { depth: place.depth + 1, alias: place.alias ?? alias };
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return isKeys(value) ? 'a set of keys' : 'text';
}

function isKeys(value: unknown): value is Keys {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
