import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { CallInput } from '../src/activities/requests.ts';
import { FAILURES } from '../src/domain/failure.ts';
import { requireSchedules } from '../src/domain/oncall/read-schedules.ts';
import { schedule } from '../src/domain/oncall/schedule.schema.ts';
import { callInputOf } from '../src/domain/release/hooks.ts';
import { releaseJsonSchema } from '../src/domain/release/json-schema.schema.ts';
import { requirePaging } from '../src/domain/paging/paging-file.ts';
import type { Notification } from '../src/domain/release/notification.ts';
import { PHASES } from '../src/domain/release/progress.ts';
import { requireRelease } from '../src/domain/release/release-file.ts';
import { createIngestMetrics } from '../src/ingest/metrics.ts';
import { routesOf } from '../src/ingest/routes.ts';
import { SEARCH_ATTRIBUTES } from '../src/workflows/search-attributes.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const PAGES: readonly string[] = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** The cells of every row of every table, with the headings above it. */
function rowsOf(text: string): readonly { heading: string; cells: readonly string[] }[] {
  let heading = '';
  return text.split('\n').flatMap((line) => {
    if (line.startsWith('#')) heading = line.replace(/^#+\s*/, '');
    if (!line.startsWith('| `')) return [];
    const cells = line.split(/(?<!\\)\|/).slice(1, -1);
    return [{ heading, cells: cells.map((cell) => cell.trim()) }];
  });
}

const code = (cell: string | undefined): string => cell?.replaceAll('`', '') ?? '';

test('the table of failures has every code once, in its order, with its numbers', () => {
  const written = rowsOf(read('docs/failures.md')).map(({ cells }) => {
    const [name, , retry, httpStatus, exit] = cells;
    return { code: code(name), retry, httpStatus, exit };
  });
  const real = Object.entries(FAILURES).map(([name, { retry, httpStatus, exit }]) => ({
    code: name,
    retry: retry ? 'yes' : 'no',
    httpStatus: String(httpStatus),
    exit: String(exit),
  }));
  expect(written).toEqual(real);
});

function withoutCode(text: string): string {
  return text.replaceAll(/^```[^]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '``');
}

/** As GitHub names them. */
function anchorsOf(text: string): readonly string[] {
  return [...text.replaceAll(/^```[^]*?^```/gm, '').matchAll(/^#+\s+(.*)$/gm)].map(([, title]) =>
    (title ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test.each(PAGES)('every link of %s leads somewhere', (page) => {
  const broken = [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path));
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(read(file)).includes(anchor);
    });
  expect(broken).toEqual([]);
});

function fenced(page: string, language: string): readonly string[] {
  const blocks = read(page).matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'));
  return [...blocks].map(([, text]) => text ?? '');
}

/** Their examples are parts of another file: tests named after the pages, and one below, read them. */
const OTHER_FILES = [
  'docs/alerting.md',
  'docs/channels.md',
  'docs/escalation.md',
  'docs/watchdog.md',
];

const yamlBlocks = PAGES.filter((page) => !OTHER_FILES.includes(page)).flatMap((page) =>
  fenced(page, 'yaml').map((text) => ({ page, text })),
);

const REST: unknown = parse(`
service: checkout
strategy: blue_green
environment: { kind: process, command: [./checkout] }
traffic: { kind: embedded, control: http://127.0.0.1:7071, url: http://127.0.0.1:8080 }
`);

const isPaging = ({ text }: { readonly text: string }): boolean => /^schedules:/m.test(text);
const pagingBlocks = yamlBlocks.filter(isPaging);
const releaseBlocks = yamlBlocks.filter((block) => !isPaging(block));

test.each(pagingBlocks)('schedules in $page are valid', ({ page, text }) => {
  const readAll = () => requireSchedules({ text, file: page }, () => fenced(page, 'ics').join(''));
  expect(readAll).not.toThrow();
});

test('the paging file of the page about the watchdog is valid', () => {
  const [text = ''] = fenced('docs/watchdog.md', 'yaml');
  const paging = requirePaging({ text, file: 'docs/watchdog.md', readFile: () => '' });
  expect(paging.lastResort.length).toBeGreaterThan(1);
});

test.each(releaseBlocks)('a release file in $page is valid, a part of one in a whole', (block) => {
  const { page, text } = block;
  const isWhole = /^service:/m.test(text);
  const whole = isWhole ? text : JSON.stringify(Object.assign({}, REST, parse(text)));
  expect(() =>
    requireRelease({ text: whole, file: page, folder: '/srv', version: '2.4.1' }),
  ).not.toThrow();
});

interface Key {
  readonly kind: string;
  readonly path: string;
  readonly isRequired: boolean;
  readonly byDefault: unknown;
}

/** Every key that may be written, with the kind of the block that it is in. */
function keysOf(node: unknown, path = '', kind = ''): readonly Key[] {
  if (!isRecord(node)) return [];
  const inner = [node.anyOf, node.oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  const properties = isRecord(node.properties) ? node.properties : {};
  const constant = isRecord(properties.kind) ? properties.kind.const : undefined;
  const own = typeof constant === 'string' ? constant : kind;
  const required: readonly unknown[] = Array.isArray(node.required) ? node.required : [];
  return [
    ...inner.flatMap((one) => keysOf(one, path, kind)),
    ...keysOf(node.items, `${path}[]`, kind),
    ...Object.entries(properties).flatMap(([name, child]) => {
      const at = path === '' ? name : `${path}.${name}`;
      const byDefault = isRecord(child) ? child.default : undefined;
      return [
        { kind: own, path: at, isRequired: required.includes(name), byDefault },
        ...keysOf(child, at, own),
      ];
    }),
  ];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As the page writes it: without quotes, lists in brackets. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(', ')}]`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

test('every key of a schedule is explained, with its default, and no other', () => {
  const rows = rowsOf(read('docs/on-call.md')).filter(({ cells }) => cells.length === 3);
  const keys = keysOf(z.toJSONSchema(schedule, { io: 'input' })).filter(({ path }) => path !== '');
  const isBlock = (path: string) =>
    keys.some((key) => key.path.startsWith(`${path}[].`) || key.path.startsWith(`${path}.`));
  const leaves = keys.filter(({ path }) => !isBlock(path));
  expect(leaves.length).toBeGreaterThan(30);
  const told = rows.map(({ cells }) => [code(cells[0]), code(cells[2])]);
  const wrong = leaves.flatMap(({ path, isRequired, byDefault }) => {
    const [, written] = told.find(([name]) => name === path) ?? [];
    if (written === undefined) return [`${path} is not explained`];
    if (isRequired !== (written === 'required')) return [`${path}: ${written}`];
    if (byDefault === undefined || (Array.isArray(byDefault) && byDefault.length === 0)) return [];
    return written === shown(byDefault) ? [] : [`${path}: ${shown(byDefault)}, not ${written}`];
  });
  expect(wrong).toEqual([]);
  expect(
    told.map(([name]) => name).filter((name) => !keys.some(({ path }) => path === name)),
  ).toEqual([]);
});

/** Where the keys of a release file are explained. */
const KEY_PAGES = ['docs/write-a-release.md', 'docs/hooks-and-gates.md', 'docs/freeze-windows.md'];

/** Blocks that are the same in two places are explained in one of them. */
function explainedAs(path: string): string {
  return path
    .replace(/^steps\[\]\.gate\./, 'gates[].')
    .replace(/^steps\[\]\.session_affinity\./, 'session_affinity.')
    .replace(/^ab_test\.match\./, 'steps[].match.')
    .replace(/^hooks\[\]\.undo\./, 'hooks[].');
}

test('every key of a release file is explained, with its default', () => {
  const text = KEY_PAGES.map(read).join('\n');
  const rows = rowsOf(text);
  const keys = keysOf(releaseJsonSchema()).map((key) => ({ ...key, path: explainedAs(key.path) }));
  const wrong = keys.flatMap(({ kind, path, isRequired, byDefault }) => {
    const named = rows.filter(({ cells }) => code(cells[0]) === path);
    const row =
      named.find(({ heading }) => heading === `\`kind: ${kind}\``) ??
      named.find(({ heading }) => !heading.startsWith('`kind:')) ??
      named[0];
    // Blocks have a paragraph instead.
    if (row === undefined) {
      return text.includes(`\`${path}\``) ? [] : [`${path} is not explained`];
    }
    const written = code(row.cells[2]);
    if (isRequired) return written === 'required' ? [] : [`${path} is required, not ${written}`];
    if (byDefault === undefined) {
      return written === 'required' ? [`${path} is not required`] : [];
    }
    return written === shown(byDefault) ? [] : [`${path}: ${shown(byDefault)}, not ${written}`];
  });
  expect(wrong).toEqual([]);
});

test('no key is explained that a release file does not have', () => {
  const known = new Set(keysOf(releaseJsonSchema()).map(({ path }) => path));
  const [whole, ...parts] = KEY_PAGES.map((page) =>
    rowsOf(read(page)).map(({ cells }) => code(cells[0])),
  );
  const explained = [
    ...(whole ?? []),
    ...parts.flat().filter((name) => name.includes('[]')),
  ].filter((name) => /^[$a-z_]+(?:\[\])?(?:\.[a-z_0-9]+)*$/.test(name));
  const phases: readonly string[] = PHASES;
  expect(explained.filter((name) => !known.has(name) && !phases.includes(name))).toEqual([]);
  expect(phases.filter((phase) => !explained.includes(phase))).toEqual([]);
});

test('every variable of the worker is explained, also by its help', () => {
  const names = [...read('src/worker/config.ts').matchAll(/^ {2}([A-Z_]{4,}): z/gm)].map(
    ([, name]) => name ?? '',
  );
  expect(names).toContain('BELAY_TASK_QUEUE');
  const [page, help] = [read('docs/operate.md'), read('src/cli/commands/serve.ts')];
  expect(names.filter((name) => !page.includes(`| \`${name}\``))).toEqual([]);
  expect(names.filter((name) => !help.includes(name))).toEqual([]);
});

test('every variable of the program for answers is explained, also by its help', () => {
  const names = [...read('src/answers/config.ts').matchAll(/^ {2}([A-Z_]{4,}): /gm)].map(
    ([, name]) => name ?? '',
  );
  expect(names).toContain('BELAY_ANSWERS_ADDRESS');
  const [, section = ''] = read('docs/operate.md').split('\n## Variables of `belay answers`\n');
  const [table] = section.split('\n## ');
  expect(names.filter((name) => !table?.includes(`| \`${name}\``))).toEqual([]);
  const help = read('src/cli/commands/serve.ts').split(".command('answers')")[1];
  expect(names.filter((name) => !help?.includes(name))).toEqual([]);
});

test('every metric of the program for answers is explained, with its labels', () => {
  const page = read('docs/operate.md');
  const text = read('src/answers/metrics.ts');
  const names = [...text.matchAll(/name: '(belay_[a-z_]+)'/g)].map(([, name]) => name ?? '');
  expect(names).toHaveLength(2);
  expect(names.filter((name) => !page.includes(`| \`${name}\``))).toEqual([]);
});

test('every variable of the program for alerts is explained with its default, also by its help', () => {
  const written = read('src/ingest/config.ts').matchAll(
    /^ {2}([A-Z_]{4,}): [^\n]*?(?:default\('?([^')]*)'?\))?,$/gm,
  );
  const variables = [...written].map(([, name = '', byDefault]) => ({ name, byDefault }));
  expect(variables).toContainEqual({ name: 'BELAY_INGEST_AT_ONCE', byDefault: '32' });
  const rows = rowsOf(read('docs/operate.md')).filter(
    ({ heading }) => heading === 'Variables of `belay ingest`',
  );
  expect(rows.map(({ cells }) => code(cells[0]))).toEqual(variables.map(({ name }) => name));
  const help = read('src/cli/commands/ingest.ts');
  for (const [at, { name, byDefault }] of variables.entries()) {
    expect(help).toContain(`  ${name} `);
    if (byDefault !== undefined) expect(code(rows[at]?.cells[1])).toBe(byDefault);
  }
});

test('every metric of the program for alerts is explained', () => {
  const page = read('docs/operate.md');
  const names = [...read('src/ingest/metrics.ts').matchAll(/name: '(belay_[a-z_]+)'/g)];
  expect(names).toHaveLength(5);
  expect(names.filter(([, name]) => !page.includes(`| \`${name}\``))).toEqual([]);
});

test('every request that the program for alerts answers is explained, and no other', () => {
  const page = read('docs/alerting.md');
  const told = rowsOf(page)
    .map(({ cells }) => code(cells[0]))
    .filter((cell) => /^(?:GET|POST|DELETE) /.test(cell));
  const real = routesOf({
    alerts: {
      ...{ post: nobody, beat: nobody, configure: nobody, show: nobody },
      ...{ shards: nobody, silence: nobody, expire: nobody },
    },
    metrics: createIngestMetrics(),
    nowMs: () => 0,
  }).map(({ method, path }) => `${method} ${path.replace('/heartbeat/{name}', '/heartbeat/NAME')}`);
  const all = [...real.map((one) => one.replace('{name}', '{id}')), 'GET /metrics'];
  expect(told.toSorted()).toEqual(all.toSorted());
});

async function nobody(): Promise<never> {
  throw new Error('a page asks nobody');
}

test('every variable of the watchdog is explained with its default, also by its help', () => {
  const written = read('src/watchdog/config.ts').matchAll(
    /^ {2}([A-Z_]{4,}): (?:z|waitingTime)[^,]*?(?:(?:default|prefault)\('?([^')]*)'?\))?,/gms,
  );
  const variables = [...written].map(([, name = '', byDefault]) => ({ name, byDefault }));
  expect(variables).toContainEqual({ name: 'BELAY_WATCHDOG_REPEAT', byDefault: '30m' });
  expect(variables.length).toBeGreaterThan(10);
  const help = read('src/cli/commands/watchdog.ts');
  const rows = rowsOf(read('docs/operate.md')).filter(
    ({ heading }) => heading === 'Variables of the watchdog',
  );
  expect(rows.map(({ cells }) => code(cells[0]))).toEqual(variables.map(({ name }) => name));
  for (const [at, { name, byDefault }] of variables.entries()) {
    expect(help).toContain(`  ${name} `);
    if (byDefault !== undefined) expect(code(rows[at]?.cells[1])).toBe(byDefault);
  }
});

test('every metric of the watchdog is explained, and no other', () => {
  const names = [...read('src/watchdog/metrics.ts').matchAll(/name: '(belay_[a-z_]+)'/g)].map(
    ([, name]) => name,
  );
  expect(names.length).toBeGreaterThan(5);
  const rows = rowsOf(read('docs/operate.md')).filter(
    ({ heading }) => heading === 'Metrics of the watchdog',
  );
  expect(rows.map(({ cells }) => code(cells[0])).toSorted()).toEqual(names.toSorted());
});

test('every metric and every search attribute is explained', () => {
  const page = read('docs/operate.md');
  const metrics = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [
      ...read(join('src', file)).matchAll(/\.create[A-Z][a-z]+\(\s*'(belay_[a-z_]+)'/g),
    ])
    .map(([, name]) => name ?? '');
  expect(metrics.length).toBeGreaterThan(3);
  expect(metrics.filter((name) => !page.includes(`| \`${name}_`))).toEqual([]);
  const attributes = SEARCH_ATTRIBUTES.map(({ name }) => name);
  expect(attributes.filter((name) => !page.includes(`| \`${name}\``))).toEqual([]);
});

test('the payload of a webhook has the fields of a notification', () => {
  const fields = {
    dedupKey: true,
    severity: true,
    title: true,
    text: true,
    service: true,
    version: true,
    workflowId: true,
    outcome: true,
    durationMs: true,
    atMs: true,
  } satisfies Record<keyof Notification, true>;
  const [payload = '{}'] = fenced('docs/notifications.md', 'json');
  expect(Object.keys(JSON.parse(payload))).toEqual(Object.keys(fields));
  const explained = rowsOf(read('docs/notifications.md')).map(({ cells }) => code(cells[0]));
  expect(Object.keys(fields).filter((name) => !explained.includes(name))).toEqual([]);
});

test('the input of a call is told as it is sent', () => {
  const caller = {
    service: 'checkout',
    version: '2.4.1',
    stable: '2.4.0',
    workflowId: 'release/checkout/7',
  };
  const sent: CallInput = callInputOf(caller, 'add-column', 'on expand');
  const [shownAs = '{}'] = fenced('docs/hooks-and-gates.md', 'json');
  expect(JSON.parse(shownAs)).toEqual(sent);
  const explained = rowsOf(read('docs/hooks-and-gates.md')).map(({ cells }) => code(cells[0]));
  expect(Object.keys(sent).filter((name) => !explained.includes(name))).toEqual([]);
});
