import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { LINT_RULES } from '../src/domain/paging/lint/finding.ts';
import { pagingJsonSchema } from '../src/domain/paging/json-schema.schema.ts';
import { requirePaging } from '../src/domain/paging/paging-file.ts';
import { run } from './cli/run-cli.ts';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const PAGE = read('docs/escalation.md');
const EXAMPLE = read('examples/paging.yaml');

const blocks = (language: string): readonly string[] =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(
    ([, text]) => text ?? '',
  );

/** The first and the last cell of each row whose first is code, below a line of text. */
function rowsBelow(line: string): ReadonlyMap<string, string> {
  const [, after = ''] = PAGE.split(`\n${line}\n`);
  const table = after.trimStart().split('\n\n')[0] ?? '';
  const rows = [...table.matchAll(/^\| `([^`]+)` *\|.*?\|([^|]*)\|$/gm)];
  return new Map(rows.map(([, key = '', cell = '']) => [key, cell.trim().replaceAll('`', '')]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Key {
  readonly path: string;
  readonly isRequired: boolean;
  readonly byDefault: unknown;
}

/** Every key that may be written; one that its writer names is NAME. */
function keysOf(node: unknown, path = ''): readonly Key[] {
  if (!isRecord(node)) return [];
  const inner = [node.anyOf, node.oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  const required: readonly unknown[] = Array.isArray(node.required) ? node.required : [];
  const properties = isRecord(node.properties) ? node.properties : {};
  const isTarget = path.endsWith('targets[]');
  return [
    ...inner.flatMap((one) => keysOf(one, path)),
    ...keysOf(node.items, `${path}[]`),
    ...keysOf(node.additionalProperties, `${path}.NAME`),
    ...Object.entries(properties).flatMap(([name, child]) => {
      const at = path === '' ? name : `${path}.${name}`;
      const byDefault = isRecord(child) ? child.default : undefined;
      return [
        { path: at, isRequired: required.includes(name) && !isTarget, byDefault },
        ...keysOf(child, at),
      ];
    }),
  ];
}

/** The keys of each entry of a block of the paging file. */
function entryKeys(block: string): readonly Key[] {
  const { properties } = pagingJsonSchema();
  const node = isRecord(properties) ? properties[block] : undefined;
  return keysOf(isRecord(node) ? node.additionalProperties : undefined);
}

describe('the page about escalation', () => {
  test.each(blocks('yaml'))('has examples that are right: %s', (text) => {
    const part: unknown = parse(text);
    const whole: unknown = parse(EXAMPLE);
    if (!isRecord(part) || !isRecord(whole)) throw new Error('an example is a set of keys');
    const file = JSON.stringify({ ...whole, ...part });
    const source = { text: file, file: 'docs/escalation.md', readFile: () => '' };
    expect(() => requirePaging(source)).not.toThrow();
  });

  test('shows what a simulation prints', async () => {
    const shown = blocks('console').find((text) => text.includes('simulate')) ?? '';
    const [command = '', ...lines] = shown.split('\n');
    const files = { '/srv/paging.yaml': EXAMPLE };
    const { out } = await run(command.split(' ').slice(2), { files });
    expect(out).toBe(lines.join('\n'));
  });

  test('shows what lint prints', async () => {
    const shown = blocks('console').find((text) => text.includes('lint')) ?? '';
    const [command = '', ...lines] = shown.split('\n');
    const broken = EXAMPLE.replace(/^ {2}cy:\n.*\n.*\n/m, '  cy: {}\n');
    const nowMs = Date.parse('2026-03-01T10:00:00Z');
    const ran = await run(command.split(' ').slice(2), {
      files: { '/srv/paging.yaml': broken },
      nowMs,
    });
    expect(ran).toMatchObject({ code: 1, out: lines.join('\n') });
  });

  test('explains every rule of lint', () => {
    const [, section = ''] = PAGE.split('\n## Find who would not be paged\n');
    const rules = [...(section.split('\n## ')[0]?.matchAll(/^\| `([a-z-]+)`/gm) ?? [])];
    expect(rules.map(([, rule]) => rule)).toEqual([...LINT_RULES]);
  });

  test.each([
    ['policies', 'Of an entry of `policies`:'],
    ['people', 'Of an entry of `people`:'],
  ])('explains every key of %s, and no other', (block, title) => {
    const keys = entryKeys(block).filter(({ path }) => !path.startsWith('overrides[].levels[]'));
    const rows = rowsBelow(title);
    expect([...rows.keys()].toSorted()).toEqual(
      [...new Set(keys.map(({ path }) => path))].toSorted(),
    );
    for (const { path, isRequired, byDefault } of keys) {
      const cell = rows.get(path);
      if (isRequired) expect([path, cell]).toEqual([path, 'required']);
      else expect([path, cell]).not.toEqual([path, 'required']);
      const isList = Array.isArray(byDefault) && byDefault.length > 0;
      if (byDefault === undefined || isList) continue;
      const value = typeof byDefault === 'string' ? byDefault : JSON.stringify(byDefault);
      expect([path, cell]).toEqual([path, value]);
    }
  });

  test.each(['simulate', 'lint'])('explains every option of %s', async (name) => {
    const { out } = await run(['escalation', name, '--help']);
    const options = [...out.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option]) => option ?? '');
    expect(options.length).toBeGreaterThan(1);
    expect(options.filter((option) => !PAGE.includes(`${option}\``))).toEqual([]);
  });
});
