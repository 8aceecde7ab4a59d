import { expect, test } from 'vitest';
import { carriedBytes } from '../../../src/domain/alerting/shard-codec.ts';
import { configuration } from './configurations.ts';
import { FAR, SECOND, START, TIMES, machines } from './machine.ts';

const LIMIT = 1_000_000;
const FILE = configuration(`receivers: { c: { channels: [c] } }
route: { receiver: c, group_by: [alertname], ${TIMES} }`);
const labelsOf = (at: number) => ({ alertname: 'Down', host: `host-${at}` });

test('ends of alerts that say more than their alerts did take no more than there is room for', () => {
  const world = machines(FILE, 1, LIMIT);
  for (let at = 0; at < 100; at += 1) world.post(FILE, 1, labelsOf(at), FAR);
  world.advance(START + 15 * SECOND);
  const nowMs = START + 16 * SECOND;
  world.clock(nowMs);
  for (let at = 0; at < 100; at += 1) {
    world.post(FILE, 1, labelsOf(at), nowMs, { description: `${at}`.padEnd(30_000, 'x') });
  }
  const most = Math.max(...world.states().map(carriedBytes));
  expect(most).toBeLessThanOrEqual(LIMIT);
});

test('ends that wait for a configuration take no more than there is room for', () => {
  const world = machines(FILE, 1, LIMIT);
  world.clock(START + SECOND);
  for (let at = 0; at < 100; at += 1) {
    const texts = { description: `${at}`.padEnd(30_000, 'x') };
    world.post(FILE, 2, labelsOf(at), START + SECOND, texts);
  }
  const most = Math.max(...world.states().map(carriedBytes));
  expect(most).toBeLessThanOrEqual(LIMIT);
});
