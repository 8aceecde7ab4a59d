import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { alertingJsonSchema } from '../src/domain/alerting/json-schema.schema.ts';
import { scenarioFile } from '../src/domain/alerting/scenario.schema.ts';
import { run } from './cli/run-cli.ts';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const PAGE = read('docs/alerting.md');

const files = Object.fromEntries(
  ['alerting.yaml', 'alerting.test.yaml', 'paging.yaml'].map((name) => [
    `/srv/${name}`,
    read(`examples/${name}`),
  ]),
);

const shown = [...PAGE.matchAll(/^```console\n([^]*?)^```/gm)].map(([, text]) => text ?? '');

/** The first and the last cell of each row of the table whose first heading follows this text. */
function rowsBelow(line: string): ReadonlyMap<string, string> {
  const [, after = ''] = PAGE.split(line);
  const table = after.slice(after.indexOf('\n|') + 1).split('\n\n')[0] ?? '';
  const rows = [...table.matchAll(/^\| `([^`]+)` *\|.*\|([^|]*)\|$/gm)];
  return new Map(rows.map(([, key = '', cell = '']) => [key, cell.trim().replaceAll('`', '')]));
}

/** The first cells of the table with this heading. */
function wordsBelow(heading: string): readonly string[] {
  const table = PAGE.split(`\n${heading}`)[1]?.split('\n\n')[0] ?? '';
  return [...table.matchAll(/^\| `([a-z_]+)`/gm)].map(([, word]) => word ?? '');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Key {
  readonly path: string;
  readonly isRequired: boolean;
  readonly byDefault: unknown;
}

/** Every key that may be written, but for blocks, whose keys are; of names of the writer's, none. */
function keysOf(node: unknown, path = '', isRequired = false): readonly Key[] {
  if (!isRecord(node)) return [];
  const { properties, items, required } = node;
  if (isRecord(properties)) {
    const needed: readonly unknown[] = Array.isArray(required) ? required : [];
    return Object.entries(properties).flatMap(([name, child]) =>
      keysOf(child, path === '' ? name : `${path}.${name}`, needed.includes(name)),
    );
  }
  const inner = isRecord(items) && isRecord(items.properties) ? keysOf(items, `${path}[]`) : [];
  return inner.length > 0 ? inner : [{ path, isRequired, byDefault: node.default }];
}

const at = (node: unknown, ...path: readonly string[]): unknown =>
  path.reduce((one: unknown, key) => (isRecord(one) ? one[key] : undefined), node);

const ALERTING = alertingJsonSchema();
const SCENARIO = z.toJSONSchema(scenarioFile, { io: 'input' });

const TABLES: readonly (readonly [string, readonly Key[]])[] = [
  [
    'Of the file:',
    Object.entries(Object(at(ALERTING, 'properties'))).map(([path, node]): Key => {
      const required = at(ALERTING, 'required');
      const isRequired = Array.isArray(required) && required.includes(path);
      return { path, isRequired, byDefault: at(node, 'default') };
    }),
  ],
  ['Of a route:', keysOf(at(ALERTING, 'properties', 'route'))],
  ['Of a receiver:', keysOf(at(ALERTING, 'properties', 'receivers', 'additionalProperties'))],
  ['Of an entry of `inhibit_rules`:', keysOf(at(ALERTING, 'properties', 'inhibit_rules', 'items'))],
  [
    'Of a time interval,',
    keysOf(at(ALERTING, 'properties', 'time_intervals', 'additionalProperties', 'items')),
  ],
  [
    'Of an entry of `heartbeats`:',
    keysOf(at(ALERTING, 'properties', 'heartbeats', 'additionalProperties')),
  ],
  [
    'Of a file of scenarios:',
    [
      ...keysOf(SCENARIO).filter(({ path }) => !path.startsWith('scenarios[].steps')),
      { path: 'scenarios[].steps', isRequired: true, byDefault: undefined },
    ],
  ],
];

describe('the page about alerting', () => {
  test('says at its top that no running Belay takes alerts in', () => {
    expect(PAGE.split('\n')[2]).toMatch(/^\*\*These commands read and test files\./);
  });

  test.each(shown)('shows what is printed: %s', async (text) => {
    const [command = '', ...lines] = text.split('\n');
    const { code, out, err } = await run(command.split(' ').slice(2), { files });
    expect({ code, err, out }).toEqual({ code: 0, err: '', out: lines.join('\n') });
  });

  test('shows every command that prints something', () => {
    const commands = shown.map((text) => /^\$ belay alerting ((?:routes )?[a-z]+)/.exec(text)?.[1]);
    expect(commands).toEqual(['check', 'routes show', 'routes test', 'test']);
  });

  test.each(TABLES)('explains every key, with its default, and no other. %s', (line, keys) => {
    const rows = rowsBelow(`\n${line}`);
    expect([...rows.keys()].toSorted()).toEqual(keys.map(({ path }) => path).toSorted());
    for (const { path, isRequired, byDefault } of keys) {
      const cell = rows.get(path);
      expect([path, cell === 'required']).toEqual([path, isRequired]);
      if (byDefault === undefined || Array.isArray(byDefault)) continue;
      expect([path, cell]).toEqual([
        path,
        typeof byDefault === 'string' ? byDefault : JSON.stringify(byDefault),
      ]);
    }
  });

  test('explains every step and every reason', () => {
    const scenario = at(SCENARIO, 'properties', 'scenarios', 'items', 'properties');
    const steps = Object.keys(Object(at(scenario, 'steps', 'items', 'properties')));
    expect(['at', ...wordsBelow('| Step')]).toEqual(steps);
    const reasons = at(scenario, 'expect', 'items', 'properties', 'reason', 'enum');
    expect(wordsBelow('| Reason').toSorted()).toEqual(Array.from(Object(reasons)).toSorted());
  });

  test.each([['check'], ['import'], ['routes', 'test'], ['routes', 'show'], ['test']])(
    'explains every option of %s %s',
    async (...names) => {
      const { out } = await run(['alerting', ...names, '--help']);
      const options = [...out.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option]) => option ?? '');
      expect(options.length).toBeGreaterThan(0);
      expect(options.filter((option) => !PAGE.includes(option))).toEqual([]);
    },
  );
});
