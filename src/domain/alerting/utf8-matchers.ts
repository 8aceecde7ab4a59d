import type { Syntax } from './classic-matchers.ts';
import { type Matcher, OPERATORS } from './matcher.ts';

/**
 * Alertmanager's present syntax: `{name="value", "any name" =~ 'x'}` without the last form: names
 * and values of any characters, bare where they have none of `{}!=~,\"'` and no space, else in
 * double quotes with the escapes of Go.
 */
export function utf8Matchers(text: string): Syntax {
  try {
    return { kind: 'read', matchers: listOf(tokensOf(text), text) };
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: 'bad', message: error.message };
    throw error;
  }
}

type Kind = 'text' | 'operator' | '{' | '}' | ',' | 'end';

interface Token {
  readonly kind: Kind;
  readonly value: string;
  /** As it was written, for the messages. */
  readonly written: string;
  /** From 1, in characters. */
  readonly at: number;
}

function listOf(tokens: readonly Token[], text: string): readonly Matcher[] {
  const matchers: Matcher[] = [];
  let next = 0;
  const peek = (): Token =>
    tokens[next] ?? { kind: 'end', value: '', written: '', at: text.length };
  const take = (kind: Kind, wanted: string): Token => {
    const token = peek();
    if (token.kind !== kind) throw unexpected(token, wanted);
    next += 1;
    return token;
  };
  const braces = peek().kind === '{';
  if (braces) next += 1;
  const closing: Kind = braces ? '}' : 'end';
  while (peek().kind !== closing) {
    const name = take('text', 'the name of a label');
    if (name.value === '') throw new SyntaxError(`at ${name.at}: a label has no empty name`);
    const sign = take('operator', `=, !=, =~ or !~ after ${name.written}`);
    const operator = OPERATORS.find((one) => one === sign.value) ?? '=';
    const wanted = `a value after ${name.written}${sign.value}, like "x" or "" for none`;
    matchers.push({ name: name.value, operator, value: take('text', wanted).value });
    if (peek().kind === closing) break;
    take(',', braces ? 'a comma or }' : 'a comma');
  }
  if (braces) take('}', 'the closing }');
  take('end', 'the end');
  return matchers;
}

function unexpected({ kind, written, at }: Token, wanted: string): SyntaxError {
  const found = kind === 'end' ? 'the text ends' : `there is ${written}`;
  return new SyntaxError(`at ${at}: ${found}, but here comes ${wanted}`);
}

const SPACE = /\s/u;
const BARE = /^[^\s{}!=~,\\"'`]+/u;
const SIGN = /^(?:=~|!=|!~|=)/;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? '';
    const rest = text.slice(at);
    const sign = SIGN.exec(rest)?.[0];
    const bare = BARE.exec(rest)?.[0];
    let token: Token;
    if (SPACE.test(character)) {
      at += 1;
      continue;
    } else if (character === '{' || character === '}' || character === ',') {
      token = { kind: character, value: character, written: character, at: at + 1 };
    } else if (sign !== undefined) {
      token = { kind: 'operator', value: sign, written: sign, at: at + 1 };
    } else if (bare !== undefined) {
      token = { kind: 'text', value: bare, written: bare, at: at + 1 };
    } else if (character === '"') {
      token = quotedAt(text, at);
    } else {
      throw new SyntaxError(`at ${at + 1}: ${character} must stand in double quotes`);
    }
    tokens.push(token);
    at += token.written.length;
  }
  tokens.push({ kind: 'end', value: '', written: '', at: text.length + 1 });
  return tokens;
}

function quotedAt(text: string, begin: number): Token {
  for (let end = begin + 1; end < text.length; end += 1) {
    if (text[end] === '\\') end += 1;
    else if (text[end] === '"') {
      const written = text.slice(begin, end + 1);
      return { kind: 'text', value: unquoted(written, begin + 1), written, at: begin + 1 };
    }
  }
  throw new SyntaxError(`at ${begin + 1}: the quote that begins here is never closed`);
}

const ESCAPE =
  /\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([abfnrtv\\"]))|(\\[^]?)|(\n)|([^\\\n]+)/gu;

const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** `\xhh` and `\ooo` are bytes; together with what stands around them they must be UTF-8. */
function unquoted(written: string, at: number): string {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  const fail = (why: string): never => {
    throw new SyntaxError(`at ${at}: ${written}: ${why}`);
  };
  for (const found of written.slice(1, -1).matchAll(ESCAPE)) {
    const [whole, hex, octal, four, eight, letter, wrong, line] = found;
    const code = four ?? eight;
    if (wrong !== undefined) fail(`${wrong} is no escape: write \\\\ for a backslash`);
    else if (line !== undefined) fail('a line ends in quotes: write \\n');
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else if (octal !== undefined) {
      const byte = Number.parseInt(octal, 8);
      if (byte > 255) fail(`\\${octal} is more than a byte`);
      bytes.push(byte);
    } else if (code !== undefined) {
      const point = Number.parseInt(code, 16);
      if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) fail(`${whole} is no character`);
      else bytes.push(...encoder.encode(String.fromCodePoint(point)));
    } else if (letter !== undefined) bytes.push(...encoder.encode(LETTERS[letter] ?? letter));
    else bytes.push(...encoder.encode(whole));
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(bytes),
    );
  } catch {
    return fail('its bytes are no UTF-8');
  }
}
