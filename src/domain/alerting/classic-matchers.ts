import { type Matcher, OPERATORS } from './matcher.ts';

/** What a text could not be read for. */
export type Syntax =
  | { readonly kind: 'read'; readonly matchers: readonly Matcher[] }
  | { readonly kind: 'bad'; readonly message: string };

const ONE = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*([^]*?)\s*$/;

/**
 * The syntax of Alertmanager before 0.27: names of ASCII, values with or without quotes, and any
 * backslash that escapes nothing stands for itself.
 */
export function classicMatchers(text: string): Syntax {
  const matchers: Matcher[] = [];
  for (const part of partsOf(text.replace(/^\{/, '').replace(/\}$/, ''))) {
    const [, name, sign, raw] = ONE.exec(part) ?? [];
    const operator = OPERATORS.find((one) => one === sign);
    if (name === undefined || raw === undefined || operator === undefined) {
      return { kind: 'bad', message: `"${part.trim()}" is no matcher` };
    }
    const value = unescaped(raw);
    if (value === undefined) {
      return { kind: 'bad', message: `${part.trim()}: a quote is missing or stands in the value` };
    }
    matchers.push({ name, operator, value });
  }
  return { kind: 'read', matchers };
}

/** At the commas that stand in no quotes; nothing follows the last one. */
function partsOf(text: string): readonly string[] {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  let escaped = false;
  for (const character of text) {
    if (character === ',' && !quoted) {
      parts.push(part);
      part = '';
      escaped = false;
      continue;
    }
    if (character === '"' && !escaped) quoted = !quoted;
    escaped = character === '\\' && !escaped;
    part += character;
  }
  return part === '' ? parts : [...parts, part];
}

function unescaped(raw: string): string | undefined {
  const quoted = raw.startsWith('"');
  const inner = quoted ? raw.slice(1) : raw;
  let value = '';
  let closed = false;
  for (let at = 0; at < inner.length; at += 1) {
    const character = inner[at] ?? '';
    const next = inner[at + 1];
    if (character === '\\' && next !== undefined) {
      at += 1;
      if (next === 'n') value += '\n';
      else if (next === '"' || next === '\\') value += next;
      else value += `\\${next}`;
    } else if (character === '"') {
      if (!quoted || next !== undefined) return undefined;
      closed = true;
    } else {
      value += character;
    }
  }
  return quoted === closed ? value : undefined;
}
