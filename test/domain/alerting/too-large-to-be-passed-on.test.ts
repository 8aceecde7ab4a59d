import { expect, test } from 'vitest';
import { received } from '../../../src/domain/alerting/alert.ts';
import {
  ACCEPTED_BYTES_MAX,
  BATCH_BYTES_MAX,
  inBatches,
} from '../../../src/domain/alerting/batches.ts';
import type { Labels } from '../../../src/domain/alerting/labels.ts';
import { ownersOf } from '../../../src/domain/alerting/owners.ts';
import { groupsFor } from '../../../src/domain/alerting/routing.ts';
import type { Handed } from '../../../src/domain/alerting/shard-state.ts';
import { isTooLarge } from '../../../src/domain/alerting/share-out.ts';
import { configuration } from './configurations.ts';
import { FAR, MINUTE, START, TIMES, machines } from './machine.ts';

const SHARDS = 16;

test('what ingest takes can be passed on to another shard', () => {
  const by = (labels: string) =>
    configuration(
      `receivers: { r: { channels: [c] } }\nroute: { receiver: r, group_by: [${labels}], ${TIMES} }`,
    );
  // Each such character is six of JSON's.
  const texts = Array.from({ length: 7 }, (_, at) => [`l${at}`, '\u0001'.repeat(1500)] as const);
  const labels = { alertname: 'Down', ...Object.fromEntries(texts) };
  const posted = { labels, annotations: { a: '\u0001'.repeat(32_700) }, endsAtMs: FAR };
  const handed = { alert: received(posted, START, MINUTE), groups: null, stays: [] };
  expect(isTooLarge(handed)).toBe(false);
  const before = by('alertname');
  const world = machines(before, SHARDS);
  const owner = ownersOf(before, labels, SHARDS)[0] ?? -1;
  world.only(owner, { kind: 'alerts', version: 1, alerts: [handed] });
  const event = { kind: 'configuration', version: 2, configuration: by('l0') } as const;
  const { passOn } = world.only(owner, event);
  expect(passOn.map((one) => isTooLarge(one.handed))).toEqual([true]);
  const small = {
    ...handed,
    alert: received({ labels: { a: 'b' }, endsAtMs: FAR }, START, MINUTE),
  };
  const all = [small, ...passOn.map((one) => one.handed), small, small];
  // It goes alone, and in its turn.
  expect(inBatches(all, BATCH_BYTES_MAX, ACCEPTED_BYTES_MAX)).toEqual({
    batches: [[small], [all[1]], [small, small]],
    tooLarge: [],
  });
});

test('the largest alert that ingest takes can be passed on with the longest group', () => {
  const texts = Array.from({ length: 8 }, (_, at) => [`l${at}`, '\u0001'.repeat(2046)] as const);
  const labels: Labels = Object.fromEntries(texts);
  const withSummary = (length: number): Handed => {
    const annotations = { a: '\u0001'.repeat(length) };
    const alert = received({ labels, annotations, endsAtMs: FAR }, START, MINUTE);
    return { alert, groups: null, stays: [] };
  };
  let fits = 0;
  for (let tooLong = 32_000; tooLong - fits > 1;) {
    const between = Math.floor((fits + tooLong) / 2);
    if (isTooLarge(withSummary(between))) tooLong = between;
    else fits = between;
  }
  expect(isTooLarge(withSummary(32_000))).toBe(true);
  const handed = withSummary(fits);
  const by = configuration(
    `receivers: { r: { channels: [c] } }\nroute: { receiver: r, group_by: ['...'] }`,
  );
  const [ref] = groupsFor(by, labels);
  if (ref === undefined) throw new RangeError('the first route takes it');
  // Each has at least a line of 16 characters in a file of 512 KB.
  const routes = Array.from({ length: 32_768 }, (_, at) => at);
  const group = { ...ref, destination: { ...ref.destination, name: 'n'.repeat(200) }, routes };
  const stay = { shard: 15, version: START, ref: group };
  const grown = [
    { ...handed, groups: [group], dueAtMs: FAR },
    { ...handed, groups: [], stays: [stay] },
  ];
  const { batches } = inBatches(grown, BATCH_BYTES_MAX, ACCEPTED_BYTES_MAX);
  expect(batches).toEqual(grown.map((one) => [one]));
});

test('what is larger still is told apart, so that it can be named', () => {
  const labels = { a: 'b' };
  const annotations = { a: 'x'.repeat(ACCEPTED_BYTES_MAX) };
  const alert = received({ labels, annotations, endsAtMs: FAR }, START, MINUTE);
  const handed: Handed = { alert, groups: null, stays: [] };
  const { batches, tooLarge } = inBatches([handed], BATCH_BYTES_MAX, ACCEPTED_BYTES_MAX);
  expect({ batches, tooLarge }).toEqual({ batches: [], tooLarge: [handed] });
});
