import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { alertingJsonSchema } from '../src/domain/alerting/json-schema.schema.ts';
import { pagingJsonSchema } from '../src/domain/paging/json-schema.schema.ts';
import { releaseJsonSchema } from '../src/domain/release/json-schema.schema.ts';

const ROOT = new URL('../', import.meta.url);
const jsonOf = (name: string): unknown => JSON.parse(readFileSync(new URL(name, ROOT), 'utf8'));

test.each([
  ['release', releaseJsonSchema],
  ['paging', pagingJsonSchema],
  ['alerting', alertingJsonSchema],
])('the published schema of a %s file is the one that files are read by', (name, schema) => {
  // When this fails: npm run schema
  expect(jsonOf(`schema/${name}.schema.json`)).toEqual(JSON.parse(JSON.stringify(schema())));
});

test('the package gives all schemas out', () => {
  expect(jsonOf('package.json')).toMatchObject({
    exports: {
      './schema/release.schema.json': './schema/release.schema.json',
      './schema/paging.schema.json': './schema/paging.schema.json',
      './schema/alerting.schema.json': './schema/alerting.schema.json',
    },
  });
});
