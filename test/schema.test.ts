import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { releaseJsonSchema } from '../src/domain/release/json-schema.schema.ts';

test('the published schema is the one that files are read by', () => {
  const file = new URL('../schema/release.schema.json', import.meta.url);
  const published: unknown = JSON.parse(readFileSync(file, 'utf8'));
  // When this fails: npm run schema
  expect(published).toEqual(JSON.parse(JSON.stringify(releaseJsonSchema())));
});
