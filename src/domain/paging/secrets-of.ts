import type { ChannelSpec } from './channel.schema.ts';
import type { Secret } from './secret.schema.ts';

/** The places of all secrets that a channel needs, never their values. */
export function secretsOf(spec: ChannelSpec): readonly Secret[] {
  switch (spec.type) {
    case 'slack':
      return present([spec.via.kind === 'bot' ? spec.via.token : spec.via.url, spec.signingSecret]);
    case 'pagerduty':
      return present([spec.routingKey, spec.webhookSecret]);
    case 'email':
      return present([spec.password]);
    case 'webhook':
      return present([
        typeof spec.url === 'string' ? undefined : spec.url,
        spec.signingSecret,
        ...Object.values(spec.headers),
      ]);
    case 'opsgenie':
      return [spec.apiKey];
    case 'discord':
    case 'teams':
      return [spec.webhookUrl];
    case 'log':
    case 'memory':
      return [];
    default:
      return spec satisfies never;
  }
}

function present(secrets: readonly (Secret | undefined)[]): readonly Secret[] {
  return secrets.filter((secret) => secret !== undefined);
}
