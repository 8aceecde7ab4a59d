import { expect, test } from 'vitest';
import { received } from '../../../src/domain/alerting/alert.ts';
import { ownersOf } from '../../../src/domain/alerting/owners.ts';
import type { Outcome } from '../../../src/domain/alerting/shard-state.ts';
import { configuration } from './configurations.ts';
import { FAR, HOUR, MINUTE, SECOND, START, TIMES, machines } from './machine.ts';

const SHARDS = 16;
const by = (labels: string) =>
  configuration(
    `receivers: { r: { channels: [c] } }\nroute: { receiver: r, group_by: [${labels}], ${TIMES} }`,
  );
const FILES = [by('alertname'), by('team'), by('alertname, host')] as const;

test('an alert that ends and fires again while a reload is half-way stays in the group it is told in', () => {
  const [first, second, third] = FILES;
  const all = Array.from({ length: 50 }, (_, at) => ({
    ...{ alertname: `Down${at}`, host: 'h', team: `t${at}` },
  }));
  // Three shards, one for each configuration.
  const labels = all.find(
    (one) => new Set(FILES.map((file) => ownersOf(file, one, SHARDS)[0])).size === FILES.length,
  );
  if (labels === undefined) throw new Error('no such labels');
  const [a = 0, b = 0] = FILES.map((file) => ownersOf(file, labels, SHARDS)[0]);
  const world = machines(first, SHARDS);
  world.post(first, 1, labels, FAR);
  world.advance(START + 5 * MINUTE);
  world.configure(2, second);
  world.advance(START + 10 * MINUTE);

  const event = { kind: 'configuration', version: 3, configuration: third } as const;
  const say = (atMs: number, endsAtMs: number): Outcome => {
    world.clock(atMs);
    const alert = received({ labels, endsAtMs }, atMs, 5 * MINUTE);
    const alerts = [{ alert, groups: null, stays: [] }];
    return world.only(b, { kind: 'alerts', version: 2, alerts });
  };
  const arrive = ({ passOn }: Outcome, version: number): void => {
    for (const { shard, handed } of passOn) {
      world.tell(shard, { kind: 'alerts', version, alerts: [handed] });
    }
  };
  const nowMs = START + 10 * MINUTE + SECOND;
  const ended = say(nowMs, nowMs);
  world.only(b, event);
  const firesAgain = say(nowMs + 300, FAR);
  const staysThere = world.only(a, event);
  for (let shard = 0; shard < SHARDS; shard += 1) world.tell(shard, event);
  arrive(firesAgain, 3);
  arrive(staysThere, 3);
  arrive(ended, 2);
  world.advance(START + 2 * HOUR);
  expect(world.pages).toEqual(['10s channel/c first_page']);
  const holding = world
    .states()
    .flatMap(({ alerts, groups }, shard) =>
      [...alerts].flatMap(([fingerprint, { isEnded }]) =>
        [...groups.values()]
          .filter(({ members }) => members.has(fingerprint))
          .map(({ log }) => ({ shard, isEnded, isTold: log?.firing.includes(fingerprint) })),
      ),
    );
  expect(holding).toEqual([{ shard: a, isEnded: false, isTold: true }]);
});
