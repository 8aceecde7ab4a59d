import { expect, test } from 'vitest';
import { configuration } from './configurations.ts';
import { FAR, HOUR, MINUTE, START, TIMES, machines } from './machine.ts';

const RECEIVERS = 'receivers: { r: { policy: p }, none: {} }';
const by = (labels: string) =>
  configuration(`${RECEIVERS}\nroute: { receiver: r, group_by: [${labels}], ${TIMES} }`);
const NOWHERE = configuration(`${RECEIVERS}\nroute: { receiver: none, ${TIMES} }`);

test('an end by the configuration before is told where the alert stays, though it goes nowhere now', () => {
  for (let at = 0; at < 20; at += 1) {
    const labels = { alertname: `Down${at}`, host: 'h', team: 't' };
    const [first, second] = [by('alertname'), by('alertname, host')];
    const world = machines(first, 16);
    world.post(first, 1, labels, FAR);
    world.advance(START + 5 * MINUTE);
    world.configure(2, second);
    world.advance(START + 10 * MINUTE);
    world.configure(3, NOWHERE);
    world.advance(START + 10 * MINUTE + 500);
    world.post(second, 2, labels, START + 10 * MINUTE + 500);
    world.advance(START + HOUR);
    expect(world.pages.map((page) => page.split(' ').at(-1))).toEqual([
      ...['first_page', 'all_resolved'],
    ]);
  }
});
