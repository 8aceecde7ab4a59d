import type { InhibitRule } from './alerting.schema.ts';
import { type Labels, labelOf } from './labels.ts';
import { matchesAll } from './matcher.ts';

/** A firing alert that can inhibit others. */
export interface Source {
  readonly fingerprint: string;
  readonly labels: Labels;
}

interface IndexedRule {
  readonly rule: InhibitRule;
  /** By the values of the labels that must be equal, so that the number of sources costs nothing. */
  readonly sources: ReadonlyMap<string, readonly IndexedSource[]>;
}

interface IndexedSource extends Source {
  /** It matches both sides of its rule. */
  readonly isTarget: boolean;
}

export type Inhibitors = readonly IndexedRule[];

/** Whether an alert can inhibit any other. */
export function canInhibit(rules: readonly InhibitRule[], labels: Labels): boolean {
  return rules.some(({ source }) => matchesAll(source, labels));
}

/** `firing`: alerts that are firing now; those that inhibit nothing do no harm. */
export function inhibitorsOf(rules: readonly InhibitRule[], firing: readonly Source[]): Inhibitors {
  return rules.map((rule) => {
    const sources = new Map<string, IndexedSource[]>();
    for (const one of firing) {
      if (!matchesAll(rule.source, one.labels)) continue;
      const key = equalKey(rule, one.labels);
      const before = sources.get(key);
      const source = { ...one, isTarget: matchesAll(rule.target, one.labels) };
      if (before === undefined) sources.set(key, [source]);
      else before.push(source);
    }
    return { rule, sources };
  });
}

/**
 * The alert that inhibits one with such labels; null, none. A missing label is an empty one, so
 * what both lack is equal. What matches both sides of a rule is not inhibited by another that does,
 * nor by itself.
 */
export function inhibitedBy(inhibitors: Inhibitors, labels: Labels): string | null {
  for (const { rule, sources } of inhibitors) {
    if (sources.size === 0 || !matchesAll(rule.target, labels)) continue;
    const equal = sources.get(equalKey(rule, labels)) ?? [];
    const isSource = matchesAll(rule.source, labels);
    const found = equal.find(({ isTarget }) => !(isSource && isTarget));
    if (found !== undefined) return found.fingerprint;
  }
  return null;
}

function equalKey({ equal }: InhibitRule, labels: Labels): string {
  return JSON.stringify(equal.map((name) => labelOf(labels, name)));
}
