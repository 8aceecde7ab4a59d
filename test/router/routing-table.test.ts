import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Route, TrafficState } from '../../src/providers/traffic/router.ts';
import { chooseRoute, createTurns } from '../../src/router/choose.ts';
import { fingerprint } from '../../src/router/routing-table.ts';

function stateOf(...weights: number[]) {
  const routes = weights.map((weightPercent, index): Route => {
    return { version: `v${index}`, weightPercent, instances: [] };
  });
  return { service: 'shop', generation: 1, key: 'k', routes };
}

const chosen = (state: TrafficState, dice: number) => chooseRoute(state, [], () => dice).route;

const weights = fc
  .array(fc.nat(100), { minLength: 1, maxLength: 4 })
  .map((cuts) => [0, ...cuts.toSorted((a, b) => a - b), 100])
  .map((cuts) => cuts.slice(1).map((cut, index) => cut - (cuts[index] ?? 0)));

describe('the choice of a version', () => {
  test('follows the weights exactly over all throws of the dice', () => {
    fc.assert(
      fc.property(weights, (percents) => {
        const seen = percents.map(() => 0);
        for (let throws = 0; throws < 1000; throws += 1) {
          const route = chosen(stateOf(...percents), (throws + 0.5) / 1000);
          const index = Number(route?.version.slice(1));
          seen[index] = (seen[index] ?? 0) + 1;
        }
        expect(seen).toEqual(percents.map((percent) => percent * 10));
      }),
      { numRuns: 50 },
    );
  });

  test('is never a version of weight 0', () => {
    const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(weights, dice, (percents, random) => {
        const route = chosen(stateOf(...percents), random);
        expect(route?.weightPercent).toBeGreaterThan(0);
      }),
    );
  });

  test('is none where nothing was ever released', () => {
    expect(chosen(stateOf(), 0)).toBeUndefined();
  });
});

test('the instances of a version take turns, each first as often as the others', () => {
  const inTurn = createTurns();
  const instances = ['a', 'b', 'c'].map((id, port) => ({ id, host: 'h', port }));
  const route = { version: 'v1', weightPercent: 100, instances };
  const orders = Array.from({ length: 4 }, () =>
    inTurn('shop', route)
      .map(({ id }) => id)
      .join(''),
  );
  expect(orders).toEqual(['abc', 'bca', 'cab', 'abc']);
  const fewer = { ...route, instances: instances.slice(0, 1) };
  expect(inTurn('shop', fewer)).toHaveLength(1);
  expect(inTurn('shop', { ...route, instances: [] })).toEqual([]);
});

test('the fingerprint tells any two states apart, and not the order of instances', () => {
  const a = { id: 'a', host: '10.0.0.1', port: 1 };
  const b = { id: 'b', host: '10.0.0.2', port: 2 };
  const state = (generation: number, ...routes: Route[]) =>
    fingerprint({ service: 'shop', generation, key: 'k', routes });
  const v1 = { version: 'v1', weightPercent: 60, instances: [a, b] };
  const v2 = { version: 'v2', weightPercent: 40, instances: [b] };
  const base = state(1, v1, v2);
  expect(state(1, { ...v1, instances: [b, a] }, v2)).toBe(base);
  const others = [
    state(2, v1, v2),
    state(1, v2, v1),
    state(1, v1),
    state(1, { ...v1, weightPercent: 40 }, { ...v2, weightPercent: 60 }),
    state(1, { ...v1, instances: [a] }, v2),
    state(1, { ...v1, version: 'v3' }, v2),
  ];
  expect(new Set([base, ...others]).size).toBe(7);
});
