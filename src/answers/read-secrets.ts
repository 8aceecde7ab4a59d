import type { ChannelSettings, ChannelSpec } from '../domain/paging/channel.schema.ts';
import type { Paging } from '../domain/paging/paging-file.ts';
import type { Secret } from '../domain/paging/secret.schema.ts';
import { openSecrets } from '../providers/page/secrets.ts';
import type { AnswerDeps } from './deps.ts';

/** Where requests of Slack are signed. */
export function signingSecrets({ channels }: Pick<Paging, 'channels'>): readonly Secret[] {
  return Object.values(channels)
    .filter((spec): spec is ChannelSettings<'slack'> => spec.type === 'slack')
    .flatMap(({ signingSecret }) => (signingSecret === undefined ? [] : [signingSecret]));
}

/** Where webhooks of PagerDuty are signed. */
export function webhookSecrets({ channels }: Pick<Paging, 'channels'>): readonly Secret[] {
  return Object.values(channels)
    .filter((spec: ChannelSpec): spec is ChannelSettings<'pagerduty'> => spec.type === 'pagerduty')
    .flatMap(({ webhookSecret }) => (webhookSecret === undefined ? [] : [webhookSecret]));
}

/**
 * The values as they are now, each once, so that a new one counts at once. `unread` says why one of
 * them cannot be read: then a signature that fits no other may be good all the same.
 */
export function readSecrets(
  places: readonly Secret[],
  deps: Pick<AnswerDeps, 'secret'>,
): { readonly values: readonly string[]; readonly unread: string | undefined } {
  const secrets = openSecrets(deps);
  const values = new Set<string>();
  let unread: string | undefined;
  for (const place of places) {
    try {
      values.add(secrets.read(place));
    } catch (error) {
      unread = error instanceof Error ? error.message : String(error);
    }
  }
  return { values: [...values], unread };
}
