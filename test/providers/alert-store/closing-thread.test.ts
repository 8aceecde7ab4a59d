import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSqliteAlertStore } from '../../../src/providers/alert-store/sqlite.ts';
import { createThreadedAlertStore } from '../../../src/providers/alert-store/threaded.ts';
import { NOW, firing } from './messages.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-alert-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['a thread', createThreadedAlertStore],
  ['this one', createSqliteAlertStore],
])('what was asked before a store of %s is closed is done', async (_name, create) => {
  const store = create(join(folder, 'alerts.db'));
  await store.note([firing('a')], NOW);
  const noted = store.delivered([firing('a')], NOW);
  await store.close();
  await expect(noted).resolves.toBeUndefined();
  await expect(store.note([firing('a')], NOW)).rejects.toMatchObject({
    code: 'AlertStoreUnavailable',
  });
});

test('one that two close at the same time is closed', async () => {
  const store = createThreadedAlertStore(join(folder, 'alerts.db'));
  await store.note([firing('a')], NOW);
  await expect(Promise.all([store.close(), store.close()])).resolves.toHaveLength(2);
});
