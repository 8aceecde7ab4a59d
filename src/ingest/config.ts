import { z } from 'zod';
import { hostAndPort, readVariables } from '../worker/read-variables.ts';

/** The only reader of its environment. Temporal's own variables are read by envconfig. */
const environmentSchema = z.object({
  BELAY_INGEST_ADDRESS: hostAndPort.default('127.0.0.1:9093'),
  BELAY_INGEST_AT_ONCE: z.coerce.number().int().min(1).max(1000).default(32),
  BELAY_ALERT_STORE: z.string().min(1).optional(),
  BELAY_TASK_QUEUE: z.string().min(1).optional(),
});

export interface IngestConfig {
  /** Where alerts come in: `host:port`. */
  readonly address: string;
  /** How many requests are worked on at once. */
  readonly atOnce: number;
  /** Where last messages are kept, the same as the workers'; it may have a password. */
  readonly alertStore: string | undefined;
  /** Of the workers. */
  readonly taskQueue: string | undefined;
}

/** Throws `EnvironmentInvalid`. */
export function readIngestConfig(environment: NodeJS.ProcessEnv): IngestConfig {
  const data = readVariables(environmentSchema, environment, 'the environment');
  return {
    address: data.BELAY_INGEST_ADDRESS,
    atOnce: data.BELAY_INGEST_AT_ONCE,
    alertStore: data.BELAY_ALERT_STORE,
    taskQueue: data.BELAY_TASK_QUEUE,
  };
}
