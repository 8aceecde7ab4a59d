import { expect, test } from 'vitest';
import { configuration } from './configurations.ts';
import { FAR, HOUR, MINUTE, START, TIMES, machines } from './machine.ts';

const by = (route: string) =>
  configuration(`receivers: { c: { channels: [c] }, p: { policy: p } }
route: ${route}`);
const TO_P = by(`{ receiver: p, group_by: [alertname], ${TIMES} }`);
const TO_C = by(`{ receiver: c, group_by: [alertname], ${TIMES} }`);
const ONE = { alertname: 'Down', host: 'a' };
const OTHER = { alertname: 'Down', host: 'b' };

test('an incident that no route leads to any more ends, though its last page had failed', () => {
  const world = machines(TO_P, 1);
  world.post(TO_P, 1, ONE, FAR);
  world.advance(START + 30_000);
  expect(world.pages).toEqual(['10s policy/p first_page']);
  world.post(TO_P, 1, OTHER, FAR);
  world.clock(START + 2 * MINUTE);
  const [page] = world.only(0, { kind: 'time' }).pages;
  expect(page?.firing).toHaveLength(2);
  world.configure(2, TO_C);
  world.only(0, { kind: 'paged', pages: [{ key: page?.key ?? '', hasArrived: false }] });
  world.advance(START + 10 * MINUTE);
  world.post(TO_C, 2, ONE, START + 10 * MINUTE);
  world.advance(START + 20 * MINUTE);
  world.post(TO_C, 2, OTHER, START + 20 * MINUTE);
  world.advance(START + HOUR);
  expect(world.states().map(({ groups }) => groups.size)).toEqual([0]);
  const told = world.pages.filter((one) => one.includes('policy/p'));
  expect(told.at(-1)).toContain('all_resolved');
});
