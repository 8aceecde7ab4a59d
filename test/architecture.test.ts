import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../src', import.meta.url));

/** What the files of a folder may import, besides the folder itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  codec: [],
  workflows: ['domain', 'activities (types)'],
  providers: ['domain'],
  router: ['domain', 'providers'],
  tap: ['providers', 'router'],
  activities: ['domain', 'providers'],
  worker: ['domain', 'codec', 'activities', 'providers', 'workflows', 'client'],
  client: ['domain', 'codec', 'workflows'],
  answers: ['domain', 'client', 'providers', 'worker', 'router'],
  ingest: ['domain', 'client', 'providers', 'worker', 'router'],
  watchdog: ['domain', 'client', 'providers', 'worker'],
  cli: ['domain', 'client', 'dev', 'worker', 'router', 'tap', 'answers', 'ingest', 'watchdog'],
  dev: ['domain', 'codec', 'client', 'providers', 'worker', 'workflows'],
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typesOnly: boolean;
}

const IMPORT = /^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)';|import\('([^']+)'\)/gm;

const imports: readonly Import[] = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)].map(
      ([, types, name, dynamic]) => ({
        file,
        target: name ?? dynamic ?? '',
        typesOnly: types !== undefined,
      }),
    ),
  );

function folderOf(path: string): string {
  return path.split('/')[0] ?? '';
}

test('imports between the folders of src go one way', () => {
  const wrong = imports
    .filter(({ target }) => target.startsWith('.'))
    .filter(({ file, target, typesOnly }) => {
      const from = folderOf(file);
      const to = folderOf(normalize(join(dirname(file), target)));
      const allowed = MAY_IMPORT[from] ?? [];
      return (
        from !== to && !allowed.includes(to) && !(typesOnly && allowed.includes(`${to} (types)`))
      );
    });
  expect(wrong).toEqual([]);
});

test('every folder of src has its place in the map', () => {
  expect(readdirSync(ROOT).toSorted()).toEqual(Object.keys(MAY_IMPORT).toSorted());
});

test('the domain imports no part of Node and no Temporal', () => {
  const wrong = imports.filter(
    ({ file, target }) =>
      folderOf(file) === 'domain' &&
      (target.startsWith('node:') || target.startsWith('@temporalio')),
  );
  expect(wrong).toEqual([]);
});

test('only the client and what runs servers for development import the Temporal client', () => {
  const files = imports
    .filter(({ target }) => target === '@temporalio/client')
    .map(({ file }) => folderOf(file));
  expect([...new Set(files)].toSorted()).toEqual(['client']);
});

test('workflows reach schemas as types only', () => {
  const wrong = imports.filter(
    ({ file, target, typesOnly }) =>
      folderOf(file) === 'workflows' && !typesOnly && /\.schema\.ts$|^zod$|^node:/.test(target),
  );
  expect(wrong).toEqual([]);
});

test('only configuration, entry points and the demo service read the environment', () => {
  const readers = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => readFileSync(join(ROOT, file), 'utf8').includes('process.env'));
  expect(readers.toSorted()).toEqual([
    'cli/commands/ingest.ts',
    'cli/commands/serve.ts',
    'cli/commands/watchdog.ts',
    'cli/main.ts',
    'dev/demo-service.ts',
    'dev/demo.ts',
    'watchdog/main.ts',
    'worker/main.ts',
  ]);
});
