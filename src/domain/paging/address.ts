import type { ChannelSpec } from './channel.schema.ts';

/** RFC 5321 without quoted parts and comments: nothing that could end a header or a command. */
export const EMAIL_ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$/;
/** A user of Slack; a page to one becomes a direct message, or is mentioned by a webhook. */
const SLACK_USER = /^[UW][A-Z0-9]{2,20}$/;
const SLACK_PLACE = /^(?:[UWCGD][A-Z0-9]{2,20}|#[\p{L}\p{N}._-]{1,80})$/u;
/** A user, or with `role:` a role, of Discord. */
const DISCORD_TARGET = /^(?:role:)?\d{5,25}$/;

/**
 * What is wrong with an address within a channel, as one sentence; `undefined`: nothing. Without an
 * address a page goes to the channel's own place, which only an e-mail channel may lack.
 */
export function addressProblem(spec: ChannelSpec, to: string | undefined): string | undefined {
  if (to === undefined) {
    const isMissing = spec.type === 'email' && spec.to === undefined;
    return isMissing ? 'the channel has no address of its own, so a page must name one' : undefined;
  }
  switch (spec.type) {
    case 'email':
      return EMAIL_ADDRESS.test(to) ? undefined : 'an address is written like ada@example.org';
    case 'opsgenie':
    case 'teams':
      return EMAIL_ADDRESS.test(to)
        ? undefined
        : 'a user is named by an e-mail address, like ada@example.org';
    case 'discord':
      return DISCORD_TARGET.test(to)
        ? undefined
        : 'somebody is named by the number of a user, or of a role as role:NUMBER';
    case 'slack':
      return slackProblem(spec.via.kind, to);
    case 'pagerduty':
    case 'webhook':
      return `a ${spec.type} channel has one receiver and no addresses within it`;
    case 'log':
    case 'memory':
      return undefined;
    default:
      return spec satisfies never;
  }
}

function slackProblem(via: 'bot' | 'webhook', to: string): string | undefined {
  if (via === 'bot') {
    return SLACK_PLACE.test(to) ? undefined : 'a place in Slack is an id, like U024BE7LH, or #name';
  }
  return SLACK_USER.test(to)
    ? undefined
    : 'an incoming webhook has one channel: it can only mention a user, by an id like U024BE7LH';
}
