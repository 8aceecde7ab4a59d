import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAlertStore } from '../../../src/providers/alert-store/registry.ts';
import { type RealPostgres, startPostgres } from '../../support/real-postgres.ts';
import { storeContract } from './contract.ts';
import { NOW, firing, keyOf } from './messages.ts';

let postgres: RealPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

let databases = 0;

async function newDatabase(): Promise<string> {
  databases += 1;
  const name = `store_${databases}`;
  await postgres.run(`CREATE DATABASE ${name}`);
  return postgres.url.replace(/postgres$/, name);
}

storeContract('PostgreSQL', async () => {
  const url = await newDatabase();
  return {
    open: () => createAlertStore(url),
    run: (sql) => postgres.run(sql, url),
    async close() {},
  };
});

test('a server that is killed and started again is found again, with all that was answered', async () => {
  const store = createAlertStore(await newDatabase());
  await store.delivered([firing('a')], NOW);
  await postgres.kill();
  const sinceMs = performance.now();
  for (let tries = 0; tries < 3; tries += 1) {
    await expect(store.endsOf([keyOf('a')], NOW)).rejects.toMatchObject({
      code: 'AlertStoreUnavailable',
      message: expect.not.stringContaining('belay@'),
    });
  }
  expect(performance.now() - sinceMs).toBeLessThan(9000);
  await postgres.start();
  expect(await store.note([firing('a', NOW + 1)], NOW + 1)).toEqual([false]);
  await store.close();
});

test('a row that another session holds is waited for, but not for long', async () => {
  const url = await newDatabase();
  const store = createAlertStore(url);
  await store.delivered([firing('a')], NOW);
  const held = postgres.run(
    'BEGIN; UPDATE belay_last_messages SET is_timeout = is_timeout; SELECT pg_sleep(4); COMMIT;',
    url,
  );
  await expect
    .poll(() => store.note([firing('a')], NOW).then(String, ({ code }) => String(code)))
    .toBe('AlertStoreUnavailable');
  await held;
  expect(await store.note([firing('a')], NOW)).toEqual([false]);
  await store.close();
});

test('many processes that make the tables at once all have them', async () => {
  const url = await newDatabase();
  const stores = Array.from({ length: 5 }, () => createAlertStore(url));
  await Promise.all(stores.map((store) => store.beat(['a'], NOW)));
  const answers = await Promise.all(stores.map((store) => store.beatsOf(['a'])));
  expect(answers.map((one) => one.get('a'))).toEqual(stores.map(() => NOW));
  await Promise.all(stores.map((store) => store.close()));
});
