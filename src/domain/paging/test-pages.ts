import type { Page } from './page.ts';

/**
 * What `belay channel test` sends: a page that says that it is none, and its end, so that no
 * incident stays open with a provider. `id` tells one test from another: letters, digits and -.
 */
export function testPages(test: {
  readonly channel: string;
  readonly to: string | undefined;
  readonly who: string | undefined;
  readonly id: string;
  readonly nowMs: number;
}): readonly [Page, Page] {
  const { channel, to, who, id, nowMs } = test;
  const incident = {
    id: `incident/test-${id}`,
    key: `belay-test-${id}`,
    title: `Test of the channel ${channel}`,
    text: 'Somebody tried whether Belay can page by this channel. Nothing is wrong.',
    severity: 'info',
    source: 'belay channel test',
    policy: 'none',
    openedAtMs: nowMs,
    labels: {},
    links: [],
  } as const;
  const rest = { to, who, level: 1, round: 1, maybeRepeated: false };
  return [
    {
      ...rest,
      dedupKey: `${incident.id}/trigger`,
      action: 'trigger',
      incident: { ...incident, status: 'triggered', by: undefined },
    },
    {
      ...rest,
      dedupKey: `${incident.id}/resolve`,
      action: 'resolve',
      incident: { ...incident, status: 'resolved', by: 'belay channel test' },
    },
  ];
}
