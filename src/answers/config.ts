import { resolve } from 'node:path';
import { z } from 'zod';
import { hostAndPort, readVariables } from '../worker/read-variables.ts';

/** The only reader of its environment. Temporal's own variables are read by envconfig. */
const environmentSchema = z.object({
  BELAY_PAGING: z.string().min(1),
  BELAY_ANSWERS_ADDRESS: hostAndPort.default('127.0.0.1:8090'),
  BELAY_METRICS_ADDRESS: hostAndPort.optional(),
  BELAY_TASK_QUEUE: z.string().min(1).optional(),
});

export interface AnswersConfig {
  /** The paging file of the workers, absolute: its channels name the secrets. */
  readonly pagingFile: string;
  /** Where Slack and PagerDuty come in: `host:port`. */
  readonly address: string;
  /** Where Prometheus comes in; none, no metrics. */
  readonly metricsAddress: string | undefined;
  /** Of the workers, for messages. */
  readonly taskQueue: string | undefined;
  /** The value of an environment variable that the paging file names for a secret. */
  secret(name: string): string | undefined;
}

/** Throws `EnvironmentInvalid`. */
export function readAnswersConfig(environment: NodeJS.ProcessEnv): AnswersConfig {
  const data = readVariables(environmentSchema, environment, 'the environment');
  return {
    pagingFile: resolve(data.BELAY_PAGING),
    address: data.BELAY_ANSWERS_ADDRESS,
    metricsAddress: data.BELAY_METRICS_ADDRESS,
    taskQueue: data.BELAY_TASK_QUEUE,
    secret: (name) => environment[name],
  };
}
