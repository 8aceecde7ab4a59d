import type { Paging } from '../paging-file.ts';
import type { Finding } from './finding.ts';
import { coursesOf } from './levels-of.ts';

/** Channels that nothing leads to, and a last resort that nobody is reached by. */
export function lintChannels(paging: Paging): readonly Finding[] {
  const { channels, lastResort } = paging;
  const used = usedChannels(paging);
  const unused = Object.keys(channels)
    .filter((name) => !used.has(name))
    .map((name): Finding => {
      const message = `nothing pages by ${name}: name it in a contact, a level, a fallback or last_resort`;
      const place = { path: ['channels'], key: name, message: `${message}, or take it out` };
      return { severity: 'warning', rule: 'unused-channel', ...place };
    });
  return [...unused, ...onlyLogged(paging, lastResort, ['last_resort'])].concat(
    Object.entries(paging.policies).flatMap(([name, policy]) =>
      onlyLogged(paging, policy.lastResort ?? [], ['policies', name, 'last_resort']),
    ),
  );
}

function usedChannels(paging: Paging): ReadonlySet<string> {
  const { channels, people, policies, lastResort } = paging;
  const used = new Set([
    ...lastResort,
    ...Object.values(policies).flatMap((policy) => policy.lastResort ?? []),
    ...Object.values(people).flatMap(({ contacts }) =>
      Object.values(contacts).map(({ channel }) => channel),
    ),
    ...coursesOf(paging).flatMap(({ levels }) =>
      levels.flatMap(({ targets, channels: own }) => [
        ...own,
        ...targets.flatMap(({ kind, name }) => (kind === 'channel' ? [name] : [])),
      ]),
    ),
  ]);
  // A set goes on with what is added to it meanwhile.
  for (const name of used) {
    const fallback = channels[name]?.fallback;
    if (fallback !== undefined) used.add(fallback);
  }
  return used;
}

function onlyLogged(
  { channels }: Paging,
  lastResort: readonly string[],
  path: readonly string[],
): readonly Finding[] {
  if (lastResort.length === 0) return [];
  if (lastResort.some((name) => channels[name]?.type !== 'log')) return [];
  const message = 'only writes to a log when nobody answers: name a channel that reaches a person';
  return [{ severity: 'warning', rule: 'only-logged', path, message }];
}
