import { Failure } from '../domain/failure.ts';
import type { Secret } from '../domain/paging/secret.schema.ts';
import { ANSWER_WITHIN_MS, exchange, refusal } from './page/exchange.ts';
import { type SecretPlaces, openSecrets } from './page/secrets.ts';

/**
 * Tells a dead-man's switch that all is well: one GET of its URL, of at most 10 s. The URL is a
 * secret, as whoever knows it can keep the switch quiet. Throws `PageRejected` or `PageUndelivered`
 * where it has not answered with 2xx; redirects are not followed.
 */
export async function sendHeartbeat(
  url: Secret,
  places: SecretPlaces,
  signal: AbortSignal,
): Promise<void> {
  const provider = 'the heartbeat URL';
  const secrets = openSecrets(places);
  const answer = await exchange(
    { provider, method: 'GET', url: secrets.read(url), headers: {} },
    secrets,
    { answerWithinMs: ANSWER_WITHIN_MS, signal },
  );
  if (answer.status >= 200 && answer.status < 300) return;
  const { message } = refusal(provider, answer, secrets);
  throw new Failure('PageUndelivered', message);
}
