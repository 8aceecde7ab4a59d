import type { PlannedPage, Roster } from '../../../src/domain/escalation/plan-level.ts';
import { type PolicySpec, policy } from '../../../src/domain/escalation/policy.schema.ts';
import type { PolicySnapshot } from '../../../src/domain/escalation/snapshot.ts';
import { snapshotOf } from '../../../src/domain/paging/snapshot-of.ts';

/** A policy as it is written, read and kept: its name is `night`, its last resort `siren`. */
export function snapshot(written: object): PolicySnapshot {
  const read: PolicySpec = policy.parse(written);
  const found = snapshotOf(
    { policies: { night: read }, lastResort: ['siren'], channels: {} },
    'night',
  );
  if (found === undefined) throw new Error('a policy that is there was not found');
  return found;
}

/** Levels that page ada, then bob, … and wait so many minutes each. */
export function levels(...minutes: readonly number[]): readonly object[] {
  return minutes.map((wait) => ({ wait: `${wait}m`, targets: [{ person: 'ada' }] }));
}

export const ROSTER: Roster = {
  people: {
    ada: {
      contacts: { phone: { channel: 'pager' }, mail: { channel: 'mail' } },
      notify: [
        { contact: 'phone', afterMs: 0 },
        { contact: 'mail', afterMs: 0 },
        { contact: 'phone', afterMs: 600_000 },
      ],
    },
    bob: { contacts: { phone: { channel: 'pager' } }, notify: [{ contact: 'phone', afterMs: 0 }] },
    mute: { contacts: {}, notify: [] },
  },
  teams: { core: { members: ['ada', 'bob', 'mute'] } },
  channels: {
    pager: { fallback: 'mail' },
    mail: { fallback: 'siren' },
    siren: {},
    ring: { fallback: 'gnir' },
    gnir: { fallback: 'ring' },
  },
  businessHours: [],
  hoursOf: () => undefined,
  onCall: (schedule) => ({ primary: ['bob'], both: ['ada', 'bob'], gap: [] })[schedule] ?? null,
  opensAt: (_hours, atMs) => atMs,
};

export function page(changes: Partial<PlannedPage> = {}): PlannedPage {
  return {
    ...{ channel: 'pager', person: 'ada', contact: 'phone', afterMs: 0, fallbacks: [] },
    ...{ purpose: 'level', place: 'pager/ada.phone' },
    ...changes,
  };
}
