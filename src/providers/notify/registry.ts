import type { NotificationSpec } from '../../domain/release/release.schema.ts';
import type { NotificationChannel } from './channel.ts';
import { createLogChannel } from './log.ts';
import { createMemoryChannel } from './memory.ts';
import { createWebhookChannel } from './webhook.ts';

export interface ChannelDeps {
  /** The value of an environment variable that a release file names for a secret. */
  secret(name: string): string | undefined;
  write(line: string): void;
  readonly memory?: NotificationChannel;
}

/** The channel that a release file names. */
export function createChannels({ secret, write, memory = createMemoryChannel() }: ChannelDeps) {
  return (spec: NotificationSpec): NotificationChannel => {
    switch (spec.kind) {
      case 'log':
        return createLogChannel(write);
      case 'webhook':
        return createWebhookChannel(spec, secret);
      case 'memory':
        return memory;
      default:
        return spec satisfies never;
    }
  };
}
