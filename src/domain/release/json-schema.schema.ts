import { z } from 'zod';
import { published } from '../document/published.ts';
import { releaseSchema } from './release.schema.ts';

/**
 * The published JSON Schema of a release file, for editors. It says what may be written; that the
 * parts do not contradict each other is checked when the file is read. Parts of `kind: memory` are
 * for tests and left out.
 */
export function releaseJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(releaseSchema, {
    io: 'input',
    target: 'draft-2020-12',
    override: published('kind'),
  });
  return {
    $schema: schema.$schema,
    $id: 'https://belay.dev/schema/release.schema.json',
    title: 'Belay release',
    description: 'How a service is released, judged and brought back.',
    ...schema,
  };
}
