import type { ChannelType } from './channel.schema.ts';
import type { Paging } from './paging-file.ts';

/** Who has this address in a channel of this type; undefined where nobody has, or several. */
export function personAt(
  { people, channels }: Pick<Paging, 'people' | 'channels'>,
  type: ChannelType,
  address: string,
): string | undefined {
  const [person, ...others] = Object.entries(people)
    .filter(([, { contacts }]) =>
      Object.values(contacts).some(
        ({ channel, to }) => to === address && channels[channel]?.type === type,
      ),
    )
    .map(([name]) => name);
  return others.length === 0 ? person : undefined;
}
