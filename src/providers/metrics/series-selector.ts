import { type Sample, unescapeLabel } from './exposition.ts';
import { Failure } from '../../domain/failure.ts';

/** Whether a sample belongs to the series, by the labels it has besides its name. */
export interface SeriesSelector {
  readonly name: string;
  matches(labels: Sample['labels']): boolean;
}

const SELECTOR = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?$/;
const MATCHER = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/y;

/**
 * `name` or `name{label="x", other=~"5.."}` with the four operators of PromQL; regular expressions
 * are anchored at both ends, and an absent label is an empty one. Throws `MetricsInvalid`.
 */
export function parseSelector(text: string): SeriesSelector {
  const [, name, inside] = SELECTOR.exec(text.trim()) ?? [];
  if (name === undefined) throw new Failure('MetricsInvalid', `"${text}" does not name a series`);
  const tests: ((labels: Sample['labels']) => boolean)[] = [];
  const matchers = inside ?? '';
  for (MATCHER.lastIndex = 0; MATCHER.lastIndex < matchers.trimEnd().length;) {
    const [, label, operator, written] = MATCHER.exec(matchers) ?? [];
    if (label === undefined || written === undefined) {
      throw new Failure('MetricsInvalid', `the label matchers of "${text}" cannot be read`);
    }
    const test = compile(operator ?? '=', unescapeLabel(written), text);
    tests.push((labels) => test(Object.hasOwn(labels, label) ? (labels[label] ?? '') : ''));
  }
  return { name, matches: (labels) => tests.every((test) => test(labels)) };
}

function compile(operator: string, value: string, text: string): (actual: string) => boolean {
  if (operator === '=') return (actual) => actual === value;
  if (operator === '!=') return (actual) => actual !== value;
  let pattern: RegExp;
  try {
    pattern = new RegExp(`^(?:${value})$`);
  } catch {
    throw new Failure('MetricsInvalid', `"${text}" has a regular expression that is none`);
  }
  return operator === '=~' ? (actual) => pattern.test(actual) : (actual) => !pattern.test(actual);
}
