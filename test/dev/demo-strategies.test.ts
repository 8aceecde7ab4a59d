import { expect, test } from 'vitest';
import { plan } from '../../src/client/client.ts';
import { demoRelease } from '../../src/dev/demo-release.ts';
import { DEMO_STRATEGIES, demoStory, readDemoStrategy } from '../../src/dev/demo-strategies.ts';
import { requireRelease } from '../../src/domain/release/release-file.ts';

/** Together with the start of all parts. */
const ALL_WITHIN_MS = 150_000;

test.each(DEMO_STRATEGIES)(
  'the releases of %s are valid, and short enough to look at',
  (strategy) => {
    const { changes, instances, releases } = demoStory(strategy);
    const document = demoRelease({
      service: 'checkout',
      version: 'v1',
      traffic: { kind: 'memory' },
      instances,
      changes,
    });
    const text = JSON.stringify(document);
    const { spec, remarks } = requireRelease({
      forTests: true,
      text,
      file: 'd',
      folder: '/',
      version: undefined,
    });
    expect(remarks).toEqual([]);
    const first = plan(spec, { stableInstances: null }).totalMs;
    expect(first + releases.length * plan(spec).totalMs).toBeLessThan(ALL_WITHIN_MS);
    expect(releases.map(({ outcome }) => outcome)).toEqual(['succeeded', 'rolled_back']);
  },
);

test('without a word it is blue-green, and a wrong one is refused with all that there are', () => {
  expect(readDemoStrategy(undefined)).toBe('blue_green');
  expect(readDemoStrategy('ab')).toBe('ab');
  expect(() => readDemoStrategy('bluegreen')).toThrow(
    'STRATEGY is one of blue_green, canary, rolling, ab, not "bluegreen"',
  );
});
