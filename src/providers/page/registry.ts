import type { ChannelSpec } from '../../domain/paging/channel.schema.ts';
import { createDiscordChannel } from './discord.ts';
import { createEmailChannel } from './email.ts';
import { createLogChannel } from './log.ts';
import { createMemoryPageChannel } from './memory.ts';
import { createOpsgenieChannel } from './opsgenie.ts';
import type { PageChannel } from './page-channel.ts';
import { createPagerDutyChannel } from './pagerduty.ts';
import type { SecretPlaces } from './secrets.ts';
import { createSlackChannel } from './slack.ts';
import { createTeamsChannel } from './teams.ts';
import { createWebhookChannel } from './webhook.ts';

export interface PageChannelDeps extends SecretPlaces {
  write(line: string): void;
  readonly nowMs: () => number;
  /** Names one attempt: unique. */
  readonly newId: () => string;
  /** Of one attempt; at most the 10 s that the port promises. */
  readonly answerWithinMs?: number;
  readonly memory?: PageChannel;
}

/** The channel that a paging file describes under a name. */
export function createPageChannels({
  write,
  memory = createMemoryPageChannel(),
  ...deps
}: PageChannelDeps) {
  return (name: string, spec: ChannelSpec): PageChannel => {
    switch (spec.type) {
      case 'slack':
        return createSlackChannel(spec, deps);
      case 'pagerduty':
        return createPagerDutyChannel(spec, deps);
      case 'email':
        return createEmailChannel(spec, deps);
      case 'webhook':
        return createWebhookChannel(spec, { ...deps, name });
      case 'opsgenie':
        return createOpsgenieChannel(spec, deps);
      case 'discord':
        return createDiscordChannel(spec, deps);
      case 'teams':
        return createTeamsChannel(spec, deps);
      case 'log':
        return createLogChannel(write);
      case 'memory':
        return memory;
      default:
        return spec satisfies never;
    }
  };
}
