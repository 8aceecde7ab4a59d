import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { channel, channels } from '../src/domain/paging/channel.schema.ts';

const PAGE = readFileSync(new URL('../docs/channels.md', import.meta.url), 'utf8');

const examples = [...PAGE.matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, text]) => text ?? '');

/** The text below a heading, up to the next one. */
function sectionOf(heading: string): string {
  const [, after = ''] = PAGE.split(`\n## ${heading}\n`);
  return after.split('\n## ')[0] ?? '';
}

/** The first two cells of each row of the tables of a section. */
function rowsOf(section: string): ReadonlyMap<string, string> {
  const rows = [...section.matchAll(/^\| `([^`]+)` *\| ([^|]*)\|/gm)];
  return new Map(rows.map(([, key = '', cell = '']) => [key, cell.trim().replaceAll('`', '')]));
}

interface Key {
  readonly path: string;
  readonly isRequired: boolean;
  readonly byDefault: unknown;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every key that may be written; places of secrets and free maps have no keys of their own. */
function keysOf(node: unknown, prefix = ''): readonly Key[] {
  if (!isRecord(node)) return [];
  const required: readonly unknown[] = Array.isArray(node.required) ? node.required : [];
  const properties = isRecord(node.properties) ? node.properties : {};
  return [
    ...keysOf(node.items, `${prefix}[]`),
    ...Object.entries(properties).flatMap(([name, child]) => {
      const path = prefix === '' ? name : `${prefix.replace(/^\./, '')}.${name}`;
      const byDefault = isRecord(child) ? child.default : undefined;
      return [{ path, isRequired: required.includes(name), byDefault }, ...keysOf(child, path)];
    }),
  ];
}

const { oneOf } = z.toJSONSchema(channel, { io: 'input', unrepresentable: 'any' });
const types = (oneOf ?? []).map((one) => {
  const type = isRecord(one.properties?.type) ? String(one.properties.type.const) : '';
  return { type, keys: keysOf(one) };
});

const SHARED = new Set(['type', 'fallback', 'rate', 'rate.limit', 'rate.burst']);

describe('the page about channels', () => {
  test.each(examples)('has examples that are right: %s', (text) => {
    const { channels: written }: { channels?: unknown } = parse(text);
    expect(() => channels.parse(written)).not.toThrow();
  });

  test('has an example of every type but that of the tests', () => {
    const used = examples.flatMap((text) => [...text.matchAll(/type: ([a-z]+)/g)]);
    const names = new Set(used.map(([, name]) => name));
    expect(types.map(({ type }) => type).filter((type) => !names.has(type))).toEqual(['memory']);
  });

  test.each(types)('explains every key of $type with its default, and no other', (one) => {
    const rows = rowsOf(sectionOf(one.type));
    const own = one.keys.filter(({ path }) => !SHARED.has(path));
    const expected = own.map(({ path, isRequired, byDefault }) => {
      const shown = typeof byDefault === 'string' ? byDefault : JSON.stringify(byDefault);
      return [path, isRequired ? 'required' : (shown ?? '').replace('{}', '')];
    });
    const headers = /^(?:X-Belay-|Idempotency-Key)/;
    const written = [...rows].filter(([key]) => !headers.test(key));
    expect(written.toSorted()).toEqual(expected.toSorted());
  });

  test('explains what every type has', () => {
    const rows = rowsOf(sectionOf('Every channel'));
    expect([...rows.keys(), 'rate'].toSorted()).toEqual([...SHARED].toSorted());
    for (const { keys } of types) {
      expect([...SHARED].filter((key) => !keys.some(({ path }) => path === key))).toEqual([]);
    }
  });

  test('has the budget of every type', () => {
    for (const { type, keys } of types) {
      if (type === 'log' || type === 'memory') continue;
      const of = (path: string) => keys.find((key) => key.path === path)?.byDefault;
      const text = sectionOf(type).replaceAll(/\s+/g, ' ');
      expect(text).toContain(`${String(of('rate.limit'))} with a burst of ${of('rate.burst')}`);
    }
  });
});

test('the example that verifies a signature does', async () => {
  const [, code = ''] = /```js\n([^]*?)```/.exec(PAGE) ?? [];
  const module = `${code}\nexport { isFromBelay };`;
  const { isFromBelay } = await import(`data:text/javascript,${encodeURIComponent(module)}`);
  const { createHmac } = await import('node:crypto');
  const body = '{"a":1}';
  const hash = createHmac('sha256', 's').update(`1000.${body}`).digest('hex');
  const headers = { 'x-belay-timestamp': '1000', 'x-belay-signature': `v1=${hash}` };
  expect(isFromBelay('s', headers, body, 1_000_000)).toBe(true);
  expect(isFromBelay('s', headers, body, 1_301_000)).toBe(false);
  expect(isFromBelay('s', headers, '{"a":2}', 1_000_000)).toBe(false);
  expect(isFromBelay('t', headers, body, 1_000_000)).toBe(false);
  expect(isFromBelay('s', { 'x-belay-timestamp': '1000' }, body, 1_000_000)).toBe(false);
});
