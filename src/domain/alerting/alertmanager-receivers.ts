import { type AlertingDocument, CHANNELS_MAX } from './alerting.schema.ts';
import type { Leftovers } from './alertmanager-leftovers.ts';

/** A channel that the paging file needs for an integration of a receiver. */
export interface NeededChannel {
  readonly name: string;
  /** Of Belay's channels; null, there is none of this kind. */
  readonly type: string | null;
  /** Where the integration stands: `receivers.0.slack_configs.0`. */
  readonly path: string;
}

interface Kind {
  readonly type: string | null;
  /** Whether Alertmanager tells it of resolved alerts where nothing is said. */
  readonly sendsResolved: boolean;
}

/** By the keys of a receiver. */
const KINDS: Readonly<Record<string, Kind>> = {
  slack_configs: { type: 'slack', sendsResolved: false },
  pagerduty_configs: { type: 'pagerduty', sendsResolved: true },
  email_configs: { type: 'email', sendsResolved: false },
  webhook_configs: { type: 'webhook', sendsResolved: true },
  opsgenie_configs: { type: 'opsgenie', sendsResolved: true },
  discord_configs: { type: 'discord', sendsResolved: true },
  msteams_configs: { type: 'teams', sendsResolved: true },
  msteamsv2_configs: { type: 'teams', sendsResolved: true },
  wechat_configs: { type: null, sendsResolved: false },
};

const CHANNEL_NAME_MAX = 40;

interface Imported {
  readonly receivers: AlertingDocument['receivers'];
  readonly channels: readonly NeededChannel[];
}

/** Each integration becomes the name of a channel; what it is made of belongs into that. */
export function importedReceivers(
  list: readonly Readonly<Record<string, unknown>>[],
  leftovers: Leftovers,
): Imported {
  const channels: NeededChannel[] = [];
  const receivers = list.map((receiver, at) => {
    const path = ['receivers', at];
    const name = leftovers.name(receiver.name, [...path, 'name']);
    return [name, importedReceiver(receiver, at, channels, leftovers), path] as const;
  });
  return { receivers: leftovers.byName(receivers), channels };
}

function importedReceiver(
  { name, ...rest }: Readonly<Record<string, unknown>>,
  at: number,
  channels: NeededChannel[],
  leftovers: Leftovers,
): AlertingDocument['receivers'][string] {
  const sends: boolean[] = [];
  const names: string[] = [];
  for (const [key, configs] of Object.entries(rest)) {
    const path = ['receivers', at, key];
    if (!key.endsWith('_configs')) {
      leftovers.add(path, 'Belay has no such setting');
      continue;
    }
    for (const [index, config] of leftovers.listOf(configs, path).entries()) {
      const channel = needed(String(name), key, [...path, index], channels);
      channels.push(channel);
      names.push(channel.name);
      sends.push(sendsResolved(key, config, [...path, index], leftovers));
      leftovers.add([...path, index], whatToDo(channel, key));
    }
  }
  if (!sends.every(Boolean) && sends.some(Boolean)) {
    const message =
      'some of its integrations are told of resolved alerts and some are not: here all are';
    leftovers.add(['receivers', at], message);
  }
  if (names.length > CHANNELS_MAX) {
    const message =
      `has ${names.length} integrations, of which Belay takes ${CHANNELS_MAX}: move some to a second ` +
      'receiver, which routes with continue: true and the same matchers name before those of this one';
    leftovers.refuse(['receivers', at], message);
  }
  const tells = sends.some(Boolean) || sends.length === 0;
  return { channels: names, ...(tells ? {} : { send_resolved: false }) };
}

function whatToDo({ name, type }: NeededChannel, key: string): string {
  return type === null
    ? `Belay has no channel of this kind (${key.replace(/_configs$/, '')}): make ${name} another one`
    : `make a channel ${name} of type ${type} in the paging file`;
}

function sendsResolved(
  key: string,
  config: unknown,
  path: readonly (string | number)[],
  leftovers: Leftovers,
): boolean {
  const { send_resolved: written } = leftovers.keysOf(config, path);
  const value = leftovers.boolean(written, [...path, 'send_resolved']);
  return value ?? KINDS[key]?.sendsResolved ?? true;
}

/** A name that a channel may have, and that no other has. */
function needed(
  receiver: string,
  key: string,
  path: readonly (string | number)[],
  others: readonly NeededChannel[],
): NeededChannel {
  const kind = key.replace(/_configs$/, '');
  const base = `${receiver}-${kind}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  for (let count = 1; ; count += 1) {
    const ending = count === 1 ? '' : `-${count}`;
    const name = base.slice(0, CHANNEL_NAME_MAX - ending.length).replace(/-+$/, '') + ending;
    if (others.some((one) => one.name === name)) continue;
    return { name, type: KINDS[key]?.type ?? null, path: path.join('.') };
  }
}
