import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprint } from '../../../src/domain/alerting/fingerprint.ts';
import { destinationText } from '../../../src/domain/alerting/group-key.ts';
import { formatLabels } from '../../../src/domain/alerting/labels.ts';
import { groupsFor } from '../../../src/domain/alerting/routing.ts';
import { configuration } from './configurations.ts';
import { crossing } from './crossing.ts';
import { HOUR, MINUTE, SECOND, TIMES } from './machine.ts';

const RECEIVERS = `receivers:
  { c: { channels: [c] }, d: { channels: [d] }, p: { policy: p }, cp: { channels: [c], policy: p }, none: {} }
`;
const routes = (text: string) => configuration(`${RECEIVERS}route: ${text}`);
const FILES = [
  routes(`{ receiver: c, group_by: [alertname], ${TIMES} }`),
  routes(`{ receiver: c, group_by: [alertname, host], ${TIMES} }`),
  routes(`{ receiver: cp, group_by: [team], ${TIMES} }`),
  routes(`{ receiver: p, group_by: ['...'], ${TIMES} }`),
  routes(
    `{ receiver: none, ${TIMES}, routes: [{ matchers: [team=t0], receiver: p, group_by: [host] }] }`,
  ),
  routes(`{ receiver: d, group_by: [host], ${TIMES}, routes: [
    { matchers: [team=t0], receiver: c, group_by: [alertname], continue: true },
    { matchers: [host=h1], receiver: c, group_by: [host] }] }`),
  routes(`{ receiver: c, group_by: ['...'], storm: { above: 2, within: 1m }, ${TIMES} }`),
];
const ALERTS = ['A', 'B'].flatMap((alertname) =>
  ['h0', 'h1'].flatMap((host) => ['t0', 't1'].map((team) => ({ alertname, host, team }))),
);
/** Longer than a run takes: nothing ends by itself. */
const LASTS_MS = 6 * HOUR;
/** Until what was lost has been tried again, and the store has been asked. */
const SETTLES_MS = 30 * MINUTE;

const act = fc.oneof(
  fc.record({
    act: fc.constant('post'),
    alert: fc.nat(ALERTS.length - 1),
    fires: fc.boolean(),
    isLate: fc.boolean(),
  }),
  fc.record({ act: fc.constant('reload'), file: fc.nat(FILES.length - 1) }),
  fc.record({ act: fc.constant('pass'), count: fc.nat(12) }),
  fc.record({
    act: fc.constant('wait'),
    ms: fc.constantFrom(20, 300, SECOND, 12 * SECOND, 70 * SECOND),
    isQuiet: fc.boolean(),
  }),
  fc.record({ act: fc.constant('restart'), shard: fc.nat(15) }),
);

test('whatever crosses a reload, what fires is told at each of its places, and ends at all of them', () => {
  fc.assert(
    fc.property(
      fc.nat(FILES.length - 1),
      fc.constantFrom(1, 2, 4, 16),
      fc.array(act, { maxLength: 40, size: 'max' }),
      fc.boolean(),
      fc.infiniteStream(fc.nat(1_000_000)),
      (first, shards, acts, doPagesFail, picks) => {
        const from = FILES[first];
        if (from === undefined) return;
        const pick = (count: number): number => (picks.next().value ?? 0) % count;
        const world = crossing(from, shards, pick);
        world.failPages(doPagesFail);
        const firing = new Set<number>();
        for (const one of acts) {
          if (one.act === 'post') {
            const labels = ALERTS[one.alert] ?? {};
            world.post(labels, one.fires ? LASTS_MS : 0, one.isLate);
            if (one.fires) firing.add(one.alert);
            else firing.delete(one.alert);
          } else if (one.act === 'reload') world.reload(FILES[one.file] ?? from);
          else if (one.act === 'pass') world.pass(one.count);
          else if (one.act === 'wait') world.wait(one.ms, one.isQuiet);
          else world.restart(one.shard);
          // No two messages of an alert come in the same millisecond.
          world.wait(1, false);
        }
        world.failPages(false);
        world.wait(doPagesFail ? SETTLES_MS : 5 * MINUTE, true);
        for (const at of firing) {
          const labels = ALERTS[at] ?? {};
          for (const { destination } of groupsFor(world.configuration(), labels)) {
            const place = destinationText(destination);
            const isTold = world.isTold(place, fingerprint(labels));
            expect({ place, alert: formatLabels(labels), isTold }).toMatchObject({ isTold: true });
          }
        }
        for (const at of firing) world.post(ALERTS[at] ?? {}, 0, false);
        world.wait(SETTLES_MS, true);
        const left = world.states().map(({ alerts, groups }) => alerts.size + groups.size);
        expect(left).toEqual(left.map(() => 0));
      },
    ),
    { numRuns: 1000 },
  );
});
