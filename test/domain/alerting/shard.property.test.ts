import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Configuration } from '../../../src/domain/alerting/alerting-file.ts';
import { fingerprint } from '../../../src/domain/alerting/fingerprint.ts';
import { destinationText } from '../../../src/domain/alerting/group-key.ts';
import { inhibitedBy, inhibitorsOf } from '../../../src/domain/alerting/inhibition.ts';
import type { Labels } from '../../../src/domain/alerting/labels.ts';
import { groupsFor } from '../../../src/domain/alerting/routing.ts';
import {
  type SimulatedPage,
  type Simulation,
  newSimulation,
} from '../../../src/domain/alerting/simulation.ts';
import { configuration } from './configurations.ts';

const START = Date.parse('2026-11-26T12:00:00Z');
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const REPEAT = 10 * MINUTE;
const CLOCKS = { isIn: () => false, changesAt: () => Infinity };

const TIMES = 'group_wait: 10s, group_interval: 1m, repeat_interval: 10m';
const RULES = `
inhibit_rules: [{ source_matchers: [alertname=Down], target_matchers: [alertname=Slow], equal: [host] }]`;
/** In the third configuration another alert inhibits. */
const OTHER_RULES = RULES.replace('Down', 'Full');

const CONFIGURATIONS: readonly Configuration[] = [
  `receivers: { r: { channels: [c], policy: p } }
route: { receiver: r, group_by: [alertname], ${TIMES} }`,
  `receivers: { r: { policy: p }, s: { channels: [d], send_resolved: false } }
route:
  receiver: r
  group_by: [alertname, host]
  ${TIMES.replaceAll(', ', '\n  ')}
  routes: [{ matchers: [host="1"], receiver: s, continue: true }, { matchers: [alertname=Slow], group_by: [] }]`,
  `receivers: { r: { channels: [c] }, none: {} }
route:
  receiver: r
  group_by: ['...']
  ${TIMES.replaceAll(', ', '\n  ')}
  storm: { above: 3, within: 1m }
  routes: [{ matchers: [host="2"], receiver: none }]`,
].map((text, at) => configuration(text + (at === 2 ? OTHER_RULES : RULES)));

/** Few, so that those that inhibit each other often meet. */
const ALERTS: readonly Labels[] = [
  { alertname: 'Down', host: '1' },
  { alertname: 'Slow', host: '1' },
  { alertname: 'Down', host: '2' },
  { alertname: 'Slow', host: '2' },
  { alertname: 'Full', host: '2' },
];

const act = fc.oneof(
  fc.record({ kind: fc.constant('fire' as const), alert: fc.nat(ALERTS.length - 1) }),
  fc.record({ kind: fc.constant('fire' as const), alert: fc.nat(ALERTS.length - 1) }),
  fc.record({ kind: fc.constant('resolve' as const), alert: fc.nat(ALERTS.length - 1) }),
  fc.record({
    kind: fc.constant('silence' as const),
    alert: fc.nat(ALERTS.length - 1),
    forMs: fc.constantFrom(30 * SECOND, 15 * MINUTE),
  }),
  fc.record({ kind: fc.constant('expire' as const), silence: fc.nat(3) }),
  fc.record({
    kind: fc.constant('reload' as const),
    over: fc.constant<number | null>(null),
    configuration: fc.nat(CONFIGURATIONS.length - 1),
  }),
  fc.record({ kind: fc.constant('fail' as const), forMs: fc.constantFrom(5 * SECOND, 2 * MINUTE) }),
);

type Act = typeof act extends fc.Arbitrary<infer Each> ? Each : never;

const acts = fc.array(
  fc.record({ act, afterMs: fc.constantFrom(0, 0, SECOND, 9 * SECOND, MINUTE, 12 * MINUTE) }),
  { minLength: 1, maxLength: 30 },
);

type Acts = readonly { readonly act: Act; readonly afterMs: number }[];

/** What the test itself knows of the world, the plain way. */
interface Known {
  readonly firing: Map<string, Labels>;
  readonly silences: { readonly labels: Labels; readonly id: string; untilMs: number }[];
  configuration: Configuration;
  nowMs: number;
  failsUntilMs: number;
}

