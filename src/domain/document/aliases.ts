import { type Alias, type Document, type Node, visit } from 'yaml';
import type { Flaw } from './document-text.ts';

export interface Aliases {
  /** What each stands for: the last of that name before it. */
  readonly targets: ReadonlyMap<Alias, Node>;
  /** Those that stand for nothing, or for a part of the document that they stand in themselves. */
  readonly flaws: readonly Flaw[];
}

export function aliasesOf(document: Document): Aliases {
  const named = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  const flaws: Flaw[] = [];
  visit(document, {
    Value: (_key, node) => {
      if (node.anchor !== undefined) named.set(node.anchor, node);
    },
    Alias: (_key, alias, parents) => {
      const { source } = alias;
      const tell = (message: string) => flaws.push({ offset: alias.range?.[0] ?? 0, message });
      const target = named.get(source);
      if (target === undefined) {
        tell(`*${source} stands for nothing: no &${source} comes before it`);
      } else if (parents.includes(target)) {
        tell(`*${source} stands within &${source} itself: write out what is meant here`);
      } else {
        targets.set(alias, target);
      }
    },
  });
  return { targets, flaws };
}
