import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/domain/failure.ts';
import {
  acceptsConnections,
  canonical,
  fence,
  requireReady,
  requireWhole,
} from '../../../src/providers/traffic/check-change.ts';
import type { Route, TrafficChange, TrafficState } from '../../../src/providers/traffic/router.ts';
import { closedPort, startTcp } from '../../support/local-server.ts';

const { signal } = new AbortController();

function route(version: string, weightPercent: number, ...ports: number[]): Route {
  const instances = ports.map((port) => ({ id: `${version}/${port}`, host: '127.0.0.1', port }));
  return { version, weightPercent, instances };
}

function change(generation: number, ...routes: Route[]): TrafficChange {
  return { service: 'shop', key: `key ${generation}`, generation, routes };
}

const NOTHING: TrafficState = { service: 'shop', generation: 0, key: '', routes: [] };

describe('the fence', () => {
  const current = change(10, route('v1', 100, 1), route('v2', 0, 2));

  test.each([
    ['a higher generation is new', change(11, route('v1', 100)), 'new'],
    ['the same generation and routes are done', current, 'done'],
    ['no matches are the same as none said', { ...current, matches: [] }, 'done'],
  ] as const)('%s', (_name, next, expected) => {
    expect(fence(current, next)).toBe(expected);
  });

  test.each([
    ['a lower generation comes too late', change(9, ...current.routes), 'StaleGeneration'],
    [
      'the same generation carries other weights',
      change(10, route('v1', 0, 1), route('v2', 100, 2)),
      'GenerationConflict',
    ],
    [
      'the same generation carries other instances',
      change(10, route('v1', 100, 9), route('v2', 0, 2)),
      'GenerationConflict',
    ],
    [
      'the same generation carries another order of routes',
      change(10, route('v2', 0, 2), route('v1', 100, 1)),
      'GenerationConflict',
    ],
    [
      'the same generation carries other steering',
      { ...current, mirror: { version: 'v2', percent: 1 } },
      'GenerationConflict',
    ],
    [
      'the same generation carries fewer versions',
      change(10, route('v1', 100, 1)),
      'GenerationConflict',
    ],
  ] as const)('%s', (_name, next, code) => {
    expect(() => fence(current, next)).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    ['stands where the change comes after', 11, 10, 'new'],
    ['stands where the change itself has put it', 10, 9, 'done'],
    ['stands lower than that', 12, 11, 'TrafficTakenBack'],
    ['stands higher than that', 12, 9, 'TrafficTakenBack'],
    ['stands higher than the change', 9, 8, 'TrafficTakenBack'],
    ['was never written', 1, 0, 'TrafficTakenBack'],
    ['stands there, but the change is older', 9, 10, 'StaleGeneration'],
  ])('with a generation to come after, where the device %s', (_name, generation, after, end) => {
    const next = { ...current, key: 'next', generation, after };
    const fenced = (): string => {
      try {
        return fence(current, next);
      } catch (error) {
        return error instanceof Failure ? error.code : 'no failure';
      }
    };
    expect(fenced()).toBe(end);
  });

  test('says who has taken the traffic back', () => {
    expect(() => fence(current, { ...current, generation: 12, after: 11 })).toThrow(
      'generation 10 (key 10) of shop stands where 11 was expected',
    );
  });
});

test('the same routes in the same order have one writing, and others another', () => {
  const routes = fc.uniqueArray(
    fc.record({ version: fc.constantFrom('v1', 'v2', 'v3'), weight: fc.nat(100), port: fc.nat(3) }),
    { selector: ({ version }) => version },
  );
  const plain = (all: { version: string; weight: number; port: number }[]) => ({
    routes: all.map(({ version, weight, port }) => route(version, weight, port, 7)),
  });
  fc.assert(
    fc.property(routes, routes, (one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other);
      expect(canonical(plain(one)) === canonical(plain(other))).toBe(same);
    }),
  );
});