function play(
  list: Acts,
  shards: number,
  after: (sim: Simulation, known: Known) => void,
): { readonly sim: Simulation; readonly known: Known } {
  const first = CONFIGURATIONS[0];
  if (first === undefined) throw new Error('no configuration');
  const known: Known = {
    ...{ firing: new Map(), silences: [], configuration: first, nowMs: START, failsUntilMs: 0 },
  };
  const sim = newSimulation({
    ...{ configuration: first, shards, startMs: START, clocks: CLOCKS },
    arrives: (_destination, atMs) => atMs >= known.failsUntilMs,
    pick: picker(list.length),
  });
  for (const one of list) {
    known.nowMs += one.afterMs;
    sim.advance(known.nowMs);
    after(sim, known);
    carryOut(sim, known, one.act);
    after(sim, known);
  }
  return { sim, known };
}

/** Messages to shards overtake each other, but not those of one sender. */
function picker(seed: number): (senders: number) => number {
  let state = seed;
  return (senders) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(state / 65_536) % senders;
  };
}

const FAR = START + 1000 * 60 * MINUTE;

function carryOut(sim: Simulation, known: Known, one: Act): void {
  const { nowMs } = known;
  const labels = ('alert' in one ? ALERTS[one.alert] : undefined) ?? {};
  switch (one.kind) {
    case 'fire':
      known.firing.set(fingerprint(labels), labels);
      return sim.post([{ labels, endsAtMs: FAR }]);
    case 'resolve':
      known.firing.delete(fingerprint(labels));
      return sim.post([{ labels, endsAtMs: nowMs }]);
    case 'silence': {
      const matchers = Object.entries(labels).map(([name, value]) => ({
        name,
        operator: '=' as const,
        value,
      }));
      const times = { startsAtMs: nowMs, endsAtMs: nowMs + one.forMs };
      const answer = sim.silence({
        id: null,
        matcherSets: [matchers],
        ...times,
        createdBy: 'ada',
        comment: 'x',
      });
      if (answer.kind !== 'set') throw new Error(answer.message);
      known.silences.push({ labels, id: answer.id, untilMs: nowMs + one.forMs });
      return;
    }
    case 'expire': {
      const silence = known.silences[one.silence];
      if (silence === undefined) return;
      silence.untilMs = Math.min(silence.untilMs, nowMs);
      return sim.expire(silence.id);
    }
    case 'reload': {
      const next = CONFIGURATIONS[one.configuration] ?? known.configuration;
      known.configuration = next;
      const between = one.over === null ? [] : [CONFIGURATIONS[one.over] ?? next];
      return sim.reload(...between, next);
    }
    case 'fail':
      known.failsUntilMs = nowMs + one.forMs;
      return;
    default:
      one satisfies never;
  }
}

function isHeld(
  { silences, firing, configuration: { inhibitRules } }: Known,
  labels: Labels,
  atMs: number,
) {
  const own = fingerprint(labels);
  const isSilenced = silences.some((one) => fingerprint(one.labels) === own && one.untilMs > atMs);
  const sources = [...firing].map(([key, value]) => ({ fingerprint: key, labels: value }));
  return isSilenced || inhibitedBy(inhibitorsOf(inhibitRules, sources), labels) !== null;
}

/** By destination, the groups of all shards that an alert is in. */
function groupsOf(sim: Simulation, key: string): readonly string[] {
  return sim.states().flatMap(({ alerts, groups }) =>
    [...groups.values()].flatMap(({ members, destination }) => {
      const member = members.get(key);
      const isOver = member?.isOver !== false || alerts.get(key)?.isEnded !== false;
      return isOver || member.routes.length === 0 ? [] : [destinationText(destination)];
    }),
  );
}

const SHARDS = fc.constantFrom(1, 4);

test('at every time each firing alert is in exactly one group of each of its destinations', () => {
  fc.assert(
    fc.property(acts, SHARDS, (list, shards) => {
      play(list, shards, (sim, known) => {
        for (const [key, labels] of known.firing) {
          const wanted = groupsFor(known.configuration, labels).map((ref) =>
            destinationText(ref.destination),
          );
          expect(groupsOf(sim, key).toSorted()).toEqual([...new Set(wanted)].toSorted());
        }
      });
    }),
    { numRuns: 300 },
  );
});

/** Every second reload comes while the one before it is still on its way. */
function overtaking(list: Acts): Acts {
  return list.map((one, at) => {
    const { act: done, afterMs } = one;
    if (done.kind !== 'reload' || at % 2 === 0) return one;
    return { act: { ...done, over: at % CONFIGURATIONS.length }, afterMs };
  });
}

