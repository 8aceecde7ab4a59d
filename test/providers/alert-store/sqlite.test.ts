import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { fingerprint } from '../../../src/domain/alerting/fingerprint.ts';
import { createAlertStore } from '../../../src/providers/alert-store/registry.ts';
import { createSqliteAlertStore } from '../../../src/providers/alert-store/sqlite.ts';
import { startChild } from '../../../src/dev/children.ts';
import { storeContract } from './contract.ts';
import { NOW, firing } from './messages.ts';

const folders: string[] = [];
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'belay-alert-store-'));
  folders.push(folder);
  return folder;
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

storeContract('SQLite', async () => {
  const file = join(newFolder(), 'folder', 'alerts.db');
  return {
    open: () => createAlertStore(`sqlite:${file}`),
    async run(sql) {
      const database = new DatabaseSync(file);
      database.exec(sql);
      database.close();
    },
    async close() {},
  };
});

const WRITER = fileURLToPath(new URL('./endless-writer.ts', import.meta.url));
const BATCH = 50;

test('a process that is killed while it writes leaves batches whole, and is in nobody’s way', async () => {
  const folder = newFolder();
  const url = `sqlite:${join(folder, 'alerts.db')}`;
  const store = createAlertStore(url);
  for (let round = 1; round <= 6; round += 1) {
    const child = await startChild({
      ...{ command: process.execPath, args: [WRITER, url, String(BATCH)], env: {} },
      ...{ log: join(folder, 'log'), ready: (line) => line.startsWith('wrote') },
    });
    // Both write at once for a while that differs from round to round.
    for (let at = 0; at < round * 3; at += 1) {
      await store.delivered([firing(`own-${round}-${at}`)], NOW);
    }
    child.kill('SIGKILL');
    await child.exited;
    await store.delivered([firing(`after-${round}`)], NOW);
    const versions = new Set<string | undefined>();
    let theirs = 0;
    for (let after: string | undefined; ;) {
      const page = await store.firing(NOW, after);
      for (const { labels, annotations } of page) {
        if (labels.alertname?.startsWith('batch-') !== true) continue;
        theirs += 1;
        versions.add(annotations.version);
      }
      const last = page.at(-1);
      if (last === undefined) break;
      after = fingerprint(last.labels);
    }
    // Each batch of the other rewrites all of its alerts with the next number.
    expect([theirs, versions.size]).toEqual([BATCH, 1]);
  }
  await store.close();
  const database = new DatabaseSync(join(folder, 'alerts.db'));
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  const { count } = database.prepare('SELECT count(*) AS count FROM belay_last_messages').get() ?? {
    count: 0,
  };
  expect(count).toBe(BATCH + 3 * (1 + 2 + 3 + 4 + 5 + 6) + 6);
  database.close();
});

test('while another process holds the file, it is waited for, and then given up', async () => {
  const file = join(newFolder(), 'alerts.db');
  const store = createAlertStore(`sqlite:${file}`);
  await store.delivered([firing('a')], NOW);
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 5);
  await expect(store.note([firing('a')], NOW)).rejects.toMatchObject({
    code: 'AlertStoreUnavailable',
  });
  clearInterval(timer);
  // The rest of this process went on.
  expect(turns).toBeGreaterThan(10);
  const waiting = store.note([firing('a')], NOW);
  other.exec('COMMIT');
  other.close();
  expect(await waiting).toEqual([false]);
  await store.close();
});

test('one call that is wrong harms none of those that share its transaction', async () => {
  const store = createSqliteAlertStore(join(newFolder(), 'alerts.db'));
  await store.delivered([firing('a'), firing('b')], NOW);
  const broken = { ...firing('b'), endsAtMs: NOW + 0.5 };
  const all = await Promise.allSettled([
    store.note([firing('a', NOW + 1)], NOW + 1),
    store.beat(['dog', 'cat'], NOW + 0.5),
    store.delivered([firing('new'), broken], NOW),
    store.beat(['dog'], NOW),
    store.note([firing('b', NOW + 1), firing('new')], NOW + 1),
  ]);
  const wrong = { reason: expect.objectContaining({ code: 'AlertStoreUnavailable' }) };
  expect(all).toMatchObject([
    { value: [false] },
    wrong,
    wrong,
    { status: 'fulfilled' },
    { value: [false, true] },
  ]);
  // Of what is wrong, nothing is left.
  expect(await store.beatsOf(['dog', 'cat'])).toEqual(new Map([['dog', NOW]]));
  const names = (await store.firing(NOW)).map(({ labels }) => labels.alertname);
  expect(names.toSorted()).toEqual(['a', 'b']);
  await store.close();
});

test('a file that is no database, or cannot be made, is said, and looked at again', async () => {
  const folder = newFolder();
  const file = join(folder, 'alerts.db');
  writeFileSync(file, 'a text that is no database at all '.repeat(100));
  const store = createAlertStore(`sqlite:${file}`);
  await expect(store.beat(['a'], NOW)).rejects.toMatchObject({
    code: 'AlertStoreUnavailable',
    message: expect.stringContaining('alerts.db'),
  });
  rmSync(file);
  await store.beat(['a'], NOW);
  await store.close();
  const nowhere = createAlertStore(`sqlite:${join(folder, 'alerts.db', 'below')}`);
  await expect(nowhere.beat(['a'], NOW)).rejects.toMatchObject({ code: 'AlertStoreUnavailable' });
});

test.each([
  '',
  'alerts.db',
  'sqlite:',
  'sqlite::memory:',
  'sqlite://host/file',
  'mysql://a:secret@b/c',
  'postgres:/a',
  'postgres://a:secret@[b/c',
])('%j is no store, and its password is not told', (url) => {
  expect(() => createAlertStore(url)).toThrow(
    expect.objectContaining({
      code: 'EnvironmentInvalid',
      message: expect.not.stringContaining('secret'),
    }),
  );
});
