import { expect, test } from 'vitest';
import { type Simulation, newSimulation } from '../../../src/domain/alerting/simulation.ts';
import { configuration } from './configurations.ts';
import { CLOCKS, FAR, HOUR, MINUTE, START, TIMES } from './machine.ts';

const RECEIVERS = 'receivers: { c: { policy: c }, d: { channels: [d] }, e: { channels: [e] } }';
const TWO = configuration(`${RECEIVERS}
route:
  receiver: c
  routes:
    - { receiver: c, group_by: [alertname], ${TIMES}, continue: true }
    - { receiver: c, group_by: [host], ${TIMES} }`);
const OTHER = configuration(
  `${RECEIVERS}\nroute: { receiver: d, group_by: [alertname], ${TIMES} }`,
);
const BY_HOST = configuration(`${RECEIVERS}\nroute: { receiver: d, group_by: [host], ${TIMES} }`);
const THIRD = configuration(`${RECEIVERS}\nroute: { receiver: e, group_by: [host], ${TIMES} }`);

const hosts = Array.from({ length: 20 }, (_, at) => `h${at}`);

/** After the end of an alert that stays in two groups of a policy. */
function endedElsewhere(host: string): Simulation {
  const spec = { configuration: TWO, shards: 4, startMs: START, clocks: CLOCKS };
  const sim = newSimulation(spec);
  const labels = { alertname: 'Down', host };
  sim.post([{ labels, endsAtMs: FAR }]);
  sim.advance(START + MINUTE);
  sim.reload(OTHER);
  sim.advance(START + 10 * MINUTE);
  sim.post([{ labels, endsAtMs: START + 10 * MINUTE }]);
  sim.advance(START + HOUR);
  return sim;
}

test.each(hosts)('what stays in two groups of a policy ends in both of them: %s', (host) => {
  const sim = endedElsewhere(host);
  const over = sim.pages.filter(
    ({ destination, firing }) => destination.name === 'c' && firing.length === 0,
  );
  expect(over).toHaveLength(2);
});

test.each(hosts)('and nobody is paged for it by later reloads: %s', (host) => {
  const sim = endedElsewhere(host);
  sim.reload(BY_HOST);
  sim.advance(START + 2 * HOUR);
  sim.reload(THIRD);
  sim.advance(START + 3 * HOUR);
  expect(sim.pages.filter(({ destination }) => destination.name === 'e')).toEqual([]);
});