test.each([
  ['', (list: Acts) => list],
  [', even if configurations overtake each other', overtaking],
])('in the end each firing alert that nothing holds back has been told%s', (_name, changed) => {
  fc.assert(
    fc.property(acts, SHARDS, (list, shards) => {
      const { sim, known } = play(changed(list), shards, () => undefined);
      known.failsUntilMs = 0;
      known.nowMs += 30 * MINUTE;
      sim.advance(known.nowMs);
      for (const [key, labels] of known.firing) {
        if (isHeld(known, labels, known.nowMs)) continue;
        for (const { destination } of groupsFor(known.configuration, labels)) {
          const text = destinationText(destination);
          const about = (keys: SimulatedPage['firing']) =>
            keys.some((one) => fingerprint(one.labels) === key);
          const last = sim.pages.findLast(
            (page) =>
              page.hasArrived &&
              destinationText(page.destination) === text &&
              (about(page.firing) || about(page.resolved)),
          );
          expect(last === undefined ? 'never told' : about(last.firing)).toBe(true);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('no page tells of an alert that is held back, and none is repeated without its reason', () => {
  fc.assert(
    fc.property(acts, SHARDS, (list, shards) => {
      let seen = 0;
      const silencedNow: string[] = [];
      const { sim } = play(list, shards, (world, known) => {
        for (const page of world.pages.slice(seen)) {
          for (const { labels } of page.firing) {
            if (isHeld(known, labels, page.atMs)) silencedNow.push(JSON.stringify(labels));
          }
        }
        seen = world.pages.length;
      });
      expect(silencedNow).toEqual([]);
      expect(withoutReason(sim.pages)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

/** Pages whose reason is not true of the last one of the same group that arrived. */
function withoutReason(pages: readonly SimulatedPage[]): readonly string[] {
  const last = new Map<string, SimulatedPage>();
  const wrong: string[] = [];
  for (const page of pages) {
    const before = last.get(page.groupKey);
    if (!isTrue(page, before)) wrong.push(`${page.atMs - START} ${page.reason}`);
    if (page.hasArrived) last.set(page.groupKey, page);
  }
  return wrong;
}

function isTrue(page: SimulatedPage, before: SimulatedPage | undefined): boolean {
  const keys = new Set(before?.firing.map((one) => fingerprint(one.labels)));
  const isNew = page.firing.some(
    (one) => !keys.has(fingerprint(one.labels)) || one.startsAtMs >= (before?.atMs ?? 0),
  );
  switch (page.reason) {
    case 'first_page':
      return before === undefined || before.firing.length === 0 || isNew;
    case 'new_alerts':
      return isNew;
    case 'repeat_interval':
      return before !== undefined && page.atMs - before.atMs > REPEAT;
    case 'all_resolved':
      return page.firing.length === 0 && page.resolved.length > 0;
    case 'some_resolved':
      return page.resolved.length > 0;
    case 'silence_ended':
    case 'mute_ended':
      return page.firing.length > 0;
    default:
      return page.reason satisfies never;
  }
}

test('a shard that continues as new goes on as if it had not', () => {
  const told = ({ pages }: Simulation) =>
    pages
      .map(({ atMs, groupKey, reason, firing, resolved }) =>
        [
          atMs,
          groupKey,
          reason,
          ...[firing, resolved].map((all) =>
            all
              .map((one) => fingerprint(one.labels))
              .toSorted()
              .join(),
          ),
        ].join(' '),
      )
      .toSorted();
  fc.assert(
    fc.property(acts, SHARDS, (list, shards) => {
      const once = play(list, shards, () => undefined);
      const often = play(list, shards, (sim) => sim.restart());
      for (const { sim, known } of [once, often]) sim.advance(known.nowMs + 30 * MINUTE);
      expect(told(often.sim)).toEqual(told(once.sim));
    }),
    { numRuns: 200 },
  );
});

test('when all is over nothing is kept', () => {
  fc.assert(
    fc.property(acts, SHARDS, (list, shards) => {
      const { sim, known } = play(list, shards, () => undefined);
      known.failsUntilMs = 0;
      for (const labels of known.firing.values()) sim.post([{ labels, endsAtMs: known.nowMs }]);
      sim.advance(known.nowMs + 60 * MINUTE);
      for (const { alerts, groups, stays, silences } of sim.states()) {
        expect([alerts.size, groups.size, stays.size, silences.size]).toEqual([0, 0, 0, 0]);
      }
    }),
    { numRuns: 200 },
  );
});
