import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readAnswersConfig } from '../../src/answers/config.ts';
import { runAnswers } from '../../src/answers/main.ts';

const folder = mkdtempSync(join(tmpdir(), 'belay-answers-'));
const BELAY_PAGING = join(folder, 'paging.json');
afterAll(() => rmSync(folder, { recursive: true }));

test('the paging file alone is required', () => {
  expect(readAnswersConfig({ BELAY_PAGING: 'paging.yaml', X: 'y' })).toMatchObject({
    pagingFile: join(process.cwd(), 'paging.yaml'),
    address: '127.0.0.1:8090',
    metricsAddress: undefined,
    taskQueue: undefined,
  });
});

test.each([
  [{}, 'BELAY_PAGING'],
  [
    { BELAY_PAGING, BELAY_ANSWERS_ADDRESS: '8090' },
    'BELAY_ANSWERS_ADDRESS: an address is host:port',
  ],
  [{ BELAY_PAGING, BELAY_METRICS_ADDRESS: 'a:b' }, 'BELAY_METRICS_ADDRESS: an address'],
])('the environment %j is refused: %s', (environment, told) => {
  expect(() => readAnswersConfig(environment)).toThrow(told);
});

const rest = { policies: {}, last_resort: ['siren'] };

test.each([
  ['no file', undefined, 'ENOENT'],
  ['no paging file', { chanels: {} }, 'chanels'],
  ['nobody who could answer', { ...rest, channels: { siren: { type: 'log' } } }, 'signing_secret'],
])('with %s it does not begin, and says why', async (_, document, told) => {
  rmSync(BELAY_PAGING, { force: true });
  if (document !== undefined) writeFileSync(BELAY_PAGING, JSON.stringify(document));
  await expect(runAnswers({ BELAY_PAGING })).rejects.toMatchObject({
    ...{ code: 'PagingFileInvalid', message: expect.stringContaining(told) },
  });
});
