import { z } from 'zod';
import { alertingSchema } from './alerting.schema.ts';
import { scenarioFile } from './scenario.schema.ts';

/**
 * The published JSON Schema of an alerting file, for editors. It says what may be written; that
 * every name stands for something is checked when the file is read.
 */
export function alertingJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(alertingSchema, { io: 'input', target: 'draft-2020-12' });
  return {
    $schema: schema.$schema,
    $id: 'https://belay.dev/schema/alerting.schema.json',
    title: 'Belay alerting',
    description: 'Where alerts go: routes, receivers, time intervals and inhibition.',
    ...schema,
  };
}

/** The published JSON Schema of a file of scenarios. */
export function scenariosJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(scenarioFile, { io: 'input', target: 'draft-2020-12' });
  return {
    $schema: schema.$schema,
    $id: 'https://belay.dev/schema/scenarios.schema.json',
    title: 'Belay scenarios',
    description: 'What happens to alerts, and who is paged when: tests of an alerting file.',
    ...schema,
  };
}
