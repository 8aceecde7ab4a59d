import { createBelayClient } from '../client/client.ts';
import { Failure } from '../domain/failure.ts';
import { hostAndPort } from '../router/main.ts';
import { createPagingSource } from '../worker/paging-source.ts';
import { startAnswers } from './answers.ts';
import { readAnswersConfig } from './config.ts';
import { createAnswerMetrics } from './metrics.ts';
import { signingSecrets, webhookSecrets } from './read-secrets.ts';

/** The process that takes answers, until it is ended. */
export async function runAnswers(environment: NodeJS.ProcessEnv): Promise<void> {
  const { pagingFile, address, metricsAddress, taskQueue, secret } = readAnswersConfig(environment);
  const write = (line: string): unknown => process.stdout.write(line);
  const paging = createPagingSource(pagingFile, write);
  requireSenders(paging, pagingFile);
  const client = await createBelayClient(taskQueue === undefined ? {} : { taskQueue });
  const { incidents } = client;
  const metrics = createAnswerMetrics();
  const answers = await startAnswers(
    { incidents, paging, secret, nowMs: Date.now, write, metrics },
    {
      listen: hostAndPort(address),
      ...(metricsAddress === undefined ? {} : { metrics: hostAndPort(metricsAddress) }),
    },
  );
  const { url, metricsUrl } = answers;
  write(`${JSON.stringify({ answers: 'ready', url, metrics: metricsUrl })}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void answers
        .close()
        .then(() => client.close())
        .then(() => process.exit(0));
    });
  }
}

/** A process that could take nothing from anybody is a mistake. */
function requireSenders(paging: ReturnType<typeof createPagingSource>, file: string): void {
  const read = paging.read();
  if (read.kind === 'unusable') throw new Failure('PagingFileInvalid', read.why);
  if (signingSecrets(read.paging).length + webhookSecrets(read.paging).length > 0) return;
  throw new Failure(
    'PagingFileInvalid',
    `${file}: no channel has a signing_secret (slack) or a webhook_secret (pagerduty)`,
  );
}