test('every part of the steering has its own writing, whatever is in its texts', () => {
  const text = fc.constantFrom('', 'a', 'b', '"', ',', '","', ']');
  const steering = fc.record(
    {
      affinity: fc.record({ cookie: text, maxAgeS: fc.nat(2), salt: text }),
      matches: fc.array(
        fc.record({
          version: text,
          in: fc.constantFrom('header' as const, 'cookie' as const),
          name: text,
          how: fc.constantFrom('exact' as const, 'prefix' as const, 'present' as const),
          value: text,
        }),
        { minLength: 1, maxLength: 2 },
      ),
      mirror: fc.record({ version: text, percent: fc.nat(2) }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(steering, steering, (one, other) => {
      const { affinity, matches, mirror } = one;
      const same = isDeepStrictEqual(
        [affinity, matches, mirror],
        [other.affinity, other.matches, other.mirror],
      );
      expect(canonical({ routes: [], ...one }) === canonical({ routes: [], ...other })).toBe(same);
    }),
  );
});

describe('a change is whole', () => {
  test.each([
    ['when one version has all', [route('v1', 100)]],
    ['when two share', [route('v1', 99), route('v2', 1)]],
    ['when one of them has nothing', [route('v1', 100), route('v2', 0)]],
  ])('%s', (_name, routes) => {
    expect(requireWhole(change(1, ...routes))).toBeUndefined();
  });

  test.each([
    ['without routes', [], 'none'],
    ['with less than all', [route('v1', 99)], 'v1 99 %'],
    ['with more than all', [route('v1', 100), route('v2', 1)], 'v1 100 %, v2 1 %'],
    ['with parts', [route('v1', 99.5), route('v2', 0.5)], 'v1 99.5 %'],
    ['with less than nothing', [route('v1', 101), route('v2', -1)], 'v2 -1 %'],
    ['with what is no number', [route('v1', Number.NaN)], 'v1 NaN %'],
    ['with a version twice', [route('v1', 50), route('v1', 50)], 'named twice'],
  ])('but not %s', (_name, routes, message) => {
    expect(() => requireWhole(change(1, ...routes))).toThrow(
      expect.objectContaining({
        code: 'TrafficRefused',
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe('a version that is to have traffic', () => {
  test('needs one instance that accepts connections', async () => {
    const server = await startTcp(() => undefined);
    const dead = await closedPort();
    await expect(
      requireReady(change(1, route('v1', 100, dead, server.port)), NOTHING, signal),
    ).resolves.toBeUndefined();
    await expect(
      requireReady(change(1, route('v1', 99, server.port), route('v2', 1, dead)), NOTHING, signal),
    ).rejects.toMatchObject({
      code: 'TargetNotReady',
      message: `no instance of v2 accepts connections (127.0.0.1:${dead})`,
    });
    await server.close();
  });

  test('needs an instance at all, and one without traffic needs none', async () => {
    await expect(requireReady(change(1, route('v1', 100)), NOTHING, signal)).rejects.toMatchObject({
      message: expect.stringContaining('it has none'),
    });
    await expect(requireReady(change(1, route('v1', 0)), NOTHING, signal)).resolves.toBeUndefined();
  });
});

describe('a version that is down', () => {
  test('keeps the traffic that it has, so that another one can come beside it', async () => {
    const dead = await closedPort();
    const serves: TrafficState = { ...NOTHING, routes: [route('v1', 100, dead)] };
    const beside = change(2, route('v1', 100, dead), route('v2', 0, await closedPort()));
    await expect(requireReady(beside, serves, signal)).resolves.toBeUndefined();
    const less = change(2, route('v1', 100, dead));
    await expect(requireReady(less, serves, signal)).resolves.toBeUndefined();
  });

  test('gets no more of it, and none at another address', async () => {
    const dead = await closedPort();
    const half: TrafficState = { ...NOTHING, routes: [route('v1', 50, dead)] };
    const refused = { code: 'TargetNotReady' };
    await expect(
      requireReady(change(2, route('v1', 100, dead)), half, signal),
    ).rejects.toMatchObject(refused);
    const elsewhere = change(2, route('v1', 50, await closedPort()));
    await expect(requireReady(elsewhere, half, signal)).rejects.toMatchObject(refused);
  });
});

test.each([
  ['a host that does not exist', { host: 'no-such-host.invalid', port: 80 }],
  ['a host that does not answer', { host: '192.0.2.1', port: 81 }],
])('%s accepts no connection', async (_name, at) => {
  expect(await acceptsConnections(at, signal)).toBe(false);
});
