import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { alertingJsonSchema } from '../src/domain/alerting/json-schema.schema.ts';
import { scenarioFile } from '../src/domain/alerting/scenario.schema.ts';
import {
  NOW_MS,
  SILENCE,
  alertsThat,
  group,
  member,
  shard,
  viewWith,
} from './cli/alerting-world.ts';
import { createFakeClient, run } from './cli/run-cli.ts';

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

const SHARDS = [
  shard([
    group(
      [
        member({ alertname: 'DiskFull', instance: 'db-1' }),
        member(
          { alertname: 'DiskFull', instance: 'db-2' },
          { heldBy: 'silence', hasBeenPaged: false },
        ),
      ],
      { destination: { kind: 'channel', name: 'ops-slack' } },
    ),
  ]),
];

/** What a running Belay answers where the page shows it. */
const SHOWN = { shards: async () => SHARDS, show: async () => viewWith([SILENCE]) };

describe('the page about alerting', () => {
  test.each(shown)('shows what is printed: %s', async (text) => {
    const [command = '', ...lines] = text.split('\n');
    const { client } = createFakeClient({ alerts: alertsThat(SHOWN) });
    const world = { files, client, nowMs: NOW_MS };
    const { code, out, err } = await run(command.split(' ').slice(2), world);
    expect({ code, err, out }).toEqual({ code: 0, err: '', out: lines.join('\n') });
  });

  test('shows every command that prints something', () => {
    const commands = shown.map(
      (text) => /^\$ belay (alerting (?:routes )?[a-z]+|(?:alert|silence) [a-z]+)/.exec(text)?.[1],
    );
    expect(commands).toEqual([
      ...['alerting check', 'alerting routes show', 'alerting routes test'],
      ...['alert list', 'silence list', 'alerting test'],
    ]);
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

  test.each([
    'alerting check',
    'alerting import',
    'alerting routes test',
    'alerting routes show',
    'alerting test',
    'alerting apply',
    'alerting show',
    'alert post',
    'alert list',
    'alert beat',
    'silence add',
    'silence list',
    'silence expire',
    'silence update',
  ])('explains every option of %s', async (names) => {
    const { out } = await run([...names.split(' '), '--help']);
    const options = [...out.matchAll(/^ {2}(?:-q, )?(--[a-z-]+)/gm)].map(
      ([, option]) => option ?? '',
    );
    expect(options.length).toBeGreaterThan(0);
    expect(options.filter((option) => !PAGE.includes(option))).toEqual([]);
  });
});
