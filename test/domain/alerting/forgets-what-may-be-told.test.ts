import { expect, test } from 'vitest';
import { fingerprint } from '../../../src/domain/alerting/fingerprint.ts';
import { configuration } from './configurations.ts';
import { FAR, HOUR, MINUTE, SECOND, START, TIMES, machines } from './machine.ts';

const by = (route: string) =>
  configuration(`receivers: { c: { channels: [c] }, p: { policy: p } }
route: ${route}`);
const TO_P = by(`{ receiver: p, group_by: ['...'], ${TIMES} }`);
const TO_C = by(`{ receiver: c, group_by: [alertname], ${TIMES} }`);
const ONE = { alertname: 'Down', host: 'a' };
const OTHER = { alertname: 'Down', host: 'b' };

test('the end of an incident that may have been opened is told, though its alert has fired again meanwhile', () => {
  const world = machines(TO_P, 1);
  world.post(TO_P, 1, ONE, FAR);
  world.clock(START + 10 * SECOND);
  const [page] = world.only(0, { kind: 'time' }).pages;
  // It has arrived, but its worker died before it could say so.
  const ended = { hasArrived: false, mayHaveArrived: true };
  world.only(0, { kind: 'paged', pages: [{ key: page?.key ?? '', ...ended }] });
  world.clock(START + 15 * SECOND);
  world.configure(2, TO_C);
  world.clock(START + 20 * SECOND);
  world.post(TO_C, 2, ONE, START + 20 * SECOND);
  world.clock(START + 21 * SECOND);
  world.post(TO_C, 2, ONE, FAR);
  world.clock(START + 22 * SECOND);
  world.configure(3, TO_P);
  world.clock(START + 23 * SECOND);
  world.post(TO_P, 3, ONE, START + 23 * SECOND);
  world.advance(START + HOUR);
  expect(world.pages.filter((one) => one.includes('policy/p'))).toEqual([
    expect.stringContaining('all_resolved'),
  ]);
});

test('where no route leads any more, the end of each alert that may have been told is told', () => {
  const world = machines(TO_C, 1);
  world.post(TO_C, 1, ONE, FAR);
  world.post(TO_C, 1, OTHER, FAR);
  world.clock(START + 10 * SECOND);
  const [page] = world.only(0, { kind: 'time' }).pages;
  expect(page?.firing).toHaveLength(2);
  const ended = { hasArrived: false, mayHaveArrived: true };
  world.only(0, { kind: 'paged', pages: [{ key: page?.key ?? '', ...ended }] });
  world.configure(2, TO_P);
  world.advance(START + 5 * MINUTE);
  const resolved: string[] = [];
  const end = (labels: typeof ONE, atMs: number): void => {
    world.clock(atMs);
    world.post(TO_P, 2, labels, atMs);
    for (let ms = atMs; ms < atMs + 3 * MINUTE; ms += SECOND) {
      world.clock(ms);
      for (const one of world.only(0, { kind: 'time' }).pages) {
        if (one.destination.kind === 'channel') resolved.push(...one.resolved);
        world.only(0, { kind: 'paged', pages: [{ key: one.key, hasArrived: true }] });
      }
    }
  };
  end(ONE, START + 5 * MINUTE);
  end(OTHER, START + 10 * MINUTE);
  expect(resolved).toEqual([fingerprint(ONE), fingerprint(OTHER)]);
});

test('an alert that fires again after its end may have been told is paged', () => {
  const world = machines(TO_P, 1);
  world.post(TO_P, 1, ONE, FAR);
  world.advance(START + 11 * SECOND);
  expect(world.pages).toEqual(['10s policy/p first_page']);
  world.post(TO_P, 1, ONE, START + 11 * SECOND);
  world.clock(START + 70 * SECOND);
  const [page] = world.only(0, { kind: 'time' }).pages;
  expect(page).toMatchObject({ reason: 'all_resolved' });
  // It has arrived, so that the incident is over; its worker died before it could say so.
  const ended = { hasArrived: false, mayHaveArrived: true };
  world.only(0, { kind: 'paged', pages: [{ key: page?.key ?? '', ...ended }] });
  world.clock(START + 75 * SECOND);
  world.post(TO_P, 1, ONE, FAR);
  world.advance(START + 3 * HOUR);
  expect(world.pages).toHaveLength(2);
});
