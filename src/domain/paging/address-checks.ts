import type { Found } from '../document/issues.ts';
import type { Level } from '../escalation/policy.schema.ts';
import { addressProblem } from './address.ts';
import type { ParsedPaging } from './paging.schema.ts';

type Path = readonly (string | number)[];

/** Where a page would be refused for its address, found before anybody has to be paged. */
export function wrongAddresses(parsed: ParsedPaging): readonly Found[] {
  const { channels, people, policies } = parsed;
  const found: Found[] = [];
  const need = (channel: string, to: string | undefined, path: Path): void => {
    const spec = Object.hasOwn(channels, channel) ? channels[channel] : undefined;
    const problem = spec === undefined ? undefined : addressProblem(spec, to);
    if (problem !== undefined) found.push({ path, message: `${channel}: ${problem}` });
  };
  /** A page to nobody in particular goes where the channel goes by itself. */
  const needOwn = (names: readonly string[], path: Path): void => {
    for (const [index, name] of names.entries()) need(name, undefined, [...path, index]);
  };
  const needLevels = (levels: readonly Level[], path: Path): void => {
    for (const [at, { targets }] of levels.entries()) {
      for (const [index, { kind, name }] of targets.entries()) {
        if (kind === 'channel') need(name, undefined, [...path, at, 'targets', index]);
      }
    }
  };
  for (const [name, { contacts }] of Object.entries(people)) {
    for (const [key, { channel, to }] of Object.entries(contacts)) {
      const path = ['people', name, 'contacts', key];
      need(channel, to, to === undefined ? path : [...path, 'to']);
    }
  }
  for (const [name, { fallback }] of Object.entries(channels)) {
    if (fallback !== undefined) need(fallback, undefined, ['channels', name, 'fallback']);
  }
  for (const [name, { levels, overrides, lastResort }] of Object.entries(policies)) {
    const path = ['policies', name];
    needLevels(levels, [...path, 'levels']);
    for (const [index, one] of overrides.entries()) {
      needLevels(one.levels ?? [], [...path, 'overrides', index, 'levels']);
    }
    needOwn(lastResort ?? [], [...path, 'last_resort']);
  }
  needOwn(parsed.last_resort, ['last_resort']);
  return found;
}
