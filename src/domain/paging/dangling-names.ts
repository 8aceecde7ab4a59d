import type { Found } from '../document/issues.ts';
import { nearest } from '../document/nearest.ts';
import type { Level, PolicySpec } from '../escalation/policy.schema.ts';
import type { ParsedPaging } from './paging.schema.ts';

type Path = readonly (string | number)[];

/** Names that stand for nothing in this file: whoever is meant by them would not be paged. */
export function danglingNames(parsed: ParsedPaging): readonly Found[] {
  const found: Found[] = [];
  const lists = {
    person: Object.keys(parsed.people),
    team: Object.keys(parsed.teams),
    channel: Object.keys(parsed.channels),
    schedule: Object.keys(parsed.schedules),
  };
  const need = (kind: keyof typeof lists, name: string, path: Path): void => {
    const known = lists[kind];
    if (known.includes(name)) return;
    const near = nearest(name, known);
    const instead = near === undefined ? '' : `: did you mean ${near}?`;
    found.push({ path, message: `there is no ${kind} ${name} in this file${instead}` });
  };
  for (const [name, { contacts, notify }] of Object.entries(parsed.people)) {
    const path = ['people', name];
    for (const [key, { channel }] of Object.entries(contacts)) {
      need('channel', channel, [...path, 'contacts', key, 'channel']);
    }
    for (const [index, { contact }] of (notify ?? []).entries()) {
      if (Object.hasOwn(contacts, contact)) continue;
      const message = `${name} has no contact ${contact}`;
      found.push({ path: [...path, 'notify', index, 'contact'], message });
    }
  }
  for (const [name, { members }] of Object.entries(parsed.teams)) {
    for (const [index, one] of members.entries())
      need('person', one, ['teams', name, 'members', index]);
  }
  for (const [name, policy] of Object.entries(parsed.policies)) {
    inPolicy(policy, ['policies', name], need);
  }
  for (const [index, name] of parsed.last_resort.entries()) {
    need('channel', name, ['last_resort', index]);
  }
  return found;
}

type Need = (kind: 'person' | 'team' | 'channel' | 'schedule', name: string, path: Path) => void;

function inPolicy(policy: PolicySpec, path: Path, need: Need): void {
  inLevels(policy.levels, [...path, 'levels'], need);
  for (const [index, { levels }] of policy.overrides.entries()) {
    inLevels(levels ?? [], [...path, 'overrides', index, 'levels'], need);
  }
  for (const [index, name] of (policy.lastResort ?? []).entries()) {
    need('channel', name, [...path, 'last_resort', index]);
  }
}

function inLevels(levels: readonly Level[], path: Path, need: Need): void {
  for (const [at, { targets, channels }] of levels.entries()) {
    for (const [index, { kind, name }] of targets.entries()) {
      need(kind, name, [...path, at, 'targets', index]);
    }
    for (const [index, name] of channels.entries()) {
      need('channel', name, [...path, at, 'channels', index]);
    }
  }
}
