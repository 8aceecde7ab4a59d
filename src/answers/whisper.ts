import type { Paging } from '../domain/paging/paging-file.ts';
import { exchange } from '../providers/page/exchange.ts';
import { openSecrets } from '../providers/page/secrets.ts';
import { slackText } from '../providers/page/slack-message.ts';

const ANSWER_WITHIN_MS = 5000;
const TEXT_MAX = 2000;
const HOSTS_OF_SLACK = ['https://hooks.slack.com', 'https://hooks.slack-gov.com'];

/**
 * Tells the person who has clicked, and nobody else. Only at an address of Slack, or of what a
 * channel names instead of it: a signed request must not make Belay call any other.
 */
export async function whisper(
  { url, text }: { readonly url: string; readonly text: string },
  { channels }: Pick<Paging, 'channels'>,
): Promise<'told' | 'not told'> {
  const own = Object.values(channels).flatMap((spec) => (spec.type === 'slack' ? [spec.url] : []));
  const allowed = [...HOSTS_OF_SLACK, ...own.map((one) => new URL(one).origin)];
  if (!allowed.includes(new URL(url).origin)) return 'not told';
  // Its path is a secret for as long as it can be used.
  const secrets = openSecrets({ secret: () => undefined });
  try {
    const { status } = await exchange(
      {
        provider: 'Slack',
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          response_type: 'ephemeral',
          replace_original: false,
          text: slackText(text, TEXT_MAX),
        }),
      },
      secrets,
      { answerWithinMs: ANSWER_WITHIN_MS, signal: new AbortController().signal },
    );
    return status === 200 ? 'told' : 'not told';
  } catch {
    return 'not told';
  }
}
