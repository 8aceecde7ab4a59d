import { z } from 'zod';
import { published } from '../document/published.ts';
import { pagingSchema } from './paging.schema.ts';

/**
 * The published JSON Schema of a paging file, for editors. It says what may be written; that every
 * name stands for something is checked when the file is read. Channels of `type: memory` are for
 * tests and left out.
 */
export function pagingJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(pagingSchema, {
    io: 'input',
    target: 'draft-2020-12',
    override: published('type'),
  });
  return {
    $schema: schema.$schema,
    $id: 'https://belay.dev/schema/paging.schema.json',
    title: 'Belay paging',
    description: 'Who is paged when something breaks: people, schedules, channels and policies.',
    ...schema,
  };
}
